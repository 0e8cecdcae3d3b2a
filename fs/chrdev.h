/*
 * fs/chrdev.h - character devices by number, and the nodes that devtmpfs shows for them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_CHRDEV_H
#define VELLUM_FS_CHRDEV_H

#include "include/fs.h"

/*
 * Opening a node with number @dev uses @fops (its open() is called with i_rdev == dev).  @name is the
 * node's path in devtmpfs ("tty", "pts/3" makes the directory; NULL: no node), @mode its permissions.
 * => before the file systems are up only the number is kept, the node follows; 0, -EBUSY, -ENOMEM
 */
int register_chrdev(dev_t dev, const char *name, const struct file_operations *fops, umode_t mode);
/* The same for a device of a kind of its own: number (10, @minor), @misc in /proc/misc. */
int misc_register(unsigned minor, const char *misc, const char *name, const struct file_operations *fops,
		  umode_t mode);
void unregister_chrdev(dev_t dev);
/* At start: call @fn for each device that has a node; the results or'ed. */
int for_each_chrdev(int (*fn)(dev_t dev, const char *name, umode_t mode));
/* The name under which /proc/devices lists @major ("mem", "tty", "ttyS"). */
void register_chrdev_major(unsigned major, const char *name);
void register_blkdev_major(unsigned major, const char *name);
/* A node in devtmpfs for a device that is known otherwise, a disk; and its end.  => once devtmpfs is there */
void devtmpfs_create_node(const char *name, umode_t mode, dev_t dev);
void devtmpfs_delete_node(const char *name);
extern const struct file_operations def_chr_fops;
extern struct file_system_type devtmpfs_fs_type;
void devtmpfs_init(void);

struct seq_file;
int devices_show(struct seq_file *m, void *v);
int misc_show(struct seq_file *m, void *v);	/* devices of major 10, which have no driver in common */

#endif
