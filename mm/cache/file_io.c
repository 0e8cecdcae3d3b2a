/*
 * mm/cache/file_io.c - read(2) and write(2) through the page cache.
 *
 * MODEL     Page by page: find it, or have the file system read it in; copy between the page and the
 *           iov_iter.  A write goes through a_ops->write_begin (page, locked, valid where it is not
 *           overwritten) and write_end (size, dirty).
 * INVARIANTS
 *   I1  A page whose bytes are copied is in hand: referenced, and valid when it was found.
 *   I2  The size grows under i_rwsem, and not beyond what was written.
 * LOCKING   Reads take no lock over the copy: a page in hand stays, and i_size is read after the page
 *           was found to be valid.  Writes hold i_rwsem; under a page lock user memory is copied with
 *           page faults refused, for the fault might want the same page: the source is touched
 *           before, and the copy tried again if it fell short.
 * FAILURE   What was transferred is returned; -errno only when that was nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/filemap.h"
#include "mm/cache/dirty.h"
#include "mm/cache/readahead.h"
#include "include/uapi/resource.h"
#include "include/uapi/signal.h"
#include "include/uapi/uio.h"
#include "mm/policy/mempolicy.h"

/* Bring a page that is not uptodate up to date; 0, -EIO..., or 1: it was truncated, look again. */
static int page_make_uptodate(struct address_space *mapping, struct file *file, struct page *page)
{
	int rc = lock_page_killable(page);

	if (rc)
		return rc;
	if (!page->mapping) {
		unlock_page(page);
		return 1;
	}
	if (PageUptodate(page)) {
		unlock_page(page);
		return 0;
	}
	rc = mapping->a_ops->readpage(file, page);	/* unlocks */
	if (rc)
		return rc;
	wait_on_page_locked(page);
	return PageUptodate(page) ? 0 : page->mapping ? -EIO : 1;
}

struct page *read_mapping_page(struct address_space *mapping, pgoff_t index, struct file *file, int *err)
{
	struct page *page;
	int rc;

	for (;;) {
		page = find_get_page(mapping, index);
		if (!page) {
			page = page_cache_alloc(mapping->gfp_mask);
			*err = -ENOMEM;
			if (!page)
				return NULL;
			rc = add_to_page_cache_inside(page, mapping, index);
			if (!rc) {
				rc = mapping->a_ops->readpage(file, page);
				if (!rc)
					wait_on_page_locked(page);
			} else if (rc == -EEXIST) {
				put_page(page);
				continue;
			}
			*err = rc ? rc : PageUptodate(page) ? 0 : -EIO;
		} else {
			rc = PageUptodate(page) ? 0 : page_make_uptodate(mapping, file, page);
			if (rc == 1) {
				put_page(page);
				continue;
			}
			*err = rc;
		}
		if (!*err)
			return page;
		put_page(page);
		return NULL;
	}
}

/* Pages that what is left of a read lies in, from @off of the first on. */
static unsigned long pages_wanted(const struct iov_iter *to, size_t off)
{
	return PFN_UP(off + to->count);
}

ssize_t generic_file_read(struct file *file, struct iov_iter *to, loff_t *ppos)
{
	struct address_space *mapping = file->f_mapping;
	struct inode *inode = mapping->host;
	ssize_t done = 0;
	int err = 0;

	while (to->count && *ppos < inode->i_size) {
		pgoff_t index = *ppos >> PAGE_SHIFT;
		size_t off = *ppos & ~PAGE_MASK, n, copied;
		struct page *page = find_get_page(mapping, index);

		if (unlikely(!page || !PageUptodate(page))) {
			if (page)
				put_page(page);
			else
				page_cache_sync_ra(mapping, file, index, pages_wanted(to, off));
			page = read_mapping_page(mapping, index, file, &err);
			if (!page && err == -ERANGE) {	/* cut meanwhile: that is the end, not an error */
				err = 0;
				continue;
			}
			if (!page)
				break;
		}
		if (unlikely(PageReadahead(page)))
			page_cache_async_ra(mapping, file, page, pages_wanted(to, off));
		/* The size may have fallen while we looked: it is read after the page. */
		if (*ppos >= inode->i_size) {
			put_page(page);
			break;
		}
		n = min_t(size_t, PAGE_SIZE - off, inode->i_size - *ppos);
		n = min(n, to->count);
		INV(I1, page_count(page) > 0 && off + n <= PAGE_SIZE);
		copied = copy_page_to_iter(page, off, n, to);
		put_page(page);
		*ppos += copied;
		done += copied;
		if (copied < n) {
			err = -EFAULT;
			break;
		}
		if (cond_resched_killable()) {
			err = -EINTR;
			break;
		}
	}
	if (done)
		file->f_ra.prev = (*ppos - 1) >> PAGE_SHIFT;
	file_accessed(file);
	return done ? done : err;
}

static int too_large(void)
{
	send_sig(SIGXFSZ, (struct task_struct *)current_base(), 0);
	return -EFBIG;
}

int inode_newsize_ok(const struct inode *inode, loff_t size)
{
	if (size <= inode->i_size)
		return 0;
	if ((u64)size > task_rlimit(RLIMIT_FSIZE))
		return too_large();
	return size > inode->i_sb->s_maxbytes ? -EFBIG : 0;
}

int generic_write_check_limits(struct file *file, loff_t pos, size_t *count)
{
	loff_t limit = task_rlimit(RLIMIT_FSIZE), max = file->f_mapping->host->i_sb->s_maxbytes;

	if (unlikely(limit >= 0 && (u64)limit <= (u64)pos + *count)) {
		if (pos >= limit)
			return too_large();
		*count = min_t(u64, *count, limit - pos);
	}
	if (unlikely(max && pos + (loff_t)*count >= max)) {
		if (pos >= max)
			return -EFBIG;
		*count = min_t(u64, *count, max - pos);
	}
	return 0;
}

ssize_t generic_write_checks(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct inode *inode = file->f_mapping->host;
	int rc;

	if (!from->count)
		return 0;
	if (unlikely((file->f_flags & O_APPEND ? !(from->rwf & RWF_NOAPPEND) : from->rwf & RWF_APPEND)))
		*pos = inode->i_size;
	rc = generic_write_check_limits(file, *pos, &from->count);
	return rc ? rc : (ssize_t)from->count;
}

/* One page's worth: bytes written, or -errno. */
static ssize_t write_one_page(struct file *file, struct iov_iter *from, loff_t pos, size_t n)
{
	struct address_space *mapping = file->f_mapping;
	struct page *page;
	size_t copied;
	int rc;

	rwsem_assert_held_write(&mapping->host->i_rwsem);		/* I2 */
	if (unlikely(iov_iter_fault_in(from, n)))
		return -EFAULT;
	rc = mapping->a_ops->write_begin(file, mapping, pos, n, &page);
	if (rc)
		return rc;
	INV(I1, PageLocked(page) && page->mapping == mapping);
	pagefault_disable();
	copied = copy_page_from_iter(page, pos & ~PAGE_MASK, n, from);
	pagefault_enable();
	return mapping->a_ops->write_end(file, mapping, pos, n, copied, page);
}

ssize_t generic_perform_write(struct file *file, struct iov_iter *from, loff_t pos)
{
	ssize_t done = 0, rc = 0;

	while (from->count) {
		size_t n = min(PAGE_SIZE - (pos & ~PAGE_MASK), from->count);

		rc = write_one_page(file, from, pos, n);
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
	return done ? done : rc;
}

ssize_t generic_file_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct inode *inode = file->f_mapping->host;
	ssize_t rc;

	down_write(&inode->i_rwsem);
	rc = generic_write_checks(file, from, pos);
	if (rc > 0)
		rc = file_remove_privs(file) ?: rc;
	if (rc > 0) {
		file_update_time(file);
		rc = generic_perform_write(file, from, *pos);
	}
	if (rc > 0)
		*pos += rc;
	up_write(&inode->i_rwsem);
	if (rc > 0 && (file->f_flags & O_DSYNC) && file->f_op->fsync) {
		int err = file->f_op->fsync(file, *pos - rc, *pos - 1, 1);

		if (err)
			return err;
	}
	return rc;
}

int generic_file_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	(void)datasync;
	return file_write_and_wait_range(file, start, end);
}
