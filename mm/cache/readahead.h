/*
 * mm/cache/readahead.h - what reads tell readahead, and who wants pages to be there soon.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_CACHE_READAHEAD_H
#define VELLUM_MM_CACHE_READAHEAD_H

#include "mm/cache/filemap.h"

#define RA_MAX_REQUEST	256u		/* pages that one call reads at once, whatever was asked for */

/* Page @index is missing for a reader that wants @req pages from there on: read these, and what he will want then. */
void page_cache_sync_ra(struct address_space *mapping, struct file *file, pgoff_t index, unsigned long req);
/* The same reader came to @page, which is marked. */
void page_cache_async_ra(struct address_space *mapping, struct file *file, struct page *page, unsigned long req);
/* Page @index is missing in a mapping of @file.  @vm_flags: those of the region */
void mmap_sync_readahead(struct file *file, pgoff_t index, unsigned long vm_flags);
/* Start reading [@start, @start + @nr) of what is not there. */
void force_page_cache_readahead(struct address_space *mapping, struct file *file, pgoff_t start, unsigned long nr);

#endif
