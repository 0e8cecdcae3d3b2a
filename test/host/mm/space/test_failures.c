/*
 * test/host/mm/space/test_failures.c - each call, and each kind of fault, while one allocation fails: the first, the
 * second, and so on until the call needs no more.
 *
 * MODEL     A site is a call on a space that is made anew each time, with regions of every kind.  Twice it is called
 *           in peace, to see what is there before and after: of each page the flags of its region, whether it can be
 *           read, and what it holds.  Then once for each allocation that it makes: a call that fails must say
 *           so, and leave every page as it was (a call that goes region by region: as it was, or as it
 *           would be); called again, it succeeds, with the same result as in peace.  The validators look
 *           in between, and nothing is left when the space is gone.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/space/fremap.c
// SRCS: mm/entry/nonlinear.c
// SRCS: mm/region/vma_lock.c
// SRCS: mm/rmap/anon_vma.c mm/rmap/migration.c mm/rmap/walk.c
// SRCS: mm/entry/age.c mm/reclaim/pageout.c
// SRCS: mm/region/vma.c mm/space/mm.c mm/region/layout.c mm/policy/account.c mm/space/mmap.c mm/space/brk.c
// SRCS: mm/space/munmap.c mm/region/stack.c mm/space/mprotect.c mm/space/mremap.c mm/space/mlock.c
// SRCS: mm/space/madvise.c mm/space/sync.c mm/cache/filemap.c mm/cache/high_copy.c mm/cache/file_io.c
// SRCS: mm/cache/readahead.c
// SRCS: mm/cache/file_mmap.c mm/cache/truncate.c mm/cache/writeback.c mm/cache/seals.c mm/cache/shmem.c
// SRCS: mm/rmap/vma_prio_tree.c mm/fault/anon.c mm/fault/cow.c mm/fault/fault.c mm/fault/file.c
// SRCS: mm/entry/copy.c mm/fault/gup.c mm/entry/pfnmap.c mm/entry/protect.c mm/entry/zap.c mm/pt/asid.c
// SRCS: mm/pt/flush.c mm/pt/gather.c mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c fs/iov.c
#include "test/host/mm/space/space_world.h"
#include "kernel/sync/rcu.h"
#include "mm/entry/nonlinear.h"

#define NPAGES	96
#define BASE	0x40000000ul
#define FAR	0x7f000000ul	/* under tables of its own */
#define FPAGES	64
#define FHOLE	48		/* the file has no page from here on */
#define VA(n)	(BASE + (unsigned long)(n) * PAGE_SIZE)
#define LEN(n)	((unsigned long)(n) * PAGE_SIZE)
#define RW	(PROT_READ | PROT_WRITE)

static struct mm_struct *mm;

/* ---- the space ------------------------------------------------------------------------------- */

enum {				/* first pages of the regions */
	ANON = 0, HOLE = 16, PRIVATE = 24, SHARED = 36, RO = 52, FRESH = 60, SHMEM = 68, DEEP = 76, END = 84,
};

static void map(unsigned n, unsigned nr, int prot, int flags, int fd, unsigned fpage)
{
	CHECK((unsigned long)CALL(mmap, VA(n), LEN(nr), prot, flags | MAP_FIXED, fd, LEN(fpage)) == VA(n));
}

static void fill(unsigned n, unsigned nr)
{
	for (unsigned i = n; i < n + nr; i++)
		CHECK(!host_store8(VA(i), 1000 + i));
}

static void fill_file(void)
{
	for (u64 n = 0; n < FHOLE; n++) {
		loff_t pos = n * PAGE_SIZE;
		u64 v = 5000 + n;
		struct iov_iter it;

		iov_iter_kernel(&it, &v, 8);
		CHECK(shmem_file_write(world_fd3, &it, &pos) == 8);
	}
}

static void space_make(void)
{
	mm = world_mm();
	mm->start_brk = mm->brk = 0x10000000;
	world_fd3 = shmem_file_setup("f", LEN(FPAGES), VM_NORESERVE);
	CHECK(!IS_ERR(world_fd3));
	fill_file();
	map(ANON, HOLE - ANON, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill(ANON, HOLE - ANON);
	map(PRIVATE, SHARED - PRIVATE, RW, MAP_PRIVATE, 3, 8);
	fill(PRIVATE + 2, 2);
	map(SHARED, RO - SHARED, RW, MAP_SHARED, 3, FHOLE - 8);
	fill(SHARED, 2);
	map(RO, FRESH - RO, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fill(RO, 4);
	CHECK(!CALL(mprotect, VA(RO), LEN(FRESH - RO), PROT_READ, 0, 0, 0));
	map(FRESH, SHMEM - FRESH, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map(SHMEM, DEEP - SHMEM, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fill(SHMEM, 2);
	map(DEEP, END - DEEP, RW | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pt_cache_drain();
}

static void space_end(void)
{
	world_mm_end(mm);
	fput(world_fd3);
	world_fd3 = NULL;
	pt_cache_drain();
	rcu_hurry();
	rcu_quiet();
}

/* ---- what is there ---------------------------------------------------------------------------- */

struct picture {
	struct { unsigned long flags; u64 value; int sig; } page[NPAGES];
	unsigned long total_vm, locked_vm, committed, brk, far;
};

#define SEEN	(VM_READ | VM_WRITE | VM_EXEC | VM_SHARED | VM_LOCKED | VM_LOCKONFAULT | VM_WIPEONFORK | \
		 VM_DONTCOPY | VM_NONLINEAR | VM_SEALED)

static void take_picture(struct picture *p)
{
	memset(p, 0, sizeof(*p));
	mm_verify(mm);
	pt_verify(mm);
	p->total_vm = mm->total_vm;
	p->locked_vm = atomic_long_read(&mm->locked_vm);
	p->committed = vm_memory_committed();
	p->brk = mm->brk;
	for (struct vm_area_struct *v = find_vma(mm, FAR); v && v->vm_start < FAR + LEN(64); v = v->vm_next)
		p->far += vma_pages(v);
	for (unsigned n = 0; n < NPAGES; n++) {
		struct vm_area_struct *vma = vma_lookup(mm, VA(n));

		p->page[n].flags = vma ? vma->vm_flags & SEEN : 0;
		p->page[n].sig = host_load8(VA(n), &p->page[n].value);
	}
	host_tlb_check(mm);
}

static bool pages_are(const struct picture *is, const struct picture *a, const struct picture *b)
{
	for (unsigned n = 0; n < NPAGES; n++)
		if (memcmp(&is->page[n], &a->page[n], sizeof(is->page[n])) &&
		    memcmp(&is->page[n], &b->page[n], sizeof(is->page[n])))
			return false;
	return true;
}

/* ---- the calls: 0, or an error ------------------------------------------------------------------ */

static long at(unsigned long rc, unsigned long want)
{
	return rc == want ? 0 : (long)rc;
}

static long try_map_populated(void)
{
	return at(CALL(mmap, VA(HOLE), LEN(8), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0),
		  VA(HOLE));
}

static long try_map_merging(void)	/* the hole, and what is beside it, becomes one region */
{
	return at(CALL(mmap, VA(HOLE), LEN(4), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), VA(HOLE));
}

static long try_map_over(void)		/* what was there is split, the middle goes */
{
	return at(CALL(mmap, VA(ANON + 4), LEN(4), PROT_READ, MAP_PRIVATE | MAP_FIXED, 3, 0), VA(ANON + 4));
}

static long try_map_over_all(void)
{
	return at(CALL(mmap, VA(ANON + 4), LEN(70), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0), VA(ANON + 4));
}

static long try_map_far(void)
{
	return at(CALL(mmap, FAR, LEN(8), RW, MAP_SHARED | MAP_FIXED | MAP_POPULATE, 3, 0), FAR);
}

static long try_munmap(void) { return CALL(munmap, VA(ANON + 4), LEN(4), 0, 0, 0, 0); }
static long try_munmap_many(void) { return CALL(munmap, VA(ANON + 4), LEN(70), 0, 0, 0, 0); }
static long try_mprotect(void) { return CALL(mprotect, VA(ANON + 4), LEN(4), PROT_READ, 0, 0, 0); }
static long try_mprotect_back(void) { return CALL(mprotect, VA(RO), LEN(4), RW, 0, 0, 0); }
static long try_mprotect_many(void) { return CALL(mprotect, VA(PRIVATE + 4), LEN(30), PROT_READ, 0, 0, 0); }
static long try_mlock(void) { return CALL(mlock, VA(FRESH + 2), LEN(4), 0, 0, 0, 0); }
static long try_mlock_many(void) { return CALL(mlock, VA(PRIVATE + 4), LEN(30), 0, 0, 0, 0); }
static long try_mseal(void) { return CALL(mseal, VA(ANON + 4), LEN(4), 0, 0, 0, 0); }
static long try_wipeonfork(void) { return CALL(madvise, VA(ANON + 4), LEN(4), MADV_WIPEONFORK, 0, 0, 0); }
static long try_dontfork(void) { return CALL(madvise, VA(PRIVATE + 4), LEN(30), MADV_DONTFORK, 0, 0, 0); }
static long try_populate(void) { return CALL(madvise, VA(FRESH), LEN(8), MADV_POPULATE_WRITE, 0, 0, 0); }
static long try_brk(void)
{
	unsigned long want = mm->start_brk + LEN(4);

	return (unsigned long)CALL(brk, want, 0, 0, 0, 0, 0) == want ? 0 : -ENOMEM;
}


static long try_lazyfree(void)
{
	long rc = CALL(madvise, VA(ANON), LEN(8), MADV_FREE, 0, 0, 0);

	return rc ? rc : CALL(madvise, VA(ANON), LEN(8), MADV_PAGEOUT, 0, 0, 0);
}

static long try_dontneed(void) { return CALL(madvise, VA(PRIVATE), LEN(12), MADV_DONTNEED, 0, 0, 0); }

static long try_move(void)
{
	return at(CALL(mremap, VA(ANON + 4), LEN(6), LEN(6), MREMAP_MAYMOVE | MREMAP_FIXED, FAR, 0), FAR);
}

static long try_move_near(void)		/* over what is there, and beside what it merges with */
{
	return at(CALL(mremap, VA(ANON + 4), LEN(4), LEN(4), MREMAP_MAYMOVE | MREMAP_FIXED, VA(SHARED + 4), 0),
		  VA(SHARED + 4));
}

static long try_move_file(void)
{
	return at(CALL(mremap, VA(SHARED + 2), LEN(6), LEN(8), MREMAP_MAYMOVE | MREMAP_FIXED, FAR, 0), FAR);
}

static long try_move_dontunmap(void)
{
	return at(CALL(mremap, VA(ANON + 4), LEN(6), LEN(6), MREMAP_MAYMOVE | MREMAP_FIXED | 4, FAR, 0), FAR);
}

static long try_grow(void) { return at(CALL(mremap, VA(ANON), LEN(16), LEN(20), 0, 0, 0), VA(ANON)); }
static long try_shrink(void) { return at(CALL(mremap, VA(ANON), LEN(16), LEN(9), 0, 0, 0), VA(ANON)); }

static long try_remap_regions(void)
{
	sysctl_nonlinear = 0;
	return CALL(remap_file_pages, VA(SHARED + 2), LEN(4), 0, 3, 0, 0);
}

static long try_remap_entries(void)
{
	sysctl_nonlinear = 1;
	return CALL(remap_file_pages, VA(SHARED + 2), LEN(4), 0, 3, 0, 0);
}

static long fork_once(struct mm_struct *parent, struct mm_struct **child)
{
	*child = dup_mm(parent);
	if (!*child)
		return -ENOMEM;
	mm_verify(*child);
	return 0;
}

static long try_fork(void)
{
	struct mm_struct *child;
	long rc = fork_once(mm, &child);

	if (!rc)
		mmput(child);
	return rc;
}

static long try_fork_of_fork(void)
{
	struct mm_struct *child, *grandchild;
	long rc = fork_once(mm, &child);

	if (rc)
		return rc;
	rc = fork_once(child, &grandchild);
	if (!rc)
		mmput(grandchild);
	mmput(child);
	return rc;
}

static long fault(vaddr_t va, unsigned flags)
{
	struct vm_area_struct *vma;
	unsigned rc;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, va);
	CHECK(vma);
	rc = handle_mm_fault(vma, va, flags);
	mmap_read_unlock(mm);
	CHECK(!(rc & ~VM_FAULT_OOM & VM_FAULT_ERROR));
	return rc & VM_FAULT_OOM ? -ENOMEM : 0;
}

/* A fault of each kind.  What it makes appear reads as before, for nobody wrote yet. */
static long try_fault_anon_read(void) { return fault(VA(FRESH), 0); }
static long try_fault_anon_write(void) { return fault(VA(FRESH + 3), FAULT_FLAG_WRITE); }
static long try_fault_exec_write(void) { return fault(VA(DEEP + 3), FAULT_FLAG_WRITE); }
static long try_fault_private_read(void) { return fault(VA(PRIVATE + 8), 0); }
static long try_fault_private_write(void) { return fault(VA(PRIVATE + 8), FAULT_FLAG_WRITE); }
static long try_fault_shared_write(void) { return fault(VA(SHARED + 4), FAULT_FLAG_WRITE); }
static long try_fault_shared_hole(void) { return fault(VA(SHARED + 12), FAULT_FLAG_WRITE); }
static long try_fault_shmem(void) { return fault(VA(SHMEM + 5), 0); }

static long try_fault_zero_page_write(void)
{
	long rc = fault(VA(FRESH), 0);

	return rc ? rc : fault(VA(FRESH), FAULT_FLAG_WRITE);
}

static long try_fault_private_write_after_read(void)
{
	long rc = fault(VA(PRIVATE + 8), 0);

	return rc ? rc : fault(VA(PRIVATE + 8), FAULT_FLAG_WRITE);
}

static long try_fault_far(void)
{
	long rc = at(CALL(mmap, FAR, LEN(8), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), FAR);

	return rc ? rc : fault(FAR, FAULT_FLAG_WRITE);
}

static long try_fault_after_fork(void)
{
	struct mm_struct *child;
	long rc = fork_once(mm, &child);

	if (rc)
		return rc;
	rc = fault(VA(ANON + 1), FAULT_FLAG_WRITE);
	mmput(child);
	return rc;
}

static long try_fault_nonlinear(void)
{
	long rc = try_remap_entries();

	if (!rc)
		rc = CALL(madvise, VA(SHARED + 2), LEN(4), MADV_DONTNEED, 0, 0, 0);
	return rc ? rc : fault(VA(SHARED + 3), FAULT_FLAG_WRITE);
}

static long try_forced_write(void)
{
	u64 v = 1000 + RO + 1;		/* what is there */

	if (access_remote_vm(mm, VA(RO + 1), &v, 8, FOLL_WRITE | FOLL_FORCE) != 8)
		return -ENOMEM;
	v = 0;
	return access_remote_vm(mm, VA(RO + 6), &v, 8, FOLL_WRITE | FOLL_FORCE) == 8 ? 0 : -ENOMEM;
}

/* ---- the loop ---------------------------------------------------------------------------------- */

/* What a call that found no memory may have done: bits. */
enum leaves {
	NOTHING = 0,		/* the space is as it was */
	SOME = 1,		/* region by region, or page by page: each as before, or as after */
	OLD_PLACE = 2,		/* all is done, but what moved away left an empty region */
	TARGET = 4,		/* what was to be replaced is gone, as on Linux */
};

static const struct site {
	const char *name;
	long (*call)(void);
	enum leaves leaves;
} sites[] = {
	{ "mmap, populated", try_map_populated, SOME },
	{ "mmap beside what it merges with", try_map_merging, NOTHING },
	{ "mmap in the middle of a region", try_map_over, NOTHING },
	{ "mmap over many", try_map_over_all, NOTHING },
	{ "mmap of a file", try_map_far, NOTHING },
	{ "munmap", try_munmap, NOTHING },
	{ "munmap of many", try_munmap_many, NOTHING },
	{ "mprotect", try_mprotect, NOTHING },
	{ "mprotect back", try_mprotect_back, NOTHING },
	{ "mprotect of many", try_mprotect_many, SOME },
	{ "mlock", try_mlock, SOME },
	{ "mlock of many", try_mlock_many, SOME },
	{ "mseal", try_mseal, NOTHING },
	{ "MADV_WIPEONFORK", try_wipeonfork, NOTHING },
	{ "MADV_DONTFORK of many", try_dontfork, SOME },
	{ "MADV_POPULATE_WRITE", try_populate, NOTHING },
	{ "MADV_FREE, MADV_PAGEOUT", try_lazyfree, SOME },
	{ "MADV_DONTNEED", try_dontneed, NOTHING },
	{ "brk", try_brk, NOTHING },
	{ "mremap to elsewhere", try_move, OLD_PLACE },
	{ "mremap over others", try_move_near, TARGET | OLD_PLACE },
	{ "mremap of a file's, longer", try_move_file, OLD_PLACE },
	{ "mremap, MREMAP_DONTUNMAP", try_move_dontunmap, NOTHING },
	{ "mremap, longer in place", try_grow, NOTHING },
	{ "mremap, shorter", try_shrink, NOTHING },
	{ "remap_file_pages, by regions", try_remap_regions, SOME },
	{ "remap_file_pages, by entries", try_remap_entries, NOTHING },
	{ "fork", try_fork, NOTHING },
	{ "fork of a child", try_fork_of_fork, NOTHING },
	{ "fault: anonymous, read", try_fault_anon_read, NOTHING },
	{ "fault: anonymous, write", try_fault_anon_write, NOTHING },
	{ "fault: anonymous and executable, write", try_fault_exec_write, NOTHING },
	{ "fault: zero page, write", try_fault_zero_page_write, NOTHING },
	{ "fault: private file, read", try_fault_private_read, NOTHING },
	{ "fault: private file, write", try_fault_private_write, NOTHING },
	{ "fault: private file, write after read", try_fault_private_write_after_read, NOTHING },
	{ "fault: shared file, write", try_fault_shared_write, NOTHING },
	{ "fault: shared file, a hole of it", try_fault_shared_hole, NOTHING },
	{ "fault: shared memory", try_fault_shmem, NOTHING },
	{ "fault: far away, no tables there", try_fault_far, SOME },
	{ "fault: copy after fork", try_fault_after_fork, NOTHING },
	{ "fault: nonlinear", try_fault_nonlinear, SOME },
	{ "forced write", try_forced_write, NOTHING },
};

/* @after, where what is gone from @before is mapped still: without its own pages. */
static void picture_old_place(const struct picture *before, const struct picture *after, struct picture *old)
{
	*old = *after;
	for (unsigned n = 0; n < NPAGES; n++) {
		if (after->page[n].flags)
			continue;
		old->page[n] = before->page[n];
		if (!(before->page[n].flags & VM_SHARED))
			old->page[n].value = 0;
	}
}

/* In peace: before, and after. */
static void rehearse(const struct site *s, struct picture *before, struct picture *after)
{
	space_make();
	take_picture(before);
	space_end();
	space_make();
	CHECK(!s->call());
	take_picture(after);
	space_end();
}

static void check_failed(const struct site *s, const struct picture *is, const struct picture *before,
			 const struct picture *after)
{
	static struct picture empty;

	for (unsigned n = 0; n < NPAGES; n++)
		empty.page[n].sig = 11;
	CHECK(pages_are(is, before, s->leaves & SOME ? after : s->leaves & TARGET ? &empty : before));
	if (s->leaves & (SOME | TARGET))
		return;
	CHECK(is->total_vm == before->total_vm && is->locked_vm == before->locked_vm && is->far == before->far);
	CHECK(is->brk == before->brk);
}

/* With the @nth allocation failing; whether there was one. */
static bool run_with_failure(const struct site *s, long nth, const struct picture *before,
			     const struct picture *after)
{
	static struct picture is, old;
	bool hit;
	long rc;

	space_make();
	shim_fail_alloc(nth);
	rc = s->call();
	hit = shim_alloc_failed();
	shim_fail_alloc(0);
	CHECK(!rc || (hit && (rc == -ENOMEM || rc == -EAGAIN)));	/* EAGAIN: mlock() that found no page */
	take_picture(&is);
	if (rc) {
		check_failed(s, &is, before, after);
		CHECK(!s->call());
		take_picture(&is);
	}
	picture_old_place(before, after, &old);
	CHECK(pages_are(&is, after, hit && !rc && s->leaves & OLD_PLACE ? &old : after));
	CHECK(s->leaves & OLD_PLACE || (is.total_vm == after->total_vm && is.locked_vm == after->locked_vm));
	CHECK(is.far == after->far && is.brk == after->brk);
	space_end();
	return hit;
}

static void test_site(const struct site *s)
{
	static struct picture before, after;
	long pages, live, nth = 1;

	rehearse(s, &before, &after);
	pages = host_pages_used();
	live = shim_live_allocs();
	while (run_with_failure(s, nth, &before, &after)) {
		CHECK(host_pages_used() == pages && shim_live_allocs() == live);
		nth++;
	}
	CHECK(vm_memory_committed() == 0 && !world_files && !host_stale);
	sysctl_nonlinear = 0;
	ok(true, "%s: %ld allocations", s->name, nth - 1);
}

int main(void)
{
	for (unsigned levels = 3; levels <= 5; levels++) {
		world_init(levels, 1);
		for (unsigned i = 0; i < ARRAY_SIZE(sites); i++) {
			diag("%s", sites[i].name);
			test_site(&sites[i]);
		}
	}
	world_end();
	return done_testing();
}
