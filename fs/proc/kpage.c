/*
 * fs/proc/kpage.c - /proc/kpagecount and /proc/kpageflags: a 64-bit word about each frame, at 8 x its number.
 *
 * MODEL     kpagecount  how many page-table entries map it
 *           kpageflags  what it is, in the numbering of Linux's <linux/kernel-page-flags.h>
 *           The file ends with the last frame of memory.  A frame that is no memory counts 0 and is
 *           KPF_NOPAGE; one whose struct page is not made yet is free, thus KPF_BUDDY.
 * LOCKING   None: each word is a look in passing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "mm/fault/fault.h"
#include "mm/phys/buddy.h"
#include "mm/phys/memblock.h"

enum {
	KPF_LOCKED, KPF_ERROR, KPF_REFERENCED, KPF_UPTODATE, KPF_DIRTY, KPF_LRU, KPF_ACTIVE, KPF_SLAB,
	KPF_WRITEBACK, KPF_RECLAIM, KPF_BUDDY, KPF_MMAP, KPF_ANON, KPF_SWAPCACHE, KPF_SWAPBACKED,
	KPF_COMPOUND_HEAD, KPF_COMPOUND_TAIL, KPF_HUGE, KPF_UNEVICTABLE, KPF_HWPOISON, KPF_NOPAGE,
	KPF_KSM, KPF_THP, KPF_OFFLINE, KPF_ZERO_PAGE, KPF_IDLE, KPF_PGTABLE,
	KPF_RESERVED = 32, KPF_MLOCKED, KPF_MAPPEDTODISK, KPF_PRIVATE, KPF_PRIVATE_2, KPF_OWNER_PRIVATE,
	KPF_ARCH,
};

#define CHUNK	64

static const struct { u8 pg, kpf; } same_meaning[] = {
	{ PG_locked, KPF_LOCKED }, { PG_error, KPF_ERROR }, { PG_referenced, KPF_REFERENCED },
	{ PG_uptodate, KPF_UPTODATE }, { PG_dirty, KPF_DIRTY }, { PG_lru, KPF_LRU }, { PG_active, KPF_ACTIVE },
	{ PG_slab, KPF_SLAB }, { PG_writeback, KPF_WRITEBACK }, { PG_reclaim, KPF_RECLAIM },
	{ PG_anon, KPF_ANON }, { PG_swapcache, KPF_SWAPCACHE }, { PG_swapbacked, KPF_SWAPBACKED },
	{ PG_head, KPF_COMPOUND_HEAD }, { PG_tail, KPF_COMPOUND_TAIL }, { PG_unevictable, KPF_UNEVICTABLE },
	{ PG_table, KPF_PGTABLE }, { PG_reserved, KPF_RESERVED }, { PG_mlocked, KPF_MLOCKED },
	{ PG_mappedtodisk, KPF_MAPPEDTODISK }, { PG_private, KPF_PRIVATE },
	{ PG_owner_priv, KPF_OWNER_PRIVATE }, { PG_arch_icache, KPF_ARCH },
};

/* Is it part of a free block, the first page of which carries the mark? */
static bool in_free_block(const struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		const struct page *head = page - (pfn & ((1ul << order) - 1));

		if (PageBuddy(head))
			return buddy_order(head) >= order;
	}
	return false;
}

static u64 page_flags_word(pfn_t pfn, struct page *page)
{
	unsigned long flags;
	u64 word = 0;

	if (!page)
		return BIT(memblock_is_map_pfn(pfn) ? KPF_BUDDY : KPF_NOPAGE);
	flags = READ_ONCE(page->flags);
	for (unsigned i = 0; i < ARRAY_SIZE(same_meaning); i++)
		word |= (u64)(flags >> same_meaning[i].pg & 1) << same_meaning[i].kpf;
	if (PageSlab(compound_head(page)))
		return word | BIT(KPF_SLAB);
	if (!page_count(page) && in_free_block(page))
		return word | BIT(KPF_BUDDY);
	if (!PageTable(page) && !PageTail(page) && page_mapcount(page) > 0)
		word |= BIT(KPF_MMAP);
	if (page == zero_page)
		word |= BIT(KPF_ZERO_PAGE);
	return word;
}

static u64 page_count_word(__maybe_unused pfn_t pfn, struct page *page)
{
	if (!page || PageSlab(page) || PageTable(page))
		return 0;
	return max(page_mapcount(page), 0);
}

static ssize_t read_words(struct iov_iter *to, loff_t *pos, u64 (*word)(pfn_t, struct page *))
{
	loff_t end = (loff_t)PFN_UP(memblock_end_of_dram()) * sizeof(u64);
	ssize_t done = 0;
	u64 buf[CHUNK];

	if ((*pos | to->count) % sizeof(u64))
		return -EINVAL;
	while (to->count && *pos < end) {
		pfn_t pfn = *pos / sizeof(u64);
		size_t n = min(to->count, (size_t)(end - *pos)) / sizeof(u64), got;

		n = min(n, (size_t)CHUNK);
		for (size_t i = 0; i < n; i++)
			buf[i] = word(pfn + i, pfn_to_online_page(pfn + i));
		got = copy_to_iter(buf, n * sizeof(u64), to);
		*pos += got;
		done += got;
		if (got < n * sizeof(u64))
			return done ? done : -EFAULT;
		cond_resched();
	}
	return done;
}

static ssize_t kpagecount_read(__maybe_unused struct file *f, struct iov_iter *to, loff_t *pos)
{
	return read_words(to, pos, page_count_word);
}

static ssize_t kpageflags_read(__maybe_unused struct file *f, struct iov_iter *to, loff_t *pos)
{
	return read_words(to, pos, page_flags_word);
}

static const struct file_operations kpagecount_fops = {
	.fop_flags = FOP_NO_SPLICE, .read = kpagecount_read, .llseek = generic_file_llseek,
};
static const struct file_operations kpageflags_fops = {
	.fop_flags = FOP_NO_SPLICE, .read = kpageflags_read, .llseek = generic_file_llseek,
};

void __init proc_kpage_init(void)
{
	proc_create("kpagecount", 0400, NULL, &kpagecount_fops, NULL);
	proc_create("kpageflags", 0400, NULL, &kpageflags_fops, NULL);
}
