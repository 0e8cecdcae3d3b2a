/*
 * drivers/tty/pty.h - pseudo-terminals, and the file system that shows them.  Theory: pty.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_PTY_H
#define VELLUM_PTY_H

#include "drivers/tty/tty.h"
#include "include/fs.h"

#define PTMX_DEV	MKDEV(5, 2)
#define PTS_DEV(n)	MKDEV(136, n)
#define PTY_MAX		4096
#define PTY_RESERVE	1024

/* Terminal of a slave's number, counted; NULL: there is no such pty, or its master is gone. */
struct tty_struct *pty_slave_by_dev(dev_t dev);

/* drivers/tty/devpts.c: the node "N"; and that it goes. */
extern struct file_system_type devpts_fs_type;
void devpts_init(void);
int devpts_add(unsigned index, uid_t uid, gid_t gid);
void devpts_remove(unsigned index);
/* The slave's node as a path, for TIOCGPTPEER: -ENODEV when devpts is not mounted. */
struct file *devpts_open_slave(unsigned index, int flags);

#endif
