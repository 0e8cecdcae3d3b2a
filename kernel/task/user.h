/*
 * kernel/task/user.h - what all tasks of one real user have together: the counts that limits look at.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_USER_H
#define VELLUM_TASK_USER_H

#include "include/atomic.h"
#include "include/types.h"

struct user_struct {
	atomic_t count;			/* references: creds, queued signals */
	uid_t uid;			/* (I) */
	atomic_t processes;		/* tasks, RLIMIT_NPROC */
	atomic_t sigpending;		/* queued signals, RLIMIT_SIGPENDING */
	atomic_long_t locked_shm;	/* pages of SHM_LOCKed segments, RLIMIT_MEMLOCK */
	atomic_t unix_inflight;		/* files in messages between sockets, RLIMIT_NOFILE */
	atomic_long_t epoll_watches;	/* items of its epolls, fs.epoll.max_user_watches */
	atomic_long_t pipe_bufs;	/* slots of its pipes, fs.pipe-user-pages-* */
	atomic_long_t file_locks;	/* locks of files it holds (fs/locks.c) */
	struct user_struct *next;	/* (uidhash_lock) */
};

extern struct user_struct root_user;

/* The struct of @uid, counted; NULL without memory.  Sleeps. */
struct user_struct *alloc_uid(uid_t uid);
static inline struct user_struct *get_uid(struct user_struct *u)
{
	atomic_inc(&u->count);
	return u;
}
void free_uid(struct user_struct *u);

#endif
