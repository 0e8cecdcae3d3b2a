/*
 * include/uapi/epoll.h - epoll(7), eventfd(2).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_EPOLL_H
#define VELLUM_UAPI_EPOLL_H

#include "include/types.h"

#define EPOLLIN		0x0001u
#define EPOLLPRI	0x0002u
#define EPOLLOUT	0x0004u
#define EPOLLERR	0x0008u
#define EPOLLHUP	0x0010u
#define EPOLLNVAL	0x0020u
#define EPOLLRDNORM	0x0040u
#define EPOLLRDBAND	0x0080u
#define EPOLLWRNORM	0x0100u
#define EPOLLWRBAND	0x0200u
#define EPOLLMSG	0x0400u
#define EPOLLRDHUP	0x2000u
#define EPOLLEXCLUSIVE	(1u << 28)
#define EPOLLWAKEUP	(1u << 29)
#define EPOLLONESHOT	(1u << 30)
#define EPOLLET		(1u << 31)

#define EPOLL_CLOEXEC	02000000
#define EPOLL_CTL_ADD	1
#define EPOLL_CTL_DEL	2
#define EPOLL_CTL_MOD	3

struct epoll_event { u32 events; u64 data; };	/* not packed, except on x86 */

#define EFD_SEMAPHORE	1
#define EFD_CLOEXEC	02000000
#define EFD_NONBLOCK	00004000

#endif
