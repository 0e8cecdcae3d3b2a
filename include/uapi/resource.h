/*
 * include/uapi/resource.h - resource limits and usage, as user space sees them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_RESOURCE_H
#define VELLUM_UAPI_RESOURCE_H

#define RLIMIT_CPU		0	/* seconds */
#define RLIMIT_FSIZE		1	/* bytes */
#define RLIMIT_DATA		2	/* bytes */
#define RLIMIT_STACK		3	/* bytes */
#define RLIMIT_CORE		4	/* bytes */
#define RLIMIT_RSS		5	/* bytes */
#define RLIMIT_NPROC		6
#define RLIMIT_NOFILE		7
#define RLIMIT_MEMLOCK		8	/* bytes */
#define RLIMIT_AS		9	/* bytes */
#define RLIMIT_LOCKS		10
#define RLIMIT_SIGPENDING	11
#define RLIMIT_MSGQUEUE		12	/* bytes */
#define RLIMIT_NICE		13
#define RLIMIT_RTPRIO		14
#define RLIMIT_RTTIME		15	/* microseconds */
#define RLIM_NLIMITS		16
#define RLIM_INFINITY		(~0ul)

#define RLIM_NOFILE_DEFAULT	1024
#define RLIM_NOFILE_MAX		4096
#define RLIM_STACK_DEFAULT	(8ul << 20)
#define RLIM_MEMLOCK_DEFAULT	(8ul << 20)

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};

#define RUSAGE_SELF		0
#define RUSAGE_CHILDREN		(-1)
#define RUSAGE_THREAD		1

struct rusage_timeval { long tv_sec, tv_usec; };

struct rusage {
	struct rusage_timeval ru_utime, ru_stime;
	long ru_maxrss;			/* KiB */
	long ru_ixrss, ru_idrss, ru_isrss;
	long ru_minflt, ru_majflt, ru_nswap;
	long ru_inblock, ru_oublock;
	long ru_msgsnd, ru_msgrcv, ru_nsignals;
	long ru_nvcsw, ru_nivcsw;
};

#define PRIO_PROCESS		0
#define PRIO_PGRP		1
#define PRIO_USER		2

#endif
