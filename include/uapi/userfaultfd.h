/*
 * include/uapi/userfaultfd.h - page faults that a program serves: requests, messages, features.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_USERFAULTFD_H
#define VELLUM_UAPI_USERFAULTFD_H

#include "include/types.h"
#include "include/uapi/ioctl.h"

#define USERFAULTFD_IOC_NEW	_IO(0xAA, 0x00)		/* of /dev/userfaultfd */
#define UFFD_USER_MODE_ONLY	1			/* flag of the call, beside O_CLOEXEC, O_NONBLOCK */

#define UFFD_API		0xAAull
#define UFFDIO			0xAA
#define UFFDIO_API		_IOWR(UFFDIO, 0x3f, struct uffdio_api)
#define UFFDIO_REGISTER		_IOWR(UFFDIO, 0x00, struct uffdio_register)
#define UFFDIO_UNREGISTER	_IOR(UFFDIO, 0x01, struct uffdio_range)
#define UFFDIO_WAKE		_IOR(UFFDIO, 0x02, struct uffdio_range)
#define UFFDIO_COPY		_IOWR(UFFDIO, 0x03, struct uffdio_copy)
#define UFFDIO_ZEROPAGE		_IOWR(UFFDIO, 0x04, struct uffdio_zeropage)
#define UFFDIO_MOVE		_IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFDIO_WRITEPROTECT	_IOWR(UFFDIO, 0x06, struct uffdio_writeprotect)
#define UFFDIO_CONTINUE		_IOWR(UFFDIO, 0x07, struct uffdio_continue)
#define UFFDIO_POISON		_IOWR(UFFDIO, 0x08, struct uffdio_poison)

/* Which requests there are: bit n for number n. */
#define UFFD_API_IOCTLS		(1ull << 0x00 | 1ull << 0x01 | 1ull << 0x3f)
#define UFFD_API_RANGE_IOCTLS	0x1fcull
#define UFFD_IOCTL_WRITEPROTECT	(1ull << 0x06)
#define UFFD_IOCTL_CONTINUE	(1ull << 0x07)

#define UFFD_FEATURE_PAGEFAULT_FLAG_WP		0x00001
#define UFFD_FEATURE_EVENT_FORK			0x00002
#define UFFD_FEATURE_EVENT_REMAP		0x00004
#define UFFD_FEATURE_EVENT_REMOVE		0x00008
#define UFFD_FEATURE_MISSING_HUGETLBFS		0x00010
#define UFFD_FEATURE_MISSING_SHMEM		0x00020
#define UFFD_FEATURE_EVENT_UNMAP		0x00040
#define UFFD_FEATURE_SIGBUS			0x00080
#define UFFD_FEATURE_THREAD_ID			0x00100
#define UFFD_FEATURE_MINOR_HUGETLBFS		0x00200
#define UFFD_FEATURE_MINOR_SHMEM		0x00400
#define UFFD_FEATURE_EXACT_ADDRESS		0x00800
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM		0x01000
#define UFFD_FEATURE_WP_UNPOPULATED		0x02000
#define UFFD_FEATURE_POISON			0x04000
#define UFFD_FEATURE_WP_ASYNC			0x08000
#define UFFD_FEATURE_MOVE			0x10000
#define UFFD_API_FEATURES			0x1ffffull

#define UFFDIO_REGISTER_MODE_MISSING	1ull
#define UFFDIO_REGISTER_MODE_WP		2ull
#define UFFDIO_REGISTER_MODE_MINOR	4ull
#define UFFDIO_REGISTER_MODES		7ull

/* Of COPY, ZEROPAGE, CONTINUE, POISON and MOVE alike; COPY and CONTINUE know MODE_WP. */
#define UFFDIO_MODE_DONTWAKE		1ull
#define UFFDIO_MODE_WP			2ull
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES 2ull
#define UFFDIO_WRITEPROTECT_MODE_WP	1ull
#define UFFDIO_WRITEPROTECT_MODE_DONTWAKE 2ull

struct uffdio_api { u64 api, features, ioctls; };
struct uffdio_range { u64 start, len; };
struct uffdio_register { struct uffdio_range range; u64 mode, ioctls; };
struct uffdio_copy { u64 dst, src, len, mode; s64 copy; };
struct uffdio_zeropage { struct uffdio_range range; u64 mode; s64 zeropage; };
struct uffdio_writeprotect { struct uffdio_range range; u64 mode; };
struct uffdio_continue { struct uffdio_range range; u64 mode; s64 mapped; };
struct uffdio_poison { struct uffdio_range range; u64 mode; s64 updated; };
struct uffdio_move { u64 dst, src, len, mode; s64 move; };

#define UFFD_EVENT_PAGEFAULT	0x12
#define UFFD_EVENT_FORK		0x13
#define UFFD_EVENT_REMAP	0x14
#define UFFD_EVENT_REMOVE	0x15
#define UFFD_EVENT_UNMAP	0x16

#define UFFD_PAGEFAULT_FLAG_WRITE	1
#define UFFD_PAGEFAULT_FLAG_WP		2
#define UFFD_PAGEFAULT_FLAG_MINOR	4

struct uffd_msg {
	u8 event, reserved1;
	u16 reserved2;
	u32 reserved3;
	union {
		struct { u64 flags, address; u32 ptid; } pagefault;
		struct { u32 ufd; } fork;
		struct { u64 from, to, len; } remap;
		struct { u64 start, end; } remove;
	} arg;
};
BUILD_ASSERT(sizeof(struct uffd_msg) == 32);

#endif
