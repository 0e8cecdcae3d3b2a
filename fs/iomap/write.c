/*
 * fs/iomap/write.c - write(2) and stores to shared mappings, into pages whose blocks have their place.
 *
 * MODEL     Page by page: find it, make it valid where it is not overwritten, get blocks for what is written (M3),
 *           copy, make it dirty, move the end of the file.  Where a write goes on behind the end of the file its
 *           blocks are asked for at once, many pages ahead, so that they follow each other; what of them was
 *           not used is given back (ops->trim).  Inside the file that is not done: blocks whose page was never
 *           filled would show what the device had there.
 * INVARIANTS
 *   W1  A page is valid before blocks are added below it: reading them afterwards would bring others' bytes.
 *   W2  A fresh block whose copy fell short is written as zeros.
 *   W3  Bytes behind the end of the file, in its last page, are zeros when it grows.
 * LOCKING   i_rwsem for writing; the page lock over copy, blocks and size.
 * FAILURE   What was written is returned; -errno only when that was nothing.
 * TESTS     test/boot/ext2.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/iomap/iomap.h"
#include "fs/inode.h"
#include "mm/cache/dirty.h"

#define AHEAD_BYTES	(1ul << 20)

struct write_ctx {
	struct file *file;
	struct inode *inode;
	const struct iomap_ops *ops;
	struct iomap map;
};

/* Wait until @page, which is locked, is read.  0; -errno, or 1 if it left the cache meanwhile: unlocked then. */
static int make_valid(struct address_space *mapping, struct page *page, const struct iomap_ops *ops)
{
	(void)!iomap_readpage(page, ops);
	lock_page(page);
	if (page->mapping == mapping && PageUptodate(page))
		return 0;
	unlock_page(page);
	return page->mapping == mapping ? -EIO : 1;
}

/* The page of @pos, locked; uptodate unless the @n bytes at @pos are all there is of it.  0 or -errno */
static int get_page_for(struct write_ctx *ctx, loff_t pos, size_t n, struct page **pagep)
{
	struct address_space *mapping = ctx->inode->i_mapping;
	unsigned off = pos & ~PAGE_MASK;
	int rc;

	do {
		struct page *page = grab_cache_page(mapping, pos >> PAGE_SHIFT);

		if (!page)
			return -ENOMEM;
		*pagep = page;
		if (PageUptodate(page))
			return 0;
		if (!off && (n == PAGE_SIZE || pos + (loff_t)n >= ctx->inode->i_size)) {
			zero_page_part(page, n, PAGE_SIZE);
			return 0;
		}
		rc = make_valid(mapping, page, ctx->ops);	/* W1 */
		if (rc)
			put_page(page);
	} while (rc > 0);
	return rc;
}

/* Blocks for [@pos, @pos + @n) of @page; *fresh: some of them are new.  => @page locked */
static int get_blocks(struct write_ctx *ctx, struct page *page, loff_t pos, size_t n, bool *fresh)
{
	loff_t end = pos + n, first = pos;
	int rc;

	*fresh = false;
	while (pos < end) {
		if (!iomap_covers(&ctx->map, pos)) {
			rc = ctx->ops->iomap_begin(ctx->inode, pos, end - pos, IOMAP_WRITE, &ctx->map);
			if (rc)
				return rc;
		}
		*fresh |= ctx->map.fresh;
		if (pos == first && iomap_left(&ctx->map, pos) >= PAGE_SIZE && !(pos & ~PAGE_MASK))
			SetPageMappedToDisk(page);
		pos = min_t(u64, end, ctx->map.offset + ctx->map.length);
	}
	return 0;
}

/* The copy of @n bytes ended after @copied.  Bytes that count. */
static size_t commit_copy(struct write_ctx *ctx, struct page *page, loff_t pos, size_t n, size_t copied, bool fresh)
{
	if (unlikely(copied < n && !PageUptodate(page))) {
		if (!fresh)
			return 0;		/* as if it had not begun: the page is read again */
		zero_page_part(page, (pos & ~PAGE_MASK) + copied, PAGE_SIZE);		/* W2 */
	}
	SetPageUptodate(page);
	set_page_dirty(page);
	if (pos + (loff_t)copied > ctx->inode->i_size) {
		WRITE_ONCE(ctx->inode->i_size, pos + copied);
		mark_inode_dirty(ctx->inode, I_DIRTY_DATASYNC);
	}
	return copied;
}

/* One page's worth: bytes written, or -errno. */
static ssize_t write_one(struct write_ctx *ctx, struct iov_iter *from, loff_t pos, size_t n)
{
	struct iov_iter before = *from;
	struct page *page;
	size_t copied = 0;
	bool fresh = false;
	int rc;

	if (unlikely(iov_iter_fault_in(from, n)))
		return -EFAULT;
	rc = get_page_for(ctx, pos, n, &page);
	if (rc)
		return rc;
	if (!PageMappedToDisk(page))
		rc = get_blocks(ctx, page, pos, n, &fresh);
	if (!rc) {
		pagefault_disable();
		copied = copy_page_from_iter(page, pos & ~PAGE_MASK, n, from);
		pagefault_enable();
	}
	if (!rc || fresh)
		copied = commit_copy(ctx, page, pos, n, copied, fresh);
	unlock_page(page);
	put_page(page);
	if (unlikely(!copied))
		*from = before;
	return rc ? rc : (ssize_t)copied;
}

/* A write of @n bytes that goes on behind the end: as many blocks as come in one piece. */
static void get_ahead(struct write_ctx *ctx, loff_t pos, size_t n)
{
	if (n > PAGE_SIZE && pos >= ctx->inode->i_size && !(pos & ~PAGE_MASK) && !iomap_covers(&ctx->map, pos))
		(void)!ctx->ops->iomap_begin(ctx->inode, pos, min(n, AHEAD_BYTES), IOMAP_WRITE, &ctx->map);
}

ssize_t iomap_file_buffered_write(struct file *file, struct iov_iter *from, loff_t pos, const struct iomap_ops *ops)
{
	struct write_ctx ctx = { .file = file, .inode = file->f_mapping->host, .ops = ops };
	ssize_t done = 0, rc = 0;

	if (pos > ctx.inode->i_size)
		iomap_zero_tail(ctx.inode, ctx.inode->i_size);
	while (from->count) {
		size_t n = min(PAGE_SIZE - (pos & ~PAGE_MASK), from->count);

		get_ahead(&ctx, pos, from->count);
		rc = write_one(&ctx, from, pos, n);
		if (rc < 0)
			break;
		pos += rc;
		done += rc;
		balance_dirty_pages_ratelimited(file->f_mapping);
		if (cond_resched_killable()) {
			rc = -EINTR;
			break;
		}
	}
	if (rc < 0 || from->count)
		ops->trim(ctx.inode);
	return done ? done : rc;
}

/* ---- mappings ------------------------------------------------------------------------------------ */

unsigned iomap_page_mkwrite(struct vm_fault *vmf, const struct iomap_ops *ops)
{
	struct file *file = vmf->vma->vm_file;
	struct write_ctx ctx = { .file = file, .inode = file->f_mapping->host, .ops = ops };
	struct page *page = vmf->page;
	loff_t pos = (loff_t)page->index << PAGE_SHIFT, size;	/* not vmf->pgoff: it may be nonlinear */
	unsigned wait;
	bool fresh;
	int rc = 0;

	file_update_time(file);
	wait = fault_balance_dirty_pages(vmf);
	if (likely(!wait))
		wait = lock_page_or_retry(page, vmf);
	if (unlikely(wait))
		return wait;		/* the fault's lock is let go: nothing of the region is looked at */
	size = READ_ONCE(ctx.inode->i_size);
	if (page->mapping != file->f_mapping || pos >= size) {
		unlock_page(page);
		return VM_FAULT_NOPAGE;		/* truncated: fault again */
	}
	if (!PageMappedToDisk(page))
		rc = get_blocks(&ctx, page, pos, min_t(u64, PAGE_SIZE, size - pos), &fresh);
	if (rc) {
		unlock_page(page);
		return rc == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
	}
	set_page_dirty(page);
	wait_on_page_writeback(page);
	return VM_FAULT_LOCKED;
}

/* ---- the end of the file -------------------------------------------------------------------------- */

/* The page that holds @pos, locked and uptodate; NULL: *rc says why not, 0 if there is only a hole. */
static struct page *page_at(struct inode *inode, loff_t pos, const struct iomap_ops *ops, int *rc)
{
	struct address_space *mapping = inode->i_mapping;
	struct iomap map;
	struct page *page = find_lock_page(mapping, pos >> PAGE_SHIFT);

	for (;;) {
		if (page && PageUptodate(page))
			return page;
		if (page) {
			unlock_page(page);
			put_page(page);
		}
		*rc = ops->iomap_begin(inode, pos, 1, 0, &map);
		if (*rc || map.type == IOMAP_HOLE)
			return NULL;
		page = read_mapping_page(mapping, pos >> PAGE_SHIFT, NULL, rc);
		if (!page)
			return NULL;
		put_page(page);
		page = find_lock_page(mapping, pos >> PAGE_SHIFT);
	}
}

int iomap_truncate_page(struct inode *inode, loff_t size, const struct iomap_ops *ops)
{
	unsigned off = size & ~PAGE_MASK;
	struct page *page;
	int rc = 0;

	if (!(size & (inode->i_sb->s_blocksize - 1)) && !off)
		return 0;
	page = page_at(inode, size, ops, &rc);
	if (!page)
		return rc;
	/* Smaller blocks of it may go; a page that nobody dirtied need not be written for those that are whole. */
	ClearPageMappedToDisk(page);
	wait_on_page_writeback(page);
	zero_page_part(page, off, PAGE_SIZE);
	if (size & (inode->i_sb->s_blocksize - 1))
		set_page_dirty(page);
	unlock_page(page);
	put_page(page);
	return 0;
}

void iomap_zero_tail(struct inode *inode, loff_t size)
{
	struct page *page;

	if (!(size & ~PAGE_MASK))
		return;
	page = find_lock_page(inode->i_mapping, size >> PAGE_SHIFT);
	if (!page)
		return;
	if (PageUptodate(page)) {
		/* Stores come by page_mkwrite again, which gives them blocks. */
		if (clear_page_dirty_for_io(page))
			set_page_dirty(page);
		zero_page_part(page, size & ~PAGE_MASK, PAGE_SIZE);	/* W3 */
	}
	unlock_page(page);
	put_page(page);
}
