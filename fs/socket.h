/*
 * fs/socket.h - what fs/socket.c and socket_msg.c share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_FS_SOCKET_H
#define VELLUM_FS_SOCKET_H

#include "fs/fdtable.h"
#include "fs/unix.h"
#include "include/uapi/fcntl.h"

void socket_init(void);

static inline unsigned dontwait(const struct file *f) { return f->f_flags & O_NONBLOCK ? MSG_DONTWAIT : 0; }

/* The socket of @fd; fdput(*f) ends the use.  NULL with *rc */
struct unix_sock *sock_get(int fd, struct fd *f, int *rc);
/* 0 or -errno */
int addr_from_user(struct unix_addr *a, const void __user *u, int len);
/* Who sent a message: a socket without a name has an address of no bytes. */
int sender_to_user(const struct unix_addr *a, void __user *u, int __user *ulen);

#endif
