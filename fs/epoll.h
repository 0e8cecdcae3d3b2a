/*
 * fs/epoll.h - what closing a file tells epoll.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_EPOLL_H
#define VELLUM_FS_EPOLL_H

#include "include/fs.h"

/* @file is being closed for good: no epoll watches it any more. */
void eventpoll_release(struct file *file);
/* What epoll file @f watches as number @fd, the @nth called so: uncounted, or ERR_PTR: -EINVAL, -ENOENT. */
struct file *epoll_target(struct file *f, int fd, unsigned long nth);
void epoll_init(void);
void epoll_sysctl_init(void);

#endif
