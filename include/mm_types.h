/*
 * include/mm_types.h - the nouns of the memory manager: page, address_space, region, mm.
 *
 * MODEL     struct page        one per physical frame, 64 bytes, in the vmemmap array.
 *           address_space      the cached pages of one file or object, and who maps them.
 *           vm_area_struct     a region: [vm_start, vm_end) of one address space with one set
 *                              of permissions and one backing.
 *           mm_struct          an address space: regions in a list, and in the tree mm_rb,
 *                              and the page tables that realise them.
 * LOCKING   letters on fields: (I) fixed after init, (A) atomic, (Z) zone lock, (L) lru lock,
 *           (M) address_space lock, (P) page lock, (W) mmap_lock, (V) a region's lock, (S) the slab
 *           cache's way, (T) page-table lock, (N) the root lock of the anon_vma.  With two letters either
 *           suffices to read, both to write.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_TYPES_H
#define VELLUM_MM_TYPES_H

#include "include/atomic.h"
#include "include/current.h"
#include "include/types.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/rwsem.h"
#include "kernel/sync/spinlock.h"
#include "lib/list.h"
#include "lib/prio_tree.h"
#include "lib/rbtree.h"
#include "lib/xarray.h"
#include <asm/pte.h>

struct file;
struct inode;
struct kmem_cache;
struct kiocb;
struct user_struct;
struct vm_fault;
struct writeback_control;

/* ---- page ------------------------------------------------------------------------------------ */

enum pageflags {
	PG_locked,		/* (A) page lock: content, truncation, mapping changes */
	PG_referenced,		/* (A) used since the last look */
	PG_uptodate,		/* (A) content is valid */
	PG_dirty,		/* (A) content is newer than the store behind it */
	PG_lru,			/* (L) on an LRU list */
	PG_active,		/* (L) on the active list */
	PG_writeback,		/* (A) being written */
	PG_buddy,		/* (Z) first page of a free block; private = order */
	PG_slab,		/* (S) belongs to a slab cache */
	PG_table,		/* page-table page; ptl guards its entries */
	PG_reserved,		/* never given to the buddy system: image, firmware, boot data */
	PG_head,		/* first page of a compound page; its order is in page[1].private */
	PG_tail,		/* the others; compound_head names the first */
	PG_anon,		/* anonymous: mapping is the anon_vma, index the linear page */
	PG_anon_exclusive,	/* (A; set and cleared under T) one entry maps it, and nobody else reads it */
	PG_swapbacked,
	PG_swapcache,
	PG_mlocked,
	PG_unevictable,
	PG_reclaim,
	PG_readahead = PG_reclaim,	/* (A) of a cached page: who comes to it has more read */
	PG_error,
	PG_private,
	PG_workingset,
	PG_owner_priv,
	PG_poisoned,		/* debug: filled with the free pattern */
	PG_guard,		/* debug: unmapped from the direct map */
	PG_mappedtodisk,
	PG_arch_icache,		/* arch: icache holds what memory holds (L6) */
	PG_waiters,		/* (A) somebody sleeps in wait_on_page_bit() */
	NR_PAGEFLAGS
};

/* The top bits of page.flags name the node and the zone; fixed when the memory map is made. */
#define PAGE_NODE_SHIFT		58
#define PAGE_ZONE_SHIFT		56
#define PAGE_MT_SHIFT		53	/* 3 bits: the pageblock's migrate type when the page left the buddy system */
#define MAX_NUMNODES		64
#define MAX_NR_ZONES		4	/* DMA32, Normal, HighMem, Movable: mm/phys/zone.h */

struct page {
	unsigned long flags;		/* (A) PG_*; node and zone on top (I) */
	union {
		struct list_head lru;	/* (Z) free list, (L) LRU, or the owner's list */
		struct page *next;	/* (S) slub: on a hart's list of partial slabs */
		struct rcu_head rcu;	/* PG_table: unhooked, and waits for who still walks it */
		struct {		/* PG_tail */
			unsigned long compound_head;
			unsigned long __tail;
		};
	};
	union {
		struct address_space *mapping;	/* (P) file pages: their cache */
		struct anon_vma *anon_vma;	/* PG_anon: whose regions may map it (T; fixed while others refer) */
		struct kmem_cache *slab_cache;	/* (S) */
		struct mm_struct *pt_mm;	/* PG_table: whose */
	};
	union {
		pgoff_t index;			/* (P) page offset in mapping; anon: va >> 12 */
		void *freelist;			/* (S) slab: the descriptor; slob: first free block */
		unsigned long objects;		/* (S) slub */
	};
	union {
		unsigned long private;		/* buddy order (Z), swp_entry (P), compound order */
		u64 slab_state;			/* (S) slub: mm/slab/slub.h; slob: free units */
	};
	union {
		struct {
			union {
				atomic_t _mapcount;	/* page-table entries that map it, minus 1 */
				unsigned int page_type;	/* private to allocators */
			};
			atomic_t _refcount;		/* users; 0 = free or frozen */
		};
		unsigned long counts;		/* both, so that one instruction adds to both */
	};
	union {
		spinlock_t ptl;			/* PG_table: guards the entries of this table */
		unsigned int owner;		/* page_owner handle */
		unsigned long __word;
	};
};
BUILD_ASSERT(sizeof(spinlock_t) <= 8);
BUILD_ASSERT(sizeof(struct page) == 64);
BUILD_ASSERT(offsetof(struct page, _refcount) == offsetof(struct page, counts) + 4);

#define PAGE_FLAG_OPS(Name, bit) \
static inline bool Page##Name(const struct page *p) { return p->flags >> (bit) & 1; } \
static inline void SetPage##Name(struct page *p) { set_bit(bit, &p->flags); } \
static inline void ClearPage##Name(struct page *p) { clear_bit(bit, &p->flags); } \
static inline void __SetPage##Name(struct page *p) { p->flags |= BIT(bit); } \
static inline void __ClearPage##Name(struct page *p) { p->flags &= ~BIT(bit); } \
static inline bool TestSetPage##Name(struct page *p) { return test_and_set_bit(bit, &p->flags); } \
static inline bool TestClearPage##Name(struct page *p) { return test_and_clear_bit(bit, &p->flags); }

PAGE_FLAG_OPS(Locked, PG_locked)
PAGE_FLAG_OPS(Referenced, PG_referenced)
PAGE_FLAG_OPS(Uptodate, PG_uptodate)
PAGE_FLAG_OPS(Dirty, PG_dirty)
PAGE_FLAG_OPS(LRU, PG_lru)
PAGE_FLAG_OPS(Active, PG_active)
PAGE_FLAG_OPS(Writeback, PG_writeback)
PAGE_FLAG_OPS(Buddy, PG_buddy)
PAGE_FLAG_OPS(Slab, PG_slab)
PAGE_FLAG_OPS(Table, PG_table)
PAGE_FLAG_OPS(Reserved, PG_reserved)
PAGE_FLAG_OPS(Head, PG_head)
PAGE_FLAG_OPS(Tail, PG_tail)
PAGE_FLAG_OPS(Anon, PG_anon)
PAGE_FLAG_OPS(AnonExclusive, PG_anon_exclusive)
PAGE_FLAG_OPS(SwapBacked, PG_swapbacked)
PAGE_FLAG_OPS(SwapCache, PG_swapcache)
PAGE_FLAG_OPS(Mlocked, PG_mlocked)
PAGE_FLAG_OPS(Unevictable, PG_unevictable)
PAGE_FLAG_OPS(Private, PG_private)
PAGE_FLAG_OPS(Readahead, PG_readahead)
PAGE_FLAG_OPS(MappedToDisk, PG_mappedtodisk)
PAGE_FLAG_OPS(Poisoned, PG_poisoned)
PAGE_FLAG_OPS(Guard, PG_guard)
PAGE_FLAG_OPS(Waiters, PG_waiters)

static inline int page_mapcount(const struct page *p) { return atomic_read(&p->_mapcount) + 1; }
static inline int page_count(const struct page *p) { return atomic_read(&p->_refcount); }
static inline unsigned page_to_nid(const struct page *p) { return p->flags >> PAGE_NODE_SHIFT; }
static inline unsigned page_zonenum(const struct page *p)
{ return p->flags >> PAGE_ZONE_SHIFT & (MAX_NR_ZONES - 1); }

/* ---- address_space --------------------------------------------------------------------------- */

/* What a file system (or shmem, or swap) can do with cached pages.  Registered from above. */
struct address_space_operations {
	/* Fill @page (locked) from the store; unlocks it, sets uptodate or error. */
	int (*readpage)(struct file *file, struct page *page);
	/* Write @page (locked, dirty cleared); unlocks it. */
	int (*writepage)(struct page *page, struct writeback_control *wbc);
	/* Mark @page dirty; returns whether it was clean. */
	int (*set_page_dirty)(struct page *page);
	void (*readahead)(struct file *file, struct address_space *mapping, pgoff_t start, unsigned nr);
	int (*writepages)(struct address_space *mapping, struct writeback_control *wbc);
	/* Prepare and end a write of @len bytes at @pos inside one page, which *pagep returns locked. */
	int (*write_begin)(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			   struct page **pagep);
	int (*write_end)(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			 unsigned copied, struct page *page);
	/* Called before a page leaves the cache; drop private data. */
	void (*freepage)(struct page *page);
};

struct address_space {
	struct inode *host;			/* (I) owner; NULL for anonymous objects */
	struct xarray i_pages;			/* (M) index -> page; marks: XA_DIRTY, XA_WRITEBACK */
	unsigned long nrpages;			/* (M) */
	const struct address_space_operations *a_ops;	/* (I) */
	struct prio_tree_root i_mmap;		/* (i_mmap_lock) regions, by file range */
	struct list_head i_mmap_nonlinear;	/* (i_mmap_lock) */
	struct mutex i_mmap_lock;		/* rank i_mmap */
	atomic_t i_mmap_writable;		/* VM_SHARED|VM_MAYWRITE regions; <0: writing denied */
	spinlock_t lock;			/* rank mapping: i_pages, nrpages */
	unsigned long flags;			/* AS_* */
	gfp_t gfp_mask;				/* (I) for its pages */
	unsigned long writeback_index;
	u32 wb_err;				/* (A) errseq_t: errors of writing, for each open file to hear of */
};

/* ---- region ---------------------------------------------------------------------------------- */

/* vm_flags: Linux's values, for they are visible through /proc. */
#define VM_READ		0x00000001ul
#define VM_WRITE	0x00000002ul
#define VM_EXEC		0x00000004ul
#define VM_SHARED	0x00000008ul
#define VM_MAYREAD	0x00000010ul
#define VM_MAYWRITE	0x00000020ul
#define VM_MAYEXEC	0x00000040ul
#define VM_MAYSHARE	0x00000080ul
#define VM_GROWSDOWN	0x00000100ul
#define VM_UFFD_MISSING	0x00000200ul
#define VM_PFNMAP	0x00000400ul
#define VM_UFFD_WP	0x00001000ul
#define VM_LOCKED	0x00002000ul
#define VM_IO		0x00004000ul
#define VM_SEQ_READ	0x00008000ul
#define VM_RAND_READ	0x00010000ul
#define VM_DONTCOPY	0x00020000ul
#define VM_DONTEXPAND	0x00040000ul
#define VM_LOCKONFAULT	0x00080000ul
#define VM_ACCOUNT	0x00100000ul
#define VM_NORESERVE	0x00200000ul
#define VM_NONLINEAR	0x00800000ul
#define VM_WIPEONFORK	0x02000000ul
#define VM_DONTDUMP	0x04000000ul
#define VM_MIXEDMAP	0x10000000ul
#define VM_HUGEPAGE	0x20000000ul
#define VM_NOHUGEPAGE	0x40000000ul
#define VM_MERGEABLE	0x80000000ul
#define VM_UFFD_MINOR	(1ul << 38)
#define VM_DROPPABLE	(1ul << 40)
#define VM_SEALED	(1ul << 63)
#define VM_STACK	VM_GROWSDOWN
#define VM_ACCESS_FLAGS	(VM_READ | VM_WRITE | VM_EXEC)
#define VM_UFFD_FLAGS	(VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR)	/* include/userfaultfd_k.h */
#define VM_SPECIAL	(VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)

struct vm_operations_struct {
	void (*open)(struct vm_area_struct *vma);	/* a copy of the region came to be */
	void (*close)(struct vm_area_struct *vma);
	/* Give the page of vmf->pgoff in vmf->page, referenced and locked.  VM_FAULT_* */
	unsigned (*fault)(struct vm_fault *vmf);
	/* Map what is cached around the address (fault-around). */
	void (*map_pages)(struct vm_fault *vmf, pgoff_t start, pgoff_t end);
	/* A shared page is about to become writable.  VM_FAULT_*, VM_FAULT_LOCKED on success */
	unsigned (*page_mkwrite)(struct vm_fault *vmf);
	const char *(*name)(struct vm_area_struct *vma);	/* for /proc/PID/maps, or NULL */
	bool can_nonlinear;		/* ->fault gives any page of the file at any address */
};

struct userfaultfd_ctx;

/* Regions that may map the pages of one maker: mm/rmap/anon_vma.h */
struct anon_vma {
	struct anon_vma *root;		/* (I) itself, or counted */
	struct mutex lock;		/* the root's: rank anon_vma */
	atomic_t refcount;		/* (A) places together one, its region one; children of a root; walks */
	unsigned nr_places;		/* (N) */
	unsigned num_active_vmas;	/* (N) regions whose own it is */
	u32 claimed;			/* (A) of the region it lies in: whose own is being set, or is */
	struct list_head places;	/* (N) by age, while rb_root is empty */
	struct rb_root rb_root;		/* (N) places, by first page, with the last page of subtrees */
};

/* A region's place among those that may map the pages of @anon_vma: mm/rmap/anon_vma.h */
struct anon_vma_chain {
	struct anon_vma *anon_vma;		/* (N) NULL: not in use */
	struct vm_area_struct *vma;		/* (N) */
	struct anon_vma_chain *next;		/* (N) the region's others */
	union {					/* (N) names itself when it is in neither */
		struct list_head list;		/* in anon_vma->places */
		struct rb_node rb;		/* in anon_vma->rb_root, once there are many */
	};
	unsigned long rb_subtree_last;		/* (N) largest last page of the subtree */
};

/*
 * The first line is what a look-up reads, the second what a fault in the region reads, with the word that it
 * writes: who passes by on his way through the tree does not touch that.
 */
struct vm_area_struct {
	unsigned long vm_start, vm_end;		/* (WV) */
	struct rb_node vm_rb;			/* (W) mm->mm_rb; looked at under RCU, too */
	unsigned long rb_subtree_gap;		/* (W) largest gap below any region of the subtree */
	union {
		struct {			/* (W) mm->mmap list, by address */
			struct vm_area_struct *vm_next, *vm_prev;
		};
		struct rcu_head vm_rcu;		/* it has left list and tree */
	};

	struct mm_struct *vm_mm;		/* (I) */
	unsigned long vm_lock_seq;		/* (WV) mm_lock_seq of the writer who marked it */
	u32 vm_lock;				/* (A) include/vma_lock.h */
	unsigned long vm_flags;			/* (WV) VM_* */
	pte_t vm_page_prot;			/* (WV) permission bits of its entries, no frame */
	unsigned long vm_pgoff;			/* (WV) offset in vm_file, pages; anon: va >> 12 at birth */
	const struct vm_operations_struct *vm_ops;
	struct file *vm_file;			/* (I) counted reference, or NULL */

	void *vm_private_data;
	union {					/* (i_mmap_lock) place in i_mmap or i_mmap_nonlinear */
		struct {
			struct list_head list;
			void *parent;		/* aligned with prio_tree_node.parent */
			struct vm_area_struct *head;
		} vm_set;
		struct raw_prio_tree_node prio_tree_node;
	} shared;
	struct anon_vma *anon_vma;		/* (A) its own: what pages that appear here belong to; set once */
	bool anon_inherited;			/* (W) it came by fork with places: never "singular" again */
	const char *anon_name;			/* PR_SET_VMA_ANON_NAME, or NULL */
	struct mempolicy *vm_policy;		/* (WV) mbind(2), counted; NULL: the task's */
	struct userfaultfd_ctx *vm_userfaultfd_ctx;	/* (WV) who serves its faults, or NULL */
	struct anon_vma_chain avc;		/* (N) the first of its places; others hang on it; not copied */
	struct anon_vma anon_own;		/* room for the first it makes; may outlive the region; not copied */
};
BUILD_ASSERT(offsetof(struct vm_area_struct, vm_mm) == 64);
BUILD_ASSERT(offsetof(struct vm_area_struct, vm_private_data) == 128);

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{ return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT; }
static inline bool vma_is_anonymous(const struct vm_area_struct *vma) { return !vma->vm_ops; }
static inline bool vma_supports_mlock(const struct vm_area_struct *vma)
{ return !(vma->vm_flags & (VM_SPECIAL | VM_DROPPABLE)); }
static inline pgoff_t linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{ return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff; }
/* Does it count in its file's i_mmap_writable? */
static inline bool vm_shared_maywrite(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}
static inline bool vma_shared_maywrite(const struct vm_area_struct *vma) { return vm_shared_maywrite(vma->vm_flags); }

/* ---- mm -------------------------------------------------------------------------------------- */

enum rss_kind { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

/*
 * One hart's share of what an address space counts.  Only that hart writes it, with plain stores: kernel code is
 * not preempted, and no handler counts.  What is counted on one hart may be given back on another, so a
 * share alone says nothing; the sum of all is exact.
 */
struct mm_hart {
	long rss[NR_MM_COUNTERS];		/* pages */
	long pgtables;				/* tables without the root */
} __aligned(64);

/* The threads of an address space that have an rseq area (kernel/task/rseq.c). */
struct mm_rseq {
	struct mutex lock;			/* rank sleep leaf */
	bool per_hart;				/* (lock) to write: their ids are their harts' numbers */
	u64 used;				/* (lock) else these are the ids that threads have */
	struct list_head tasks;			/* (lock) task->rseq_link */
};

/*
 * In groups by who writes them, each on lines of its own: a fault reads the first, and writes none but its hart's
 * share at the end.
 */
struct mm_struct {
	/* ---- read by each fault; written by who changes regions -------- */
	struct vm_area_struct *mmap;		/* (W) list of regions, by address */
	struct rb_root mm_rb;			/* (W) the same, as a tree with gaps; looked at under RCU, too */
	pte_t *pgd;				/* (I) root table */
	unsigned long mm_lock_seq;		/* (W) number of the writer: include/vma_lock.h */
	unsigned long nr_detached;		/* (W) regions that left, plus 1: what tasks remember is stale */
	int map_count;				/* (W) */
	unsigned oom_flags;			/* (A) MMF_* */
	unsigned long def_flags;		/* (W) mlockall(MCL_FUTURE) */

	/* ---- written by who takes the lock, either way ----------------- */
	struct rw_semaphore mmap_lock __aligned(64);	/* rank mmap */
	wait_queue_head_t vma_writer_wait;	/* the writer, for a region's last reader */

	/* ---- written by who comes and goes, or clears entries --------- */
	atomic_t mm_users __aligned(64);	/* tasks that run in it; 0 = torn down */
	atomic_t mm_count;			/* references to the struct; users hold one */
	hartmask_t harts;			/* (A) harts that may hold its translations (T2) */
	atomic_long_t context_id;		/* (A) generation << asid_bits | asid; 0 = none yet */
	hartmask_t icache_stale;		/* (A) harts that owe a fence.i before running it (L6) */

	atomic_t tlb_flush_pending;		/* who cleared entries without the write lock, and will flush */

	/* ---- written by system calls ---------------------------------- */
	unsigned long hiwater_rss, hiwater_vm;	/* pages */
	unsigned long total_vm, data_vm, exec_vm, stack_vm, droppable_vm;	/* (W) pages */
	atomic_long_t lazyfree;			/* (A) pages that MADV_FREE lets go: Y3 of mm/entry/age.c */
	unsigned long drop_hand;		/* (A) where the next look for what may be dropped begins */
	atomic_long_t locked_vm, pinned_vm;	/* pages */

	unsigned long mmap_base, task_size;	/* (I) */
	bool mmap_legacy;			/* (I) bottom-up */
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_brk, brk, start_stack;
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long saved_auxv[2 * 33];	/* Linux's size: PR_GET_AUXV tells it */
	void *vdso;				/* user address of the vDSO */
	struct file *exe_file;
	struct list_head mm_list;		/* all address spaces (mm_list_lock) */
	unsigned membarrier_state;		/* (A) registrations: MEMBARRIER_CMD_* bits */
	struct mm_rseq rseq;
	u64 id;					/* (I) no two have the same, ever */
	struct list_head oom_reap_link;		/* in the reaper's queue (its lock); set when queued */
	unsigned prctl_flags;			/* (W to write) MMF_*, set by prctl(2) */
	bool icache_ctx;			/* (A) its threads flush instructions by themselves: a hart that one
						 * comes to starts with a clean fetch */
	unsigned coredump_filter;		/* (A) which regions a dump would hold; a new program takes it over */
	int dumpable;				/* (A) SUID_DUMP_*: whether others may look in */
	struct mm_hart hart[];			/* one for each hart that the machine has */
};

static inline size_t mm_struct_size(void) { return sizeof(struct mm_struct) + nr_harts * sizeof(struct mm_hart); }

#define COREDUMP_FILTER_DEFAULT	0x33u	/* anonymous, private and shared; ELF headers; large pages */
#define COREDUMP_FILTER_ALL	0x1ffu
#define MMF_OOM_VICTIM	1		/* killed for its memory: its threads may use the reserves */
#define MMF_OOM_SKIP	2		/* there is nothing more to be had from it */
#define MMF_UNSTABLE	4		/* its private pages may be gone: the kernel copies nothing */
#define MMF_OOM_REAP_QUEUED 8		/* the reaper has it, or had it */
#define MMF_MULTIPROCESS 16		/* more than one process has it, other than for a vfork() */

#define MMF_HAS_MDWE		1	/* no page becomes executable that could be written */
#define MMF_HAS_MDWE_NO_INHERIT	2	/* ... but a child starts without that */
#define MMF_DISABLE_THP		4	/* no large pages */

/* Kernel's own tables; its pgd is the root that every mm's upper half copies. */
extern struct mm_struct init_mm;

/* ---- fault ----------------------------------------------------------------------------------- */

#define FAULT_FLAG_WRITE	0x01
#define FAULT_FLAG_EXEC		0x02
#define FAULT_FLAG_USER		0x04	/* taken in user mode */
#define FAULT_FLAG_REMOTE	0x08	/* for another mm: get_user_pages */
#define FAULT_FLAG_ALLOW_RETRY	0x10	/* who has to wait drops the lock and answers VM_FAULT_RETRY */
#define FAULT_FLAG_TRIED	0x20	/* it was dropped once: wait with it held now, so that it ends */
#define FAULT_FLAG_UNSHARE	0x40
#define FAULT_FLAG_RETRY_NOWAIT	0x80	/* answer RETRY in the place of waiting; the lock stays */
#define FAULT_FLAG_KILLABLE	0x100	/* waits end when the task is killed: RETRY, the lock dropped */
#define FAULT_FLAG_VMA_LOCK	0x200	/* the lock is the region's; otherwise mmap_lock (read) */

#define VM_FAULT_OOM		0x001
#define VM_FAULT_SIGBUS		0x002
#define VM_FAULT_MAJOR		0x004
#define VM_FAULT_HWPOISON	0x010	/* the page is marked as lost */
#define VM_FAULT_SIGSEGV	0x040
#define VM_FAULT_NOPAGE		0x100	/* the handler installed the entry itself */
#define VM_FAULT_LOCKED		0x200	/* vmf->page is locked */
#define VM_FAULT_RETRY		0x400	/* look the region up again: the lock was dropped (but NOWAIT) */
#define VM_FAULT_MMAP_LOCK	0x800	/* with RETRY: and under mmap_lock: no region can be locked by itself */
#define VM_FAULT_ERROR		(VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_HWPOISON)

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned flags;			/* FAULT_FLAG_* */
	unsigned long address;		/* page-aligned */
	unsigned long real_address;	/* as it was accessed */
	pgoff_t pgoff;			/* of the address in vma's file */
	pte_t *pte;			/* the level-0 entry, once its table exists */
	struct page *table;		/* the table page that holds it: ->ptl */
	pte_t orig_pte;			/* value at the start of the fault */
	struct page *page;		/* result of ->fault; ->map_pages: the last that it mapped */
	unsigned nr_mapped;		/* pages that ->map_pages mapped */
};

/*
 * Up-call for ->map_pages, which runs under the lock of vmf->table: map @page (uptodate, page-locked,
 * of file page @pgoff) if its entry is empty.  True: the caller's reference is the entry's now.  mm/fault/file.c
 */
bool do_set_pte(struct vm_fault *vmf, struct page *page, pgoff_t pgoff);

/* Up-call of who finds D in an entry: @page is newer than its store; whether it was clean.  mm/cache/writeback.c */
bool set_page_dirty(struct page *page);

/*
 * Up-call for ->fault and ->page_mkwrite, which have to wait and may (FAULT_FLAG_ALLOW_RETRY, not TRIED): let go of
 * the fault's lock.  From here on vmf->vma may be gone, and the answer is VM_FAULT_RETRY.  mm/fault/fault.c
 */
void vmf_drop_lock(struct vm_fault *vmf);

#endif
