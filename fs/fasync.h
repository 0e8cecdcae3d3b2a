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
#include "kernel/sync/spinlock.h"
#include "lib/list.h"

struct fasync_list {
	spinlock_t lock;		/* rank files, irqs off */
	struct list_head files;		/* (lock) who are told */
};
void fasync_list_init(struct fasync_list *l);
static inline bool fasync_any(struct fasync_list *l) { return unlikely(READ_ONCE(l->files.next) != &l->files); }

/* For file_operations->fasync: @f is told of what happens on @list, or no more.  0 or -ENOMEM */
int fasync_helper(int fd, struct file *f, bool on, struct fasync_list *list);
void __kill_fasync(struct fasync_list *list, int band);
bool __kill_fasync_few(struct fasync_list *list, int band);

/* Tell all on @list of @band, one of POLL_*.  => may sleep; the list stays */
static inline void kill_fasync(struct fasync_list *list, int band)
{
	if (fasync_any(list))
		__kill_fasync(list, band);
}

/*
 * The same from any context, if those who are to be told are few.  False: they are many, and none has been told.
 * => tasklist_lock and locks inside it not held
 */
static inline bool kill_fasync_few(struct fasync_list *list, int band)
{
	return !fasync_any(list) || __kill_fasync_few(list, band);
}

/* Who is told of a file, copied: file_operations without a list tell by that. */
struct file_owner {
	int type;			/* F_OWNER_* */
	pid_t nr;			/* 0: nobody */
	u64 born;			/* start_time of the task called nr; of no meaning for a group */
	uid_t uid, euid;		/* of who made it the owner */
	int signum;			/* F_SETSIG; 0: SIGIO, without siginfo */
};
void f_owner_now(struct file *f, struct file_owner *o);
void tell_owner(const struct file_owner *o, int fd, int band);	/* may sleep */
void f_disown(struct file *f);					/* nobody, no signal, no O_ASYNC */

/* Where the lease of @f is (leases.c), which has to do with its owner; NULL: there is no room, so none. */
struct file_lease;
struct file_lease **f_lease(struct file *f);
__must_check bool f_lease_room(struct file *f);			/* make room; false: no memory */

enum setown { SETOWN_IF_NONE, SETOWN_ALWAYS };
/* Who is told: @type F_OWNER_*, @nr 0 for nobody.  0, -ESRCH, -ENOMEM */
int f_setown(struct file *f, int type, pid_t nr, enum setown how);
void f_getown(struct file *f, struct f_owner_ex *o);
/* The same with a process's number, or minus a group's: F_SETOWN, FIOSETOWN.  -EINVAL, too */
int f_setown_nr(struct file *f, int who);
int f_getown_nr(struct file *f);
int f_setsig(struct file *f, unsigned long sig);	/* 0, -EINVAL, -ENOMEM */
int f_getsig(struct file *f);
void f_owner_free(struct file *f);

#endif
