/*
 * fs/fasync.h - signals that tell of files: O_ASYNC, F_SETOWN, F_SETSIG.  Theory: fasync.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_FASYNC_H
#define VELLUM_FS_FASYNC_H

#include "include/atomic.h"
#include "include/fs.h"
#include "include/uapi/fcntl.h"
#include "include/uapi/signal.h"

struct fasync_struct;

/* For file_operations->fasync: @f is told of what happens on @list, or no more.  0 or -ENOMEM */
int fasync_helper(int fd, struct file *f, bool on, struct fasync_struct **list);
void __kill_fasync(struct fasync_struct **list, int band);

/* Tell all on @list of @band, one of POLL_*.  => any context; tasklist_lock and locks inside it not held */
static inline void kill_fasync(struct fasync_struct **list, int band)
{
	if (unlikely(READ_ONCE(*list)))
		__kill_fasync(list, band);
}

enum setown { SETOWN_IF_NONE, SETOWN_ALWAYS };
/* Who is told: @type F_OWNER_*, @nr 0 for nobody.  0, -ESRCH, -ENOMEM */
int f_setown(struct file *f, int type, pid_t nr, enum setown how);
void f_getown(struct file *f, struct f_owner_ex *o);
int f_setsig(struct file *f, unsigned long sig);	/* 0, -EINVAL, -ENOMEM */
int f_getsig(struct file *f);
void f_owner_free(struct file *f);

#endif
