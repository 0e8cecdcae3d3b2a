/*
 * include/uapi/sched.h - clone flags and scheduling policies.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_SCHED_H
#define VELLUM_UAPI_SCHED_H

#include "include/types.h"

#define CSIGNAL			0x000000fful
#define CLONE_VM		0x00000100ul
#define CLONE_FS		0x00000200ul
#define CLONE_FILES		0x00000400ul
#define CLONE_SIGHAND		0x00000800ul
#define CLONE_PIDFD		0x00001000ul
#define CLONE_PTRACE		0x00002000ul
#define CLONE_VFORK		0x00004000ul
#define CLONE_PARENT		0x00008000ul
#define CLONE_THREAD		0x00010000ul
#define CLONE_NEWNS		0x00020000ul
#define CLONE_SYSVSEM		0x00040000ul
#define CLONE_SETTLS		0x00080000ul
#define CLONE_PARENT_SETTID	0x00100000ul
#define CLONE_CHILD_CLEARTID	0x00200000ul
#define CLONE_DETACHED		0x00400000ul
#define CLONE_UNTRACED		0x00800000ul
#define CLONE_CHILD_SETTID	0x01000000ul
#define CLONE_NEWCGROUP		0x02000000ul
#define CLONE_NEWUTS		0x04000000ul
#define CLONE_NEWIPC		0x08000000ul
#define CLONE_NEWUSER		0x10000000ul
#define CLONE_NEWPID		0x20000000ul
#define CLONE_NEWNET		0x40000000ul
#define CLONE_IO		0x80000000ul
#define CLONE_CLEAR_SIGHAND	0x100000000ul
#define CLONE_INTO_CGROUP	0x200000000ul
#define CLONE_NEWTIME		0x00000080ul

struct clone_args {
	u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	u64 set_tid, set_tid_size, cgroup;
};
#define CLONE_ARGS_SIZE_VER0	64
#define CLONE_ARGS_SIZE_VER1	80
#define CLONE_ARGS_SIZE_VER2	88

#define SCHED_NORMAL		0
#define SCHED_OTHER		SCHED_NORMAL
#define SCHED_FIFO		1
#define SCHED_RR		2
#define SCHED_BATCH		3
#define SCHED_IDLE		5
#define SCHED_DEADLINE		6
#define SCHED_EXT	7
#define SCHED_RESET_ON_FORK	0x40000000

#define SCHED_FLAG_RESET_ON_FORK	0x01
#define SCHED_FLAG_RECLAIM		0x02
#define SCHED_FLAG_DL_OVERRUN		0x04
#define SCHED_FLAG_KEEP_POLICY		0x08
#define SCHED_FLAG_KEEP_PARAMS		0x10
#define SCHED_FLAG_UTIL_CLAMP_MIN	0x20
#define SCHED_FLAG_UTIL_CLAMP_MAX	0x40
#define SCHED_FLAG_ALL			0x7f

struct sched_param { int sched_priority; };
struct sched_attr {
	u32 size;
	u32 sched_policy;
	u64 sched_flags;
	s32 sched_nice;
	u32 sched_priority;
	u64 sched_runtime, sched_deadline, sched_period;
	u32 sched_util_min, sched_util_max;
};
#define SCHED_ATTR_SIZE_VER0	48
#define SCHED_ATTR_SIZE_VER1	56

#endif
