/*
 * include/uapi/pagemap.h - ioctl(2) PAGEMAP_SCAN of /proc/PID/pagemap.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_UAPI_PAGEMAP_H
#define VELLUM_UAPI_PAGEMAP_H

#include "include/types.h"
#include "include/uapi/ioctl.h"

#define PAGE_IS_WPALLOWED	0x01	/* of the region: writes only take the mark of uffd-wp away */
#define PAGE_IS_WRITTEN		0x02	/* it has no such mark */
#define PAGE_IS_FILE		0x04	/* of a file, or of shared memory */
#define PAGE_IS_PRESENT		0x08
#define PAGE_IS_SWAPPED		0x10	/* there is an entry, but it shows no page */
#define PAGE_IS_PFNZERO		0x20	/* the zero page */
#define PAGE_IS_HUGE		0x40
#define PAGE_IS_SOFT_DIRTY	0x80

struct page_region { u64 start, end, categories; };

#define PM_SCAN_WP_MATCHING	1	/* mark what is found */
#define PM_SCAN_CHECK_WPASYNC	2	/* -EPERM where PAGE_IS_WPALLOWED is not */

struct pm_scan_arg {
	u64 size;			/* of this struct */
	u64 flags;			/* PM_SCAN_* */
	u64 start, end;			/* addresses; start of a page */
	u64 walk_end;			/* out: where it stopped */
	u64 vec, vec_len;		/* struct page_region[]; 0: none */
	u64 max_pages;			/* 0: any number */
	u64 category_inverted;		/* before they are compared ... */
	u64 category_mask;		/* ... with those that all must be there */
	u64 category_anyof_mask;	/* ... and those of which one must; 0: no matter */
	u64 return_mask;		/* what regions tell */
};
#define PAGEMAP_SCAN		_IOWR('f', 16, struct pm_scan_arg)

#endif
