/*
 * fs/leases.h - leases of files: F_SETLEASE, and what breaks them.  Theory: leases.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_LEASES_H
#define VELLUM_FS_LEASES_H

#include "include/arch/arch.h"
#include "include/atomic.h"
#include "include/fs.h"

struct lease_list;
struct lock_head;

extern int sysctl_leases_enable, sysctl_lease_break_time;

int fcntl_setlease(unsigned fd, struct file *f, int type);	/* 0, -EINVAL, -EACCES, -EAGAIN, -ENOMEM */
int fcntl_getlease(struct file *f);				/* F_RDLCK, F_WRLCK, F_UNLCK */

bool leases_held(struct lease_list *list);
int __break_lease(struct lease_list *list, unsigned flags);
/*
 * Before an open of @inode with @flags, or what cuts it (O_WRONLY): have its leases that are in the way given up.
 * => counted in i_writecount or i_readcount; may sleep.  0; -EWOULDBLOCK (O_NONBLOCK), -ERESTARTSYS
 */
static inline int break_lease(struct inode *inode, unsigned flags)
{
	struct lease_list *list;

	smp_mb();		/* the counts before the list: pairs with try_lease() */
	list = READ_ONCE(inode->i_leases);
	return unlikely(list) && leases_held(list) ? __break_lease(list, flags) : 0;
}

void leases_remove_file(struct file *f);	/* the last reference is gone */
void leases_free(struct inode *inode);		/* it had leases once */

struct seq_file;
/* A line of /proc/locks, and of fdinfo the one that has the number @nr. */
void show_lease(struct seq_file *m, unsigned nr, const struct lock_head *h);
void show_fd_lease(struct seq_file *m, struct file *f, unsigned nr);

#endif
