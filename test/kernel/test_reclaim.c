/*
 * test/kernel/test_reclaim.c - the page cache gives way: kswapd and allocations take clean pages of a file back.
 *
 * MODEL     The file system here has a store that every page can be read from again, which no file system of
 *           the kernel has yet (tmpfs is the only store of what is in it).  Memory is filled by
 *           allocations of the kernel, so that there is nobody to kill: what is reclaimed must be enough.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "fs/inode.h"
#include "include/arch/arch.h"
#include "mm/cache/pagemap.h"
#include "mm/kmap/highmem.h"
#include "mm/phys/pcp.h"
#include "mm/phys/reclaim.h"
#include "mm/phys/vmstat.h"
#include "mm/reclaim/vmscan.h"

static unsigned long nr_reads;

static int stored_readpage(__maybe_unused struct file *file, struct page *page)
{
	u64 *content = kmap_local_page(page);

	__atomic_fetch_add(&nr_reads, 1, __ATOMIC_RELAXED);
	*content = page->index * 3 + 1;
	kunmap_local(content);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

static const struct address_space_operations stored_aops = {
	.readpage = stored_readpage, .set_page_dirty = __set_page_dirty_nobuffers,
};
static struct file_system_type stored_type = { .name = "stored", .fs_flags = FS_REQUIRES_DEV };
static struct super_block *stored_sb;

static struct inode *stored_file(void)
{
	struct inode *inode;

	stored_sb = alloc_super(&stored_type, 0);
	inode = stored_sb ? new_inode(stored_sb) : NULL;
	if (!inode)
		return NULL;
	inode->i_mode = S_IFREG | 0600;
	inode->i_size = INT64_MAX;		/* a page beyond it would not be read */
	inode->i_data.a_ops = &stored_aops;
	return inode;
}

static void stored_end(struct inode *inode)
{
	iput(inode);
	put_super(stored_sb);
}

/* Read pages [0, n) of @inode into the cache, or look that they are right. */
static bool read_pages(struct inode *inode, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++) {
		struct page *page;
		u64 *content;
		bool right;
		int err;

		page = read_mapping_page(&inode->i_data, i, NULL, &err);
		if (!page)
			return false;
		content = kmap_local_page(page);
		right = *content == i * 3 + 1;
		kunmap_local(content);
		put_page(page);
		if (!right)
			return false;
		if (!(i & 255))
			cond_resched();
	}
	return true;
}

static unsigned long stolen(void) { return vm_event(PGSTEAL_KSWAPD) + vm_event(PGSTEAL_DIRECT); }
static unsigned long scanned(void) { return vm_event(PGSCAN_KSWAPD) + vm_event(PGSCAN_DIRECT); }

/* Cached pages of @mapping, when kswapd, which may go on for a while, has stopped to take them. */
static unsigned long settled_pages(struct address_space *mapping)
{
	unsigned long was, is = READ_ONCE(mapping->nrpages);

	do {
		was = is;
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(100 * 1000 * 1000);
		is = READ_ONCE(mapping->nrpages);
	} while (is != was);
	return is;
}

KTEST(clean_pages_of_files_give_way)
{
	unsigned long free = nr_free_pages(), cached = free / 2, want = free * 8 / 10, had = 0;
	unsigned long steals = stolen(), scans = scanned(), kills = vm_event(OOM_KILL), left;
	struct inode *inode = stored_file();
	struct page *hoard = NULL;

	KCHECK(inode);
	nr_reads = 0;
	KCHECK(read_pages(inode, cached));
	KCHECK_EQ(nr_reads, cached);
	KCHECK_EQ(inode->i_data.nrpages, cached);
	for (; had < want; had++) {		/* no allocation fails while there is something to reclaim */
		struct page *page = alloc_page(GFP_HIGHUSER);

		KCHECK(page);
		page->private = (unsigned long)hoard;
		hoard = page;
	}
	left = inode->i_data.nrpages;
	pr_info("# %lu of %lu cached pages left; kswapd took %lu\n", left, cached, vm_event(PGSTEAL_KSWAPD));
	while (hoard) {
		struct page *next = (struct page *)hoard->private;

		hoard->private = 0;
		__free_page(hoard);
		hoard = next;
	}
	KCHECK(left < cached * 7 / 10);
	KCHECK(stolen() - steals >= cached - left);
	KCHECK(scanned() - scans >= stolen() - steals);
	KCHECK_EQ(vm_event(OOM_KILL), kills);
	left = settled_pages(&inode->i_data);
	KCHECK(read_pages(inode, cached));	/* what went is read again, what stayed is not */
	KCHECK_EQ(nr_reads, cached + cached - left);
	stored_end(inode);
}

KTEST(dirty_pages_of_files_stay)
{
	struct inode *inode = stored_file();
	struct page *page;

	KCHECK(inode);
	KCHECK(read_pages(inode, 64));
	page = find_lock_page(&inode->i_data, 5);
	KCHECK(page);
	set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	KCHECK(drop_pagecache() >= 63);
	KCHECK_EQ(inode->i_data.nrpages, 1);
	KCHECK(find_get_page(&inode->i_data, 5) == page);
	put_page(page);
	stored_end(inode);
}

#define KEPT	8		/* pages left on each hart's list */

static void leave_pages(__maybe_unused void *arg)
{
	struct page *pages[KEPT];
	unsigned n = 0;

	while (n < KEPT && (pages[n] = alloc_page(GFP_NOWAIT)))
		n++;
	while (n)
		__free_page(pages[--n]);
}

static unsigned long pages_on_lists(void)
{
	unsigned long n = 0;

	for_each_populated_zone(z)
		n += pcp_free_pages(z);
	return n;
}

KTEST(drop_caches_empties_the_lists_of_all_harts)
{
	arch_call_on(hart_online_mask, leave_pages, NULL);
	KCHECK(pages_on_lists() >= KEPT * nr_harts);
	drop_caches(DROP_PAGES | DROP_OBJECTS);
	KCHECK(pages_on_lists() < KEPT);	/* but for what a thread of the kernel frees just now */
}
