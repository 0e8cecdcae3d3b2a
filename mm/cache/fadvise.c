/*
 * mm/cache/fadvise.c - what a program says and asks about the cached pages of a file: fadvise64, readahead,
 * cachestat.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "mm/cache/readahead.h"

enum { FADV_NORMAL, FADV_RANDOM, FADV_SEQUENTIAL, FADV_WILLNEED, FADV_DONTNEED, FADV_NOREUSE };

/* Last page of [@offset, @offset + @len); len 0 or too long: to the end. */
static pgoff_t last_page(loff_t offset, loff_t len)
{
	u64 end = (u64)offset + len;

	return !len || end < (u64)len ? ~0ul >> 1 : (end - 1) >> PAGE_SHIFT;
}

static void advise_willneed(struct file *file, loff_t offset, loff_t len)
{
	struct inode *inode = file->f_mapping->host;
	pgoff_t first = (u64)offset >> PAGE_SHIFT, last = last_page(offset, len);

	if (!inode->i_size)
		return;
	last = min(last, ((u64)inode->i_size - 1) >> PAGE_SHIFT);
	if (first <= last)
		force_page_cache_readahead(file->f_mapping, file, first, last - first + 1);
}

/* Only whole pages are given up. */
static void advise_dontneed(struct address_space *mapping, loff_t offset, loff_t len)
{
	pgoff_t first = ((u64)offset + PAGE_SIZE - 1) >> PAGE_SHIFT, last = last_page(offset, len);

	filemap_fdatawrite_range(mapping, offset, len ? offset + len - 1 : ~0ull >> 1);
	if (len && ((u64)offset + len) & ~PAGE_MASK) {
		if (!last)
			return;
		last--;
	}
	if (first <= last)
		invalidate_mapping_pages(mapping, first, last);
}

static int do_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
	if ((file->f_inode->i_mode & S_IFMT) == S_IFIFO)
		return -ESPIPE;
	if (!file->f_mapping || len < 0 || advice < FADV_NORMAL || advice > FADV_NOREUSE)
		return -EINVAL;
	if (advice <= FADV_SEQUENTIAL) {
		file->f_ra.random = advice == FADV_RANDOM;
		file->f_ra.sequential = advice == FADV_SEQUENTIAL;
	} else if (advice == FADV_WILLNEED) {
		advise_willneed(file, offset, len);
	} else if (advice == FADV_DONTNEED) {
		advise_dontneed(file->f_mapping, offset, len);
	}
	return 0;
}

SYSCALL_DEFINE4(fadvise64, unsigned, fd, loff_t, offset, size_t, len, int, advice)
{
	struct file *file = fget(fd);
	int rc;

	if (!file)
		return -EBADF;
	rc = do_fadvise(file, offset, len, advice);
	fput(file);
	return rc;
}

SYSCALL_DEFINE3(readahead, unsigned, fd, loff_t, offset, size_t, count)
{
	struct file *file = fget(fd);
	umode_t type;
	int rc = -EBADF;

	if (!file)
		return -EBADF;
	type = file->f_inode->i_mode & S_IFMT;
	if (file->f_mode & FMODE_READ)
		rc = type == S_IFREG || type == S_IFBLK
			? do_fadvise(file, offset, count, FADV_WILLNEED) : -EINVAL;
	fput(file);
	return rc;
}

struct cachestat_range { u64 off, len; };
struct cachestat { u64 nr_cache, nr_dirty, nr_writeback, nr_evicted, nr_recently_evicted; };

static void count_cached(struct address_space *mapping, pgoff_t index, pgoff_t last, struct cachestat *cs)
{
	struct page *pages[16];
	unsigned nr;

	while ((nr = find_get_pages(mapping, &index, last, ARRAY_SIZE(pages), pages))) {
		for (unsigned i = 0; i < nr; i++) {
			cs->nr_cache++;
			cs->nr_dirty += PageDirty(pages[i]);
			cs->nr_writeback += PageWriteback(pages[i]);
		}
		free_pages_bulk(pages, nr);
		cond_resched();
	}
}

SYSCALL_DEFINE4(cachestat, unsigned, fd, const struct cachestat_range __user *, urange,
		struct cachestat __user *, ucs, unsigned, flags)
{
	struct file *file = fget(fd);
	struct cachestat_range range;
	struct cachestat cs = { 0 };
	int rc = 0;

	if (!file)
		return -EBADF;
	if (copy_from_user(&range, urange, sizeof(range)))
		rc = -EFAULT;
	else if (flags)
		rc = -EINVAL;
	else if (!(file->f_mode & FMODE_WRITE) && !may_see_residency(file->f_inode))
		rc = -EPERM;
	if (!rc) {
		count_cached(file->f_mapping, range.off >> PAGE_SHIFT, last_page(range.off, range.len), &cs);
		rc = copy_to_user(ucs, &cs, sizeof(cs)) ? -EFAULT : 0;
	}
	fput(file);
	return rc;
}
