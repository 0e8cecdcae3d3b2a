/*
 * include/uapi/procmap.h - PROCMAP_QUERY: a question to /proc/PID/maps about one region.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_PROCMAP_H
#define VELLUM_UAPI_PROCMAP_H

#include "include/uapi/ioctl.h"

#define PROCMAP_QUERY	_IOWR('f', 17, struct procmap_query)

#define PROCMAP_QUERY_VMA_READABLE		0x01
#define PROCMAP_QUERY_VMA_WRITABLE		0x02
#define PROCMAP_QUERY_VMA_EXECUTABLE		0x04
#define PROCMAP_QUERY_VMA_SHARED		0x08
#define PROCMAP_QUERY_COVERING_OR_NEXT_VMA	0x10
#define PROCMAP_QUERY_FILE_BACKED_VMA		0x20
#define PROCMAP_QUERY_VALID_FLAGS		0x3f

struct procmap_query {
	u64 size;
	u64 query_flags, query_addr;		/* in */
	u64 vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	u32 dev_major, dev_minor;
	u32 vma_name_size, build_id_size;	/* in: room; out: bytes */
	u64 vma_name_addr, build_id_addr;	/* in: buffers, or 0 */
};
BUILD_ASSERT(sizeof(struct procmap_query) == 104);

#endif
