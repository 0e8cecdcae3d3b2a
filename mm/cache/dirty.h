/*
 * mm/cache/dirty.h - how much of memory may be dirty.  Theory: dirty.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_CACHE_DIRTY_H
#define VELLUM_MM_CACHE_DIRTY_H

#include "mm/cache/pagemap.h"

/* A page of @mapping is about to become dirty, or just did: wait if too many are.  => may sleep */
void balance_dirty_pages_ratelimited(const struct address_space *mapping);
/*
 * The same for a fault that is to make a page of its region's file dirty: 0, or VM_FAULT_RETRY, and its lock was let
 * go while it waited.  => as vm_ops->page_mkwrite
 */
__must_check unsigned fault_balance_dirty_pages(struct vm_fault *vmf);
/* Is there so much that it should be written now? */
bool dirty_over_background(void);
/* /proc/sys/vm; each is followed by its call when it was written. */
extern int vm_dirty_ratio, dirty_background_ratio;		/* percent */
extern unsigned long vm_dirty_bytes, dirty_background_bytes;
/* Hundredths of a second: how often the flusher looks (0: only when woken), how old what is dirty may get. */
extern int dirty_writeback_interval, dirty_expire_interval;
void dirty_ratio_changed(void);
void dirty_bytes_changed(void);
void dirty_background_ratio_changed(void);
void dirty_background_bytes_changed(void);
/* Up-call: have dirty pages written soon.  Any context.  block/flusher.c */
void wakeup_flusher(void);
void flusher_interval_changed(void);	/* up-call: it looks at dirty_writeback_interval again */

#endif
