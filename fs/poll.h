/*
 * fs/poll.h - asking a file for its events.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_POLL_H
#define VELLUM_FS_POLL_H

#include "include/fs.h"

/* EPOLL* bits that hold now; @pt, if it has a queue function, is told of every queue that changes them. */
unsigned vfs_poll(struct file *file, struct poll_table *pt);

#endif
