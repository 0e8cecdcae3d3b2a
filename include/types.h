/*
 * include/types.h - the integer types and the units of the kernel.
 *
 * UNITS     pfn_t counts 4 KiB frames, phys_addr_t and vaddr_t count bytes, loff_t bytes in a
 *           file, pgoff_t pages in a file.  Ranges are half-open.  A variable's name says its
 *           unit where the type does not: nr_pages, bytes, _ns.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TYPES_H
#define VELLUM_TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef unsigned long vaddr_t;		/* virtual address, bytes */
typedef unsigned long phys_addr_t;	/* physical address, bytes */
typedef unsigned long pfn_t;		/* physical frame number, 4 KiB */
typedef unsigned long pgoff_t;		/* page index in a file or object */
typedef unsigned int gfp_t;		/* allocation flags, mm/phys/gfp.h */
typedef unsigned int umode_t;		/* file type and permission bits */
typedef u64 ktime_t;			/* nanoseconds since boot */
typedef u64 sector_t;			/* 512-byte units on a disk */

/* Part of what is freed when no reader can see it any more: kernel/sync/rcu.h */
struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *);
};

/* A host build has libc's own types, named again, so that a test may include both. */
#ifdef VELLUM_HOST
typedef long ssize_t;
typedef long loff_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned long dev_t;
typedef unsigned long ino_t;
#else
typedef long ssize_t;
typedef long long loff_t;
typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned int dev_t;		/* major << 20 | minor, as inside Linux */
typedef unsigned long ino_t;
#endif

#define PAGE_SHIFT	12
#define PAGE_SIZE	(1ul << PAGE_SHIFT)
#define PAGE_MASK	(~(PAGE_SIZE - 1))

#define __user				/* a pointer into user space: never dereferenced */

#include "include/util.h"

#endif
