/*
 * mm/cache/shmem.c - files whose only store is the page cache: tmpfs, shared anonymous memory, memfd.
 *
 * MODEL     A page of such a file is in the cache or it is a hole, which reads as zeros.  A page enters
 *           whole and uptodate: a write fills it before anyone can see it, a fault zeroes it.  Only a page that
 *           fallocate() has put aside is not uptodate: it is filled when it is first used, and until then it is
 *           no more than a hole that has its memory already.
 *           Limits: each page is a block of its instance (size=), and a promise (vm_committed_as): either
 *           the file's size was promised at once (shared mappings), or each page is (VM_NORESERVE).
 * INVARIANTS
 *   H1  A page that is not uptodate is mapped nowhere, and nobody reads its content.
 *   H2  sbinfo->used_blocks and inode->i_blocks count the pages; they change with the page's entry.
 *   H3  What is promised is the file's size, at once, or each page that it has, never both.
 * LOCKING   i_rwsem for writes, size and seals; i_blocks is atomic.  Faults fill holes without
 *           i_rwsem, so an insertion may find that another was quicker.
 * COST      A 4 KiB write to a hole: one page, one xarray insertion, the copy; nothing is zeroed.
 * TESTS     test/host/mm/cache/test_shmem.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/shmem.h"
#include "include/uaccess.h"
#include "include/uapi/resource.h"
#include "include/userfaultfd_k.h"
#include "lib/string.h"
#include "mm/kmap/highmem.h"
#include "mm/slab/slab.h"
#include "mm/policy/account.h"
#include "mm/policy/mempolicy.h"

static struct kmem_cache *shmem_inode_cachep;

#define MAX_SHMEM_BYTES	((loff_t)(~0ul >> 1) & (loff_t)PAGE_MASK)

void shmem_init(void)
{
	shmem_inode_cachep = KMEM_CACHE(shmem_inode_info, SLAB_PANIC | SLAB_ACCOUNT);
}

unsigned long shmem_default_max_blocks(void) { return totalram_pages() / 2; }
unsigned long shmem_default_max_inodes(void) { return totalram_pages() / 2; }

void shmem_statfs(const struct shmem_sb_info *sbi, u64 *total, u64 *avail)
{
	unsigned long used = atomic_long_read(&sbi->used_blocks);

	*total = sbi->max_blocks;
	*avail = used < sbi->max_blocks ? sbi->max_blocks - used : 0;
}

/* ---- accounts -------------------------------------------------------------------------------- */

/* Room for one more page in the instance; 0, -ENOSPC. */
static int charge_block(struct shmem_sb_info *sbi)
{
	if (!sbi || atomic_long_add_return(1, &sbi->used_blocks) <= (long)sbi->max_blocks || !sbi->max_blocks)
		return 0;
	atomic_long_dec(&sbi->used_blocks);
	return -ENOSPC;
}

int shmem_charge_link(struct inode *inode, struct shmem_sb_info *sbi)
{
	int rc = charge_block(sbi);

	if (!rc)
		inode->i_blocks = PAGE_SIZE / 512;
	return rc;
}

void shmem_uncharge_link(struct inode *inode, struct shmem_sb_info *sbi)
{
	if (inode->i_blocks)
		atomic_long_dec(&sbi->used_blocks);
}

/* Room for one more page in the instance and in the promises; 0, -ENOSPC. */
static int shmem_charge(struct shmem_inode_info *info)
{
	if ((info->flags & VM_NORESERVE) && security_vm_enough_memory(NULL, 1))
		return -ENOSPC;
	if (!charge_block(info->sbinfo))
		return 0;
	if (info->flags & VM_NORESERVE)
		vm_unacct_memory(1);
	return -ENOSPC;
}

static void shmem_uncharge(struct shmem_inode_info *info)
{
	if (info->flags & VM_NORESERVE)
		vm_unacct_memory(1);
	if (info->sbinfo)
		atomic_long_dec(&info->sbinfo->used_blocks);
	INV(H2, !info->sbinfo || atomic_long_read(&info->sbinfo->used_blocks) >= 0);
}

/* => mapping->lock held: the page leaves the cache (H2) */
static void shmem_freepage(struct page *page)
{
	struct inode *inode = page->mapping->host;

	INV(H2, READ_ONCE(inode->i_blocks) >= PAGE_SIZE / 512);
	__atomic_fetch_sub(&inode->i_blocks, PAGE_SIZE / 512, __ATOMIC_RELAXED);
	shmem_uncharge(SHMEM_I(inode));
}

/*
 * Who puts a page in: a fault and who answers one do not hold i_rwsem.  What fallocate() puts in is empty, and what a
 * fault puts in is clean: until someone writes through an entry, which will say so, a new one would be the same.
 */
enum shmem_use { USE_FAULT, USE_MFILL, USE_WRITE, USE_FALLOCATE };

/*
 * Put the charged page in at @index; it is unlocked then, and filled but for fallocate().
 * 0, -EEXIST, -ENOMEM; -ERANGE: the file ends before it now (X2 of truncate.c), the charge is given back
 */
static __always_inline int shmem_add_page(struct inode *inode, struct page *page, pgoff_t index, enum shmem_use use)
{
	int rc;

	INV(H2, !page->mapping && page_count(page) > 0);
	page->flags |= BIT(PG_swapbacked) | (use == USE_FAULT ? 0 : BIT(PG_dirty)) |
		       (use == USE_FALLOCATE ? 0 : BIT(PG_uptodate));
	rc = add_to_page_cache(page, inode->i_mapping, index);
	if (unlikely(rc))
		return rc;
	/* The page is locked: it cannot have left yet. */
	__atomic_fetch_add(&inode->i_blocks, PAGE_SIZE / 512, __ATOMIC_RELAXED);
	if (use <= USE_MFILL) {
		smp_mb();	/* the page before the look at the size: pairs with truncate_setsize() */
		if (unlikely(index >= file_end_index(inode))) {
			delete_from_page_cache(page);
			rc = -ERANGE;
		}
	}
	unlock_page(page);
	return rc;
}

/* The first use of a page that fallocate() has put aside. */
static __noinline void shmem_fill_page(struct page *page)
{
	lock_page(page);
	if (!PageUptodate(page)) {
		INV(H1, !page_mapcount(page));
		clear_highpage(page);
		smp_wmb();	/* zeros before the flag: pairs with read_batch() */
		SetPageUptodate(page);
	}
	unlock_page(page);
}

/* A page for @index, from where the region in which it is touched wants its memory. */
static struct page *shmem_alloc_page(gfp_t gfp, pgoff_t index, const struct vm_area_struct *vma)
{
	if (!vma)
		return page_cache_alloc(gfp);
	return alloc_page_vma(gfp, vma, vma->vm_start + ((index - vma->vm_pgoff) << PAGE_SHIFT));
}

/* There was no page at @index: fill the hole, or find who did.  Referenced; NULL and *err */
static __noinline struct page *shmem_fill_hole(struct inode *inode, pgoff_t index, const struct vm_area_struct *vma,
					       enum shmem_use use, int *err)
{
	gfp_t gfp = inode->i_mapping->gfp_mask | (use == USE_FALLOCATE ? 0 : __GFP_ZERO);
	struct page *page;
	int rc;

	do {
		rc = shmem_charge(SHMEM_I(inode));
		*err = rc;
		if (rc)
			return NULL;
		page = shmem_alloc_page(gfp, index, vma);
		rc = page ? shmem_add_page(inode, page, index, use) : -ENOMEM;
		if (!rc)
			return page;
		if (rc != -ERANGE)
			shmem_uncharge(SHMEM_I(inode));
		if (page)
			put_page(page);
		*err = rc;
		if (rc != -EEXIST)
			return NULL;
		page = find_get_page(inode->i_mapping, index);
	} while (!page);
	return page;
}

/*
 * The page at @index for @use, in @vma or NULL; a hole is filled, with zeros unless by fallocate().
 * Referenced; NULL and *err
 */
static struct page *shmem_getpage(struct inode *inode, pgoff_t index, const struct vm_area_struct *vma,
				  enum shmem_use use, int *err)
{
	struct page *page = find_get_page(inode->i_mapping, index);

	if (unlikely(!page))
		page = shmem_fill_hole(inode, index, vma, use, err);
	if (unlikely(page && !PageUptodate(page) && use != USE_FALLOCATE))
		shmem_fill_page(page);
	return page;
}

/* ---- read and write -------------------------------------------------------------------------- */

#define READ_BATCH	16u

/* Bytes [@pos, @pos + @n) of pages that are looked up together: n fits READ_BATCH pages.  Bytes copied. */
static size_t read_batch(struct inode *inode, struct iov_iter *to, loff_t pos, size_t n)
{
	struct page *pages[READ_BATCH];
	size_t off = pos & ~PAGE_MASK, done = 0;
	unsigned nr = (off + n + PAGE_SIZE - 1) >> PAGE_SHIFT, i;

	find_get_range(inode->i_mapping, pos >> PAGE_SHIFT, nr, pages);
	for (i = 0; i < nr; i++) {
		size_t len = min(PAGE_SIZE - off, n - done), copied;

		if (likely(pages[i] && PageUptodate(pages[i]))) {
			smp_rmb();	/* pairs with shmem_fill_page() */
			copied = copy_page_to_iter(pages[i], off, len, to);
		} else {
			copied = iov_iter_zero(len, to);
		}
		if (likely(pages[i]))
			put_page(pages[i]);
		done += copied;
		off = 0;
		if (unlikely(copied < len))
			break;
	}
	while (++i < nr)		/* not reached: user memory ended */
		if (pages[i])
			put_page(pages[i]);
	return done;
}

ssize_t shmem_file_read(struct file *file, struct iov_iter *to, loff_t *ppos)
{
	struct inode *inode = file->f_inode;
	loff_t pos = *ppos, size = READ_ONCE(inode->i_size);
	ssize_t done = 0;
	int err = 0;

	while (to->count && pos < size) {
		size_t n = min_t(size_t, to->count, size - pos), copied;

		n = min(n, READ_BATCH * PAGE_SIZE - (pos & ~PAGE_MASK));
		copied = read_batch(inode, to, pos, n);
		pos += copied;
		done += copied;
		if (unlikely(copied < n)) {
			err = -EFAULT;
			break;
		}
		if (cond_resched_killable())
			break;
	}
	*ppos = pos;
	file_accessed(file);
	return done ? done : err;
}

/*
 * Write to a page that is there.  The copy may fault for the very page, so it is made unlocked: i_rwsem
 * keeps the page in the cache.
 */
static size_t write_present(struct page *page, struct iov_iter *from, size_t off, size_t n)
{
	size_t copied;

	if (unlikely(!PageUptodate(page)))
		shmem_fill_page(page);
	copied = copy_page_from_iter(page, off, n, from);
	if (!PageDirty(page))
		SetPageDirty(page);
	put_page(page);
	return copied;
}

static void zero_page_part(struct page *page, size_t from, size_t to)
{
	char *va = kmap_local_page(page);

	memset(va + from, 0, to - from);
	kunmap_local(va);
}

static void copy_page_part(struct page *to, struct page *from, size_t off, size_t n)
{
	char *src = kmap_local_page(from), *dst = kmap_local_page(to);

	memcpy(dst + off, src + off, n);
	kunmap_local(dst);
	kunmap_local(src);
}

/* Bytes of one page, [@pos, @pos + @n), that were a hole: fill a new page and show it.  *copied; 0 or -errno */
static int write_hole(struct inode *inode, struct iov_iter *from, loff_t pos, size_t n, size_t *copied)
{
	size_t off = pos & ~PAGE_MASK, got;
	struct page *page, *there;
	int rc = shmem_charge(SHMEM_I(inode));

	if (unlikely(rc))
		return rc;
	page = page_cache_alloc(inode->i_mapping->gfp_mask);
	rc = -ENOMEM;
	if (unlikely(!page))
		goto undo_charge;
	if (off)
		zero_page_part(page, 0, off);
	got = copy_page_from_iter(page, off, n, from);
	*copied = got;
	rc = -EFAULT;
	if (unlikely(!got))
		goto undo_page;
	if (off + got < PAGE_SIZE)
		zero_page_part(page, off + got, PAGE_SIZE);
	rc = shmem_add_page(inode, page, pos >> PAGE_SHIFT, USE_WRITE);
	if (likely(!rc)) {
		put_page(page);
		return 0;
	}
	if (rc == -EEXIST) {		/* a fault was quicker; our data still goes there */
		there = shmem_getpage(inode, pos >> PAGE_SHIFT, NULL, USE_WRITE, &rc);
		if (there) {
			copy_page_part(there, page, off, got);
			SetPageDirty(there);
			put_page(there);
			rc = 0;
		}
	}
undo_page:
	put_page(page);
undo_charge:
	shmem_uncharge(SHMEM_I(inode));
	return rc;
}

/* What seals say to a write of [@pos, @pos + @n). */
static int seals_allow_write(struct inode *inode, loff_t pos, size_t n)
{
	unsigned seals = SHMEM_I(inode)->seals;

	if (likely(!(seals & ~F_SEAL_SEAL)))
		return 0;
	if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	return (seals & F_SEAL_GROW) && pos + (loff_t)n > inode->i_size ? -EPERM : 0;
}

/* => i_rwsem held for writing */
static ssize_t shmem_perform_write(struct inode *inode, struct iov_iter *from, loff_t pos)
{
	ssize_t done = 0;
	int rc = 0;

	rwsem_assert_held_write(&inode->i_rwsem);
	while (from->count) {
		size_t off = pos & ~PAGE_MASK, n = min(PAGE_SIZE - off, from->count), copied = 0;
		struct page *page = find_get_page(inode->i_mapping, pos >> PAGE_SHIFT);

		if (page) {
			copied = write_present(page, from, off, n);
			rc = copied ? 0 : -EFAULT;
		} else {
			rc = write_hole(inode, from, pos, n, &copied);
		}
		if (unlikely(rc))
			break;
		pos += copied;
		done += copied;
		if (pos > inode->i_size)
			WRITE_ONCE(inode->i_size, pos);
		if (unlikely(copied < n)) {
			rc = -EFAULT;
			break;
		}
		if (cond_resched_killable()) {
			rc = -EINTR;
			break;
		}
	}
	return done ? done : rc;
}

ssize_t shmem_file_write(struct file *file, struct iov_iter *from, loff_t *pos)
{
	struct inode *inode = file->f_inode;
	ssize_t rc;

	down_write(&inode->i_rwsem);
	rc = generic_write_checks(file, from, pos);
	if (rc <= 0)
		goto out;
	rc = seals_allow_write(inode, *pos, from->count);
	if (!rc)
		rc = file_remove_privs(file);
	if (rc)
		goto out;
	rc = shmem_perform_write(inode, from, *pos);
	if (rc > 0) {
		*pos += rc;
		file_update_time(file);
	}
out:
	up_write(&inode->i_rwsem);
	return rc;
}

/*
 * The first page from @index on, up to @last, that has data (SEEK_DATA) or has none; ~0: none.
 * => i_rwsem keeps pages from leaving
 */
static pgoff_t seek_page(struct address_space *mapping, unsigned long index, pgoff_t last, int whence)
{
	unsigned long at, looks = 0;
	struct page *page;

	INV(H2, rwsem_is_locked(&mapping->host->i_rwsem));
	spin_lock(&mapping->lock);
	for (;; index++) {
		at = index;
		page = index <= last ? xa_find(&mapping->i_pages, &at, last) : NULL;
		if (whence == SEEK_HOLE && (!page || at > index || !PageUptodate(page)))
			break;
		index = at;
		if (whence == SEEK_DATA && (!page || PageUptodate(page)))
			break;
		if (unlikely(++looks % 1024 == 0)) {	/* let others have the file */
			spin_unlock(&mapping->lock);
			cond_resched();
			spin_lock(&mapping->lock);
		}
	}
	spin_unlock(&mapping->lock);
	return page || whence == SEEK_HOLE ? index : ~0ul;
}

loff_t shmem_file_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file->f_inode;
	struct address_space *mapping = inode->i_mapping;
	unsigned long index;
	loff_t at;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, offset, whence, MAX_SHMEM_BYTES, inode->i_size);
	down_read(&inode->i_rwsem);
	at = -ENXIO;
	if (offset < 0 || offset >= inode->i_size)
		goto out;
	index = seek_page(mapping, offset >> PAGE_SHIFT, (inode->i_size - 1) >> PAGE_SHIFT, whence);
	if (whence == SEEK_DATA && index == ~0ul)
		goto out;
	at = max(offset, (loff_t)(index << PAGE_SHIFT));
	if (whence == SEEK_HOLE)
		at = min(at, inode->i_size);
	file->f_pos = at;
out:
	up_read(&inode->i_rwsem);
	return at;
}

/* ---- size, holes ----------------------------------------------------------------------------- */

/* A file whose size is a promise changes it; 0 or -ENOMEM. */
static int shmem_reacct_size(struct shmem_inode_info *info, loff_t new_size)
{
	unsigned long nr = ((u64)new_size + PAGE_SIZE - 1) >> PAGE_SHIFT;

	if (info->flags & VM_NORESERVE)
		return 0;
	if (nr > info->reserved && security_vm_enough_memory(NULL, nr - info->reserved))
		return -ENOMEM;
	if (nr < info->reserved)
		vm_unacct_memory(info->reserved - nr);
	info->reserved = nr;
	INV(A2, atomic_long_read(&vm_committed_as) >= 0);
	return 0;
}

int shmem_truncate(struct inode *inode, loff_t new_size)
{
	struct shmem_inode_info *info = SHMEM_I(inode);
	int rc;

	if ((new_size < inode->i_size && (info->seals & F_SEAL_SHRINK)) ||
	    (new_size > inode->i_size && (info->seals & F_SEAL_GROW)))
		return -EPERM;
	rwsem_assert_held_write(&inode->i_rwsem);
	rc = shmem_reacct_size(info, new_size);
	if (rc)
		return rc;
	truncate_setsize(inode, new_size);
	return 0;
}

static void shmem_punch_hole(struct inode *inode, loff_t offset, loff_t len)
{
	loff_t first = ALIGN(offset, (loff_t)PAGE_SIZE);
	loff_t end = ALIGN_DOWN(offset + len, (loff_t)PAGE_SIZE);

	if (end > first)
		unmap_mapping_range(inode->i_mapping, first, end - first, 0);
	truncate_inode_pages_range(inode->i_mapping, offset, offset + len - 1);
}

#define UNDO_BATCH	16u

/* Give back what was put aside in [@first, @end) and not used since.  => i_rwsem held for writing */
static void shmem_unallocate(struct address_space *mapping, pgoff_t first, pgoff_t end)
{
	struct page *pages[UNDO_BATCH];
	unsigned nr;

	while (first < end && (nr = find_get_pages(mapping, &first, end - 1, UNDO_BATCH, pages))) {
		for (unsigned i = 0; i < nr; i++) {
			lock_page(pages[i]);	/* nobody uses it from here on (H1) */
			INV(H1, PageUptodate(pages[i]) || !page_mapcount(pages[i]));
			if (pages[i]->mapping == mapping && !PageUptodate(pages[i]))
				delete_from_page_cache(pages[i]);
			unlock_page(pages[i]);
		}
		free_pages_bulk(pages, nr);
		cond_resched();
	}
}

/* Make every page of [@first, @end) present; on failure those that were added go again. */
static int shmem_allocate(struct inode *inode, pgoff_t first, pgoff_t end)
{
	struct page *page;
	int rc = 0;

	for (pgoff_t index = first; index < end; index++) {
		page = signal_pending() ? NULL : shmem_getpage(inode, index, NULL, USE_FALLOCATE, &rc);
		if (!page) {
			shmem_unallocate(inode->i_mapping, first, index);
			return rc ? rc : -EINTR;
		}
		put_page(page);
		cond_resched();
	}
	return 0;
}

long shmem_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file->f_inode;
	struct shmem_inode_info *info = SHMEM_I(inode);
	struct shmem_sb_info *sbi = info->sbinfo;
	u64 end = (u64)offset + len;
	long rc = 0;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	down_write(&inode->i_rwsem);
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		rc = info->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ? -EPERM : 0;
		if (!rc)
			shmem_punch_hole(inode, offset, len);
		goto out;
	}
	rc = inode_newsize_ok(inode, end);	/* pages beyond the end count as well */
	if (rc)
		goto out;
	rc = -EPERM;
	if ((info->seals & F_SEAL_GROW) && end > (u64)inode->i_size)
		goto out;
	rc = -ENOSPC;		/* hopeless requests fail before they fill the memory */
	if (sbi && sbi->max_blocks &&
	    (end >> PAGE_SHIFT) - (offset >> PAGE_SHIFT) > sbi->max_blocks)
		goto out;
	rc = shmem_allocate(inode, offset >> PAGE_SHIFT, (end + PAGE_SIZE - 1) >> PAGE_SHIFT);
	if (!rc && !(mode & FALLOC_FL_KEEP_SIZE) && end > (u64)inode->i_size)
		WRITE_ONCE(inode->i_size, end);
	file_update_time(file);
out:
	up_write(&inode->i_rwsem);
	return rc;
}

/* ---- mapping --------------------------------------------------------------------------------- */

struct page *shmem_find_page(struct inode *inode, pgoff_t index)
{
	struct page *page = index < file_end_index(inode) ? find_get_page(inode->i_mapping, index) : NULL;

	if (page && !PageUptodate(page))
		shmem_fill_page(page);
	return page;
}

/*
 * The page for a fault where a program serves some, referenced: holes are not filled, and what is there is not shown,
 * without asking it.  NULL and *err: -errno, or what the fault answers.
 */
static __noinline struct page *shmem_watched_page(struct vm_fault *vmf, struct inode *inode, int *err)
{
	struct page *page = shmem_find_page(inode, vmf->pgoff);

	if (page && !userfaultfd_minor(vmf->vma))
		return page;
	if (page)
		put_page(page);
	if (!page && !userfaultfd_missing(vmf->vma))
		return shmem_getpage(inode, vmf->pgoff, vmf->vma, USE_FAULT, err);
	*err = handle_userfault(vmf, page ? VM_UFFD_MINOR : VM_UFFD_MISSING);
	return NULL;
}

static __always_inline bool shmem_is_watched(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_MINOR);
}

static unsigned shmem_fault(struct vm_fault *vmf)
{
	struct inode *inode = vmf->vma->vm_file->f_inode;
	struct page *page;
	unsigned rc;
	int err;

	for (;;) {
		if (vmf->pgoff >= file_end_index(inode))
			return VM_FAULT_SIGBUS;
		page = unlikely(shmem_is_watched(vmf->vma)) ? shmem_watched_page(vmf, inode, &err) :
			shmem_getpage(inode, vmf->pgoff, vmf->vma, USE_FAULT, &err);
		if (!page)
			return err >= 0 ? err : err == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_SIGBUS;
		rc = lock_page_or_retry(page, vmf);
		if (unlikely(rc)) {
			put_page(page);
			return rc;
		}
		/* Locked, in the file, and inside: truncation finds it mapped (E3 of mm/fault/file.c). */
		if (likely(page->mapping == inode->i_mapping && vmf->pgoff < file_end_index(inode) &&
			   PageUptodate(page)))
			break;
		unlock_page(page);
		put_page(page);
	}
	INV(H1, PageUptodate(page) && page->index == vmf->pgoff);
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

int shmem_mfill_page(struct inode *inode, struct page *page, pgoff_t index)
{
	int rc = -EFAULT;

	if (index >= file_end_index(inode))
		return -EFAULT;
	if (shmem_charge(SHMEM_I(inode)))
		return -ENOMEM;
	rc = shmem_add_page(inode, page, index, USE_MFILL);
	if (rc == -ERANGE)
		return -EFAULT;		/* the charge is given back */
	if (rc)
		shmem_uncharge(SHMEM_I(inode));
	return rc;
}

const struct vm_operations_struct shmem_vm_ops = {
	.fault = shmem_fault,
	.map_pages = filemap_map_pages,
	.can_nonlinear = true,
};

int shmem_mmap(struct file *file, struct vm_area_struct *vma)
{
	file_accessed(file);
	vma->vm_ops = &shmem_vm_ops;
	return 0;
}

static int shmem_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	(void)file, (void)start, (void)end, (void)datasync;
	return 0;
}

const struct address_space_operations shmem_aops = {
	.set_page_dirty = set_page_dirty_nothing,
	.freepage = shmem_freepage,
};

static int shmem_file_open(__maybe_unused struct inode *inode, struct file *file)
{
	file->f_mode |= FMODE_CAN_ODIRECT;
	return 0;
}

const struct file_operations shmem_file_operations = {
	.open = shmem_file_open,
	.llseek = shmem_file_llseek,
	.read = shmem_file_read,
	.write = shmem_file_write,
	.mmap = shmem_mmap,
	.fsync = shmem_fsync,
	.fallocate = shmem_fallocate,
};

/* ---- birth and death ------------------------------------------------------------------------- */

int shmem_init_mapping(struct inode *inode, struct shmem_sb_info *sbinfo)
{
	struct shmem_inode_info *info = kmem_cache_zalloc(shmem_inode_cachep, GFP_KERNEL);

	if (!info)
		return -ENOMEM;
	info->sbinfo = sbinfo;
	info->seals = F_SEAL_SEAL;
	info->flags = VM_NORESERVE;
	inode->i_private = info;
	inode->i_fop = &shmem_file_operations;
	inode->i_mapping->a_ops = &shmem_aops;
	set_bit(AS_SHMEM, &inode->i_mapping->flags);
	return 0;
}

void shmem_evict_inode(struct inode *inode)
{
	struct shmem_inode_info *info = SHMEM_I(inode);

	truncate_inode_pages_final(inode->i_mapping);
	if (!info)
		return;
	INV(H2, !inode->i_mapping->nrpages);
	INV(H3, !(info->flags & VM_NORESERVE) || !info->reserved);
	vm_unacct_memory(info->reserved);
	inode->i_private = NULL;
	kmem_cache_free(shmem_inode_cachep, info);
}

struct file *shmem_file_setup(const char *name, loff_t size, unsigned long vm_flags)
{
	struct file *file;
	struct shmem_inode_info *info;
	int rc;

	if (size < 0 || size > MAX_SHMEM_BYTES)
		return ERR_PTR(-EINVAL);
	file = shmem_alloc_file(name, S_IFREG | 0777);
	if (IS_ERR(file))
		return file;
	info = SHMEM_I(file->f_inode);
	info->flags = vm_flags & VM_NORESERVE;
	rc = shmem_reacct_size(info, size);
	if (rc) {
		fput(file);
		return ERR_PTR(rc);
	}
	file->f_inode->i_size = size;
	return file;
}

int shmem_zero_setup(struct vm_area_struct *vma)
{
	struct file *file = shmem_file_setup("dev/zero", vma->vm_end - vma->vm_start, vma->vm_flags);

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (vma->vm_file)
		fput(vma->vm_file);	/* /dev/zero itself */
	vma->vm_file = file;
	vma->vm_ops = &shmem_vm_ops;
	return 0;
}
