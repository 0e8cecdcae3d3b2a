/*
 * kernel/futex/key.c - what a futex is called.
 *
 * MODEL     KEY_PRIVATE  the caller says that only its mm sees the word: mm and address.
 *           Without that word the page decides.  KEY_ANON: it is anonymous, so the mm and the address, but a
 *           private call on the same word does not meet it.  KEY_FILE: it belongs to a file (or to shared
 *           memory), so all who map that meet: the inode's sequence number and the offset.
 * INVARIANTS
 *   Q1  No key names one thing today and another tomorrow: an address of a struct would, a number that counts
 *       up (mm->id, inode->i_sequence) does not.  A waiter's key may outlive the mm that requeued it there.
 * FAILURE   A word whose page cannot be had, or that no other task could ever change: -EFAULT.
 * COST      Private: no lock, no look at the page.  Shared: the region; where it is of a file, its page.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/futex/internal.h"
#include "mm/fault/fault.h"
#include "mm/phys/gfp.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

#define FUTEX_HASH_BITS	8

static struct futex_bucket buckets[1 << FUTEX_HASH_BITS];

void __init futex_init(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(buckets); i++) {
		spin_lock_init(&buckets[i].lock, RANK_NONE);	/* two at a time */
		INIT_LIST_HEAD(&buckets[i].waiters);
	}
}

struct futex_bucket *bucket_of(const struct futex_key *key)
{
	u64 h = (key->object + key->kind) * 0x9e3779b97f4a7c15ull ^ (key->where >> 2);

	return &buckets[h * 0x9e3779b97f4a7c15ull >> (64 - FUTEX_HASH_BITS)];
}

/* ---- shared words ---------------------------------------------------------------------------- */

/* The number of @inode, given the first time somebody asks (Q1). */
static u64 inode_sequence(struct inode *inode)
{
	static atomic_long_t last;
	u64 seq = __atomic_load_n(&inode->i_sequence, __ATOMIC_RELAXED), mine;

	if (seq)
		return seq;
	mine = atomic_long_inc_return(&last);
	return __atomic_compare_exchange_n(&inode->i_sequence, &seq, mine, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED) ? mine : seq;
}

/* The page at @addr of @vma, by an access that the caller may make; 0 or -EFAULT, -ENOMEM, -EINTR */
static int get_word_page(struct vm_area_struct *vma, unsigned long addr, bool write, struct page **page)
{
	long got;

	/* A private copy that a later write would make is the word that is meant. */
	if (!(vma->vm_flags & VM_SHARED) && (vma->vm_flags & VM_WRITE))
		write = true;
	mmap_assert_locked(vma->vm_mm);
	got = get_user_pages_remote(vma->vm_mm, addr & PAGE_MASK, 1, write ? FOLL_WRITE : 0, page);
	return got < 0 ? got : 0;
}

/* -EAGAIN: the page left its file meanwhile. */
static int key_of_page(struct vm_area_struct *vma, unsigned long addr, struct page *page, struct futex_key *key)
{
	struct address_space *mapping;

	if (PageAnon(page)) {
		if (!(vma->vm_flags & VM_WRITE))
			return -EFAULT;
		*key = (struct futex_key){ vma->vm_mm->id, addr, KEY_ANON };
		return 0;
	}
	if (!vma->vm_file)
		return -EFAULT;			/* the zero page, a frame of the kernel's */
	mapping = vma->vm_file->f_mapping;
	if (READ_ONCE(page->mapping) != mapping)
		return -EAGAIN;
	*key = (struct futex_key){ inode_sequence(mapping->host),
				   (READ_ONCE(page->index) << PAGE_SHIFT) + addr % PAGE_SIZE, KEY_FILE };
	return 0;
}

/* => mmap_lock held (read): the region keeps its file, and the file its inode */
static int key_in_region(struct vm_area_struct *vma, unsigned long addr, bool write, struct futex_key *key)
{
	struct page *page;
	int rc;

	/* What a fault here brings is known without one. */
	if (!vma->vm_file && !(vma->vm_flags & (VM_SHARED | VM_IO | VM_PFNMAP)) && (vma->vm_flags & VM_WRITE)) {
		*key = (struct futex_key){ vma->vm_mm->id, addr, KEY_ANON };
		return 0;
	}
	rc = get_word_page(vma, addr, write, &page);
	if (rc)
		return rc;
	rc = key_of_page(vma, addr, page, key);
	put_page(page);
	return rc;
}

int get_shared_key(unsigned long addr, bool write, struct futex_key *key)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int rc;

	do {
		mmap_read_lock(mm);
		vma = vma_lookup(mm, addr);
		rc = vma ? key_in_region(vma, addr, write, key) : -EFAULT;
		mmap_read_unlock(mm);
		cond_resched();
	} while (rc == -EAGAIN && !fatal_signal_pending());
	return rc == -EAGAIN ? -EFAULT : rc;
}

/* ---- two at a time --------------------------------------------------------------------------- */

int get_two(u32 __user *u1, unsigned flags1, u32 __user *u2, unsigned flags2, struct futex_two *t)
{
	int rc = get_key(u1, flags1, &t->k1);

	if (!rc)
		rc = get_key(u2, flags2, &t->k2);
	if (rc)
		return rc;
	t->b1 = bucket_of(&t->k1);
	t->b2 = bucket_of(&t->k2);
	return 0;
}

void lock_two(struct futex_bucket *a, struct futex_bucket *b) ACQUIRE(a->lock, b->lock) NO_LOCK_ANALYSIS
{
	if (a > b)
		swap(a, b);
	spin_lock(&a->lock);
	if (a != b)
		spin_lock(&b->lock);
}

void unlock_two(struct futex_bucket *a, struct futex_bucket *b) RELEASE(a->lock, b->lock) NO_LOCK_ANALYSIS
{
	spin_unlock(&a->lock);
	if (a != b)
		spin_unlock(&b->lock);
}

/* ---- the word -------------------------------------------------------------------------------- */

int read_word_locked(u32 *val, u32 __user *uaddr)
{
	int rc;

	pagefault_disable();
	rc = get_user(*val, uaddr);
	pagefault_enable();
	return rc;
}

int cmpxchg_word_locked(u32 __user *uaddr, u32 old, u32 new_, u32 *seen)
{
	int rc;

	pagefault_disable();
	rc = futex_cmpxchg_user(uaddr, old, new_, seen);
	pagefault_enable();
	return rc;
}

int fault_in_word(u32 __user *uaddr)
{
	u32 old;

	return futex_op_user(1, 0, uaddr, &old);	/* adds nothing */
}
