/*
 * include/uapi/rseq.h - restartable sequences: what a thread and the kernel share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_RSEQ_H
#define VELLUM_UAPI_RSEQ_H

#include "include/types.h"

#define RSEQ_CPU_ID_UNINITIALIZED	(~0u)
#define RSEQ_FLAG_UNREGISTER		(1 << 0)
#define RSEQ_ORIG_SIZE			32u	/* of the first version, which every kernel takes */
#define RSEQ_ALIGN			32u

/* One critical section. */
struct rseq_cs {
	u32 version;				/* 0 */
	u32 flags;				/* 0 */
	u64 start_ip, post_commit_offset, abort_ip;
};

struct rseq {
	u32 cpu_id_start, cpu_id;
	u64 rseq_cs;				/* the section that the thread may be in, or 0 */
	u32 flags;				/* 0 */
	u32 node_id, mm_cid;
	char end[];
};
#define RSEQ_FEATURE_SIZE	offsetof(struct rseq, end)

#endif
