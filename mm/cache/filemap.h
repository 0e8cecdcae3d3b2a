/*
 * mm/cache/filemap.h - file reads, writes and mappings through the page cache.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_CACHE_FILEMAP_H
#define VELLUM_MM_CACHE_FILEMAP_H

#include "include/uaccess.h"
#include "mm/cache/pagemap.h"

/* For pages that the direct map does not show. */
size_t copy_high_page_to_iter(struct page *page, size_t off, size_t n, struct iov_iter *to);
size_t copy_high_page_from_iter(struct page *page, size_t off, size_t n, struct iov_iter *from);

/* Bytes copied of [@off, @off + @n) of @page, n > 0.  The common case, one user segment, is inline. */
static inline size_t copy_page_to_iter(struct page *page, size_t off, size_t n, struct iov_iter *to)
{
	char *kaddr;

	if (PageHighMem(page))
		return copy_high_page_to_iter(page, off, n, to);
	kaddr = (char *)page_to_virt(page) + off;
	if (unlikely(!to->user || n > to->iov->iov_len - to->offset))
		return copy_to_iter(kaddr, n, to);
	n -= copy_to_user((char *)to->iov->iov_base + to->offset, kaddr, n);
	to->offset += n;
	to->count -= n;
	return n;
}

static inline size_t copy_page_from_iter(struct page *page, size_t off, size_t n, struct iov_iter *from)
{
	char *kaddr = PageHighMem(page) ? NULL : (char *)page_to_virt(page) + off;

	if (unlikely(!kaddr)) {
		n = copy_high_page_from_iter(page, off, n, from);
	} else if (unlikely(!from->user || n > from->iov->iov_len - from->offset)) {
		n = copy_from_iter(kaddr, n, from);
	} else {
		n -= copy_from_user(kaddr, (char *)from->iov->iov_base + from->offset, n);
		from->offset += n;
		from->count -= n;
	}
	flush_dcache_page(page);
	return n;
}

/* file_operations for files whose a_ops have readpage (and write_begin/write_end). */
ssize_t generic_file_read(struct file *file, struct iov_iter *to, loff_t *pos);
ssize_t generic_file_write(struct file *file, struct iov_iter *from, loff_t *pos);
/* The copy loop of a write: i_rwsem held, position and limits checked. */
ssize_t generic_perform_write(struct file *file, struct iov_iter *from, loff_t pos);
/* May @inode become @size bytes long?  0, or -EFBIG, with SIGXFSZ if that is beyond RLIMIT_FSIZE. */
int inode_newsize_ok(const struct inode *inode, loff_t size);
/*
 * What every regular file's write starts with: O_APPEND, RLIMIT_FSIZE, s_maxbytes.  May move *pos and
 * shorten *from.  Bytes to write (0: nothing), or -errno.
 */
/* Cut *@count off at RLIMIT_FSIZE and at what the file system can hold; -EFBIG (and SIGXFSZ) when nothing is left. */
int generic_write_check_limits(struct file *file, loff_t pos, size_t *count);
ssize_t generic_write_checks(struct file *file, struct iov_iter *from, loff_t *pos);
int generic_file_mmap(struct file *file, struct vm_area_struct *vma);
int generic_file_fsync(struct file *file, loff_t start, loff_t end, int datasync);

/* Wait queues and node cache; once, after the slab allocator is up. */
void page_cache_init(void);
extern const struct vm_operations_struct generic_file_vm_ops;
unsigned filemap_fault(struct vm_fault *vmf);
void filemap_map_pages(struct vm_fault *vmf, pgoff_t start, pgoff_t end);
unsigned filemap_page_mkwrite(struct vm_fault *vmf);
/* Up-call: fs/attr.c */
/* May the caller know which pages are cached, which tells what others read?  The owner, and who may write. */
bool may_see_residency(struct inode *inode);

#endif
