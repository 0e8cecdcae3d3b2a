/*
 * include/uapi/uio.h - limits and flags of the vectored reads and writes; struct iovec itself is
 * in include/fs.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_UIO_H
#define VELLUM_UAPI_UIO_H

#define UIO_MAXIOV	1024
#define MAX_RW_COUNT	(0x7fffffffl & PAGE_MASK)

#define RWF_HIPRI	0x01
#define RWF_DSYNC	0x02
#define RWF_SYNC	0x04
#define RWF_NOWAIT	0x08
#define RWF_APPEND	0x10
#define RWF_NOAPPEND	0x20

#endif
