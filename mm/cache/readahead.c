/*
 * mm/cache/readahead.c - pages of a file are read before they are asked for.
 *
 * MODEL     A reader that goes through a file leaves a window, the pages that were read ahead for it last, in its
 *           struct file.  One page of the window is marked: who comes to it has the next window read while he still
 *           uses this one, so that he need never wait.
 *
 *                    start                                     start + size
 *                     |================|#=====================|
 *              read, and used up       marked page             not read yet
 *                                      |<---- async_size ---->|
 *
 *           At a page that is missing (sync): the start of the file, or the page behind the last one read, opens a
 *           window; a page with cached ones right before it is read by somebody who comes from there, whoever read
 *           those (several streams through one file, a reader that seeks a little); any other is random, and only
 *           what was asked for is read.  At the marked page (async): the window behind, larger; where the struct file
 *           knows of another one, two streams share it, and the window goes on at the first page that is missing.
 *           A page that is missing in a mapping: the pages around it, for nobody knows which way the program goes;
 *           and after many such misses without a hit, that page alone.
 *
 * INVARIANTS
 *   R1  What is read for one call is at most the file's limit (or what the caller asked for, if that is more), and
 *       ends with the file.
 *   R2  async_size <= size.
 * LOCKING   None: threads that share a struct file spoil each other's guess, no more than that.  May sleep.
 * FAILURE   What cannot be read ahead is not: who wants it reads it, and hears why not.
 * COST      A window costs one look for its marked page; a hit, one test of a bit.
 * SEE       Wu, Xi, Xu: On the design of a new Linux readahead framework, 2008.
 * TESTS     test/host/mm/cache/test_readahead.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/readahead.h"
#include "kernel/sync/rcu.h"

#define MMAP_MISSES	100	/* so many more misses than hits: that mapping is used at random */

/* ---- sizes of windows ------------------------------------------------------------------------ */

/* No window is larger; 0: nothing is read ahead. */
static u32 window_limit(const struct file_ra_state *ra)
{
	return ra->random ? 0 : (u32)ra->ra_pages << ra->sequential;
}

/* The first window of who asked for @req pages. */
static u32 first_size(u32 req, u32 max)
{
	u32 size = roundup_pow_of_two(req);

	if (size <= max / 32)
		return size * 4;
	return size <= max / 4 ? size * 2 : max;
}

/* The one behind a window of @size. */
static u32 next_size(u32 size, u32 max)
{
	if (size < max / 16)
		return size * 4;
	return size <= max / 2 ? size * 2 : max;
}

/* ---- reading a window ------------------------------------------------------------------------ */

/* In pieces, between which others run: a disk's limit, and what a program asks for, may be large. */
static void read_pages(struct address_space *mapping, struct file *file, pgoff_t start, unsigned long nr)
{
	while (nr) {
		pgoff_t end = file_end_index(mapping->host);
		unsigned long n = min(nr, (unsigned long)RA_MAX_REQUEST);

		if (start >= end)
			return;
		mapping->a_ops->readahead(file, mapping, start, min(n, end - start));	/* R1 */
		start += n;
		nr -= n;
		if (nr && cond_resched_killable())
			return;
	}
}

/* Read what @file's window says, and mark the page that leads to the next. */
static void read_window(struct address_space *mapping, struct file *file)
{
	struct file_ra_state *ra = &file->f_ra;
	pgoff_t marked = ra->start + ra->size - ra->async_size;
	struct page *page;

	INV(R2, ra->async_size <= ra->size);
	read_pages(mapping, file, ra->start, ra->size);
	if (!ra->async_size)
		return;
	page = find_get_page(mapping, marked);
	if (page) {
		SetPageReadahead(page);
		put_page(page);
	}
}

static void open_window(struct file_ra_state *ra, pgoff_t start, u32 size, u32 async)
{
	ra->start = start;
	ra->size = size;
	ra->async_size = async;
}

/* The same for who waits for its first @req pages: the mark is behind them. */
static void open_sync_window(struct file_ra_state *ra, pgoff_t start, u32 size, u32 req)
{
	open_window(ra, start, size, size > req ? size - req : size / 2);
}

/* The pages right before @index that are cached, at most @max. */
static u32 cached_before(struct address_space *mapping, pgoff_t index, u32 max)
{
	u32 n = 0;

	rcu_read_lock();
	while (n < max && n < index && xa_load(&mapping->i_pages, index - n - 1))
		n++;
	rcu_read_unlock();
	return n;
}

/* The first page from @index on that is not cached, or @index + @max. */
static pgoff_t next_missing(struct address_space *mapping, pgoff_t index, u32 max)
{
	u32 n = 0;

	rcu_read_lock();
	while (n < max && xa_load(&mapping->i_pages, index + n))
		n++;
	rcu_read_unlock();
	return index + n;
}

/* ---- read(2) --------------------------------------------------------------------------------- */

/* Nobody was seen to come to @index; is there a trace of him in the cache?  False: it is a random read */
static bool find_stream(struct address_space *mapping, struct file_ra_state *ra, pgoff_t index, u32 req, u32 max)
{
	u32 before = cached_before(mapping, index, max);

	if (before <= req)
		return false;
	if (before >= index)			/* from the very start of the file: be bold */
		before *= 2;
	open_window(ra, index, min(before + req, max), 1);
	return true;
}

void page_cache_sync_ra(struct address_space *mapping, struct file *file, pgoff_t index, unsigned long req)
{
	struct file_ra_state *ra = &file->f_ra;
	u32 limit = window_limit(ra), max = max_t(unsigned long, limit, min(req, (unsigned long)RA_MAX_REQUEST));

	if (!mapping->a_ops->readahead)
		return;
	req = min(req, (unsigned long)max);
	if (!limit) {
		read_pages(mapping, file, index, req);
		return;
	}
	if (ra->size && index == ra->start + ra->size) {	/* the window was used up before its mark was met */
		open_sync_window(ra, index, next_size(ra->size, max), req);
	} else if (!index || index - ra->prev <= 1 || req > limit) {
		open_sync_window(ra, index, first_size(req, max), req);
	} else if (!find_stream(mapping, ra, index, req, max)) {
		read_pages(mapping, file, index, req);
		return;
	}
	read_window(mapping, file);
}

void page_cache_async_ra(struct address_space *mapping, struct file *file, struct page *page, unsigned long req)
{
	struct file_ra_state *ra = &file->f_ra;
	pgoff_t index = page->index, start;
	u32 max = window_limit(ra), size;

	ClearPageReadahead(page);
	if (!max || !mapping->a_ops->readahead)
		return;
	if (index == ra->start + ra->size - ra->async_size || index == ra->start + ra->size) {
		start = ra->start + ra->size;
		size = next_size(ra->size, max);
	} else {
		start = next_missing(mapping, index + 1, max);
		if (start - index > max)
			return;
		size = next_size(min_t(u32, start - index + req, max), max);
	}
	open_window(ra, start, size, size);
	read_window(mapping, file);
}

/* ---- mappings -------------------------------------------------------------------------------- */

void mmap_sync_readahead(struct file *file, pgoff_t index, unsigned long vm_flags)
{
	struct file_ra_state *ra = &file->f_ra;
	struct address_space *mapping = file->f_mapping;
	u32 max = window_limit(ra);

	if ((vm_flags & VM_RAND_READ) || !max || !mapping->a_ops->readahead)
		return;
	if (vm_flags & VM_SEQ_READ) {
		page_cache_sync_ra(mapping, file, index, max);
		return;
	}
	if (ra->mmap_miss < 2 * MMAP_MISSES)
		ra->mmap_miss++;
	if (ra->mmap_miss > MMAP_MISSES)
		return;
	open_window(ra, index > max / 2 ? index - max / 2 : 0, max, max / 4);
	read_window(mapping, file);
}

/* ---- on demand ------------------------------------------------------------------------------- */

/* A file whose a_ops read page by page. */
static void read_each(struct address_space *mapping, struct file *file, pgoff_t start, unsigned long nr)
{
	for (; nr; nr--, start++) {
		struct page *page = find_get_page(mapping, start);

		if (!page) {
			page = alloc_page(mapping->gfp_mask | __GFP_NORETRY | __GFP_NOWARN);
			if (!page)
				return;
			if (!add_to_page_cache_inside(page, mapping, start) &&
			    mapping->a_ops->readpage(file, page)) {
				put_page(page);
				return;
			}
		}
		put_page(page);
		if (cond_resched_killable())
			return;
	}
}

void force_page_cache_readahead(struct address_space *mapping, struct file *file, pgoff_t start, unsigned long nr)
{
	if (!mapping->a_ops || !mapping->a_ops->readpage)
		return;
	if (mapping->a_ops->readahead)
		read_pages(mapping, file, start, nr);
	else
		read_each(mapping, file, start, nr);
}
