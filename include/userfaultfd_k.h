/*
 * include/userfaultfd_k.h - faults that a program serves: what the memory manager knows of them, and asks for.
 *
 * MODEL     A userfaultfd context belongs to one address space and watches some of its regions: those whose
 *           vm_userfaultfd_ctx it is.  vm_flags say for what:
 *             VM_UFFD_MISSING  no page is there        VM_UFFD_MINOR  the file has it, the entry is empty
 *             VM_UFFD_WP       the entry's uffd-wp mark is set, and the access is a write
 *           A fault of such a kind is told to the program that reads the descriptor, and waits until that program
 *           has filled the entry and woken it: handle_userfault(), fs/userfaultfd_wait.c.  The entries are
 *           filled by mm/fault/mfill.c and uffd_move.c, marked by mm/entry/uffd_wp.c; regions get and lose their
 *           context in mm/space/userfaultfd.c.
 *           Events: who copies, moves or empties watched regions (fork, mremap, munmap, madvise) tells so, and
 *           waits until it was read; in between mmap_changing makes fills fail, for they may mean what was.
 *           Linux 6.12 has no write-protect mode on riscv64, for want of a bit in its entries; here it is, as Linux
 *           has it on other machines.
 * INVARIANTS
 *   F1  A region has a context exactly when one of VM_UFFD_* is set.
 *   F2  A context's regions are of its address space, and lose it before the context is freed: a region holds no
 *       reference.  Who holds the region's lock may use its context.
 *   F3  An entry has the uffd-wp mark only in a region with VM_UFFD_WP, and then no W.
 * LOCKING   (U) ctx->lock; (W) mmap_lock of ctx->mm.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_USERFAULTFD_K_H
#define VELLUM_USERFAULTFD_K_H

#include "include/mm_types.h"
#include "include/uapi/userfaultfd.h"
#include "kernel/sync/rwsem.h"

#define UFFD_FEATURE_INITIALIZED	(1u << 31)	/* UFFDIO_API was heard; our own bit */

struct userfaultfd_ctx {
	atomic_t refcount;		/* the file's, each waiter's and each event's */
	unsigned flags;			/* (I) of the call: UFFD_USER_MODE_ONLY, O_* */
	unsigned features;		/* (A) set once: UFFD_FEATURE_* | INITIALIZED */
	bool released;			/* (A) the file is closed: nobody waits from now on */
	struct mm_struct *mm;		/* (I) counted (mm_count) */
	/*
	 * mmap_changing counts who changes regions and has not been heard yet.  It goes up under map_changing_lock
	 * for writing; who fills holds that for reading, and finds 0.
	 */
	struct rw_semaphore map_changing_lock;
	atomic_t mmap_changing;
	spinlock_t lock;		/* rank files */
	struct list_head fault_pending;	/* (U) faults that nobody has read */
	struct list_head fault_read;	/* (U) and that were read */
	struct list_head events;	/* (U) events that nobody has read */
	wait_queue_head_t fd_wqh;	/* who reads or polls */
};

static __always_inline bool userfaultfd_missing(const struct vm_area_struct *vma)
{ return vma->vm_flags & VM_UFFD_MISSING; }
static __always_inline bool userfaultfd_wp(const struct vm_area_struct *vma) { return vma->vm_flags & VM_UFFD_WP; }
static __always_inline bool userfaultfd_minor(const struct vm_area_struct *vma)
{ return vma->vm_flags & VM_UFFD_MINOR; }
static __always_inline bool userfaultfd_armed(const struct vm_area_struct *vma)
{ return vma->vm_flags & VM_UFFD_FLAGS; }

/* Does a write in @vma, a region with VM_UFFD_WP, just lose the mark? */
static inline bool userfaultfd_wp_async(const struct vm_area_struct *vma)
{
	return READ_ONCE(vma->vm_userfaultfd_ctx->features) & UFFD_FEATURE_WP_ASYNC;
}

/* Are entries of @vma that show nothing marked too?  Those of files always: the file may have the page. */
static inline bool userfaultfd_wp_use_markers(const struct vm_area_struct *vma)
{
	return !vma_is_anonymous(vma) ||
	       READ_ONCE(vma->vm_userfaultfd_ctx->features) & UFFD_FEATURE_WP_UNPOPULATED;
}

/* ---- up-calls: fs/userfaultfd_wait.c --------------------------------------------------------- */

/*
 * A fault in a watched region, for @reason (one of VM_UFFD_*): tell, and wait.  VM_FAULT_RETRY, and the fault's
 * lock is let go; NOPAGE when the file is closed; SIGBUS when there is no waiting.  => no ptl held
 */
unsigned handle_userfault(struct vm_fault *vmf, unsigned long reason);
/* Entries of [@start, @start + @len) were filled, or nobody fills them: who waits for them makes his access again. */
void wake_userfault(struct userfaultfd_ctx *ctx, unsigned long start, unsigned long len);

/* ---- up-calls: fs/userfaultfd_event.c ------------------------------------------------------- */

/* What fork, mremap and munmap have to tell once they hold no lock. */
struct userfaultfd_remap { struct userfaultfd_ctx *ctx; };

/* Nobody watches @vma, which has no mark.  mm/space/userfaultfd.c */
void userfaultfd_reset_vma(struct vm_area_struct *vma);
/* fork: give @vma, a copy in the child, the child's context; or none, if fork is no event.  0 or -ENOMEM */
__must_check int __dup_userfaultfd(struct vm_area_struct *vma, struct list_head *forks);
/* Tell, or forget, what is on @forks.  => no lock held */
void __dup_userfaultfd_complete(struct list_head *forks);
void __dup_userfaultfd_fail(struct list_head *forks);
static inline __must_check int dup_userfaultfd(struct vm_area_struct *vma, struct list_head *forks)
{ return likely(!vma->vm_userfaultfd_ctx) ? 0 : __dup_userfaultfd(vma, forks); }
static inline void dup_userfaultfd_complete(struct list_head *forks)
{
	if (unlikely(!list_empty(forks)))
		__dup_userfaultfd_complete(forks);
}
static inline void dup_userfaultfd_fail(struct list_head *forks)
{
	if (unlikely(!list_empty(forks)))
		__dup_userfaultfd_fail(forks);
}

/* mremap: does what is moved out of @vma stay watched? */
static inline bool userfaultfd_moves_along(const struct vm_area_struct *vma)
{
	return vma->vm_userfaultfd_ctx &&
	       READ_ONCE(vma->vm_userfaultfd_ctx->features) & UFFD_FEATURE_EVENT_REMAP;
}
/* Entries went to @vma, which is watched as the region was that they were in. */
void __mremap_userfaultfd_prep(struct vm_area_struct *vma, struct userfaultfd_remap *r);
/* => no lock held; @to: the new address or -errno */
void __mremap_userfaultfd_complete(struct userfaultfd_remap *r, unsigned long from, unsigned long to,
				   unsigned long len);
static inline void mremap_userfaultfd_prep(struct vm_area_struct *vma, struct userfaultfd_remap *r)
{
	if (unlikely(vma->vm_userfaultfd_ctx))
		__mremap_userfaultfd_prep(vma, r);
}
static inline void mremap_userfaultfd_complete(struct userfaultfd_remap *r, unsigned long from, unsigned long to,
					       unsigned long len)
{
	if (unlikely(r->ctx))
		__mremap_userfaultfd_complete(r, from, to, len);
}

/* madvise empties [@start, @end) of @vma: true, or it was told, and mmap_lock (read) is let go. */
bool __userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end);
static inline bool userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{ return likely(!vma->vm_userfaultfd_ctx) || __userfaultfd_remove(vma, start, end); }

/* munmap takes [@start, @end), part of which is @vma, away: put it on @unmaps.  0 or -ENOMEM */
__must_check int __userfaultfd_unmap_prep(struct vm_area_struct *vma, unsigned long start, unsigned long end,
					  struct list_head *unmaps);
/* => no lock held */
void __userfaultfd_unmap_complete(struct list_head *unmaps);
static inline void userfaultfd_unmap_complete(struct list_head *unmaps)
{
	if (unlikely(!list_empty(unmaps)))
		__userfaultfd_unmap_complete(unmaps);
}

#endif
