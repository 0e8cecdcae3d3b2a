/*
 * Nonlinear regions under random remap_file_pages, mprotect, mremap, munmap, madvise, fork, truncation, reclaim
 * and migration.  The shadow is an array: which page of the file is due at each page of a window, and what it holds.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/region/vma_lock.c mm/entry/nonlinear.c mm/space/fremap.c
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
#include "mm/cache/pagemap.h"
#include "mm/entry/nonlinear.h"
#include "mm/rmap/walk.h"

#define NPAGES	64
#define FPAGES	80
#define BASE	0x401f0000ul		/* two tables */
#define VA(n)	(BASE + (unsigned long)(n) * PAGE_SIZE)
#define HOLE	~0u

static struct { unsigned fpage, prot; } sh[NPAGES];
static u64 file_value[FPAGES];
static unsigned file_pages = FPAGES;
static struct mm_struct *mm;

static void check_page(unsigned n)
{
	u64 v = ~0ull;
	int sig = host_load8(VA(n), &v);

	if (sh[n].fpage == HOLE || !(sh[n].prot & PROT_READ)) {
		CHECK(sig == 11);
		return;
	}
	if (sh[n].fpage >= file_pages) {
		CHECK(sig == 7);
		return;
	}
	CHECK(!sig && v == file_value[sh[n].fpage]);
}

static void store_page(unsigned n)
{
	u64 v = rnd() | 1;
	int sig = host_store8(VA(n), v);

	if (sh[n].fpage == HOLE || !(sh[n].prot & PROT_WRITE)) {
		CHECK(sig == 11);
		return;
	}
	if (sh[n].fpage >= file_pages) {
		CHECK(sig == 7);
		return;
	}
	CHECK(!sig);
	file_value[sh[n].fpage] = v;
}

/* What each entry may be, and that its region is in the right list (N1, N2, N3). */
static void verify(struct mm_struct *m)
{
	struct address_space *mapping = world_fd3->f_mapping;

	mm_verify(m);
	for (struct vm_area_struct *vma = m->mmap; vma; vma = vma->vm_next) {
		struct vm_area_struct *v;
		bool listed = false;

		list_for_each_entry(v, &mapping->i_mmap_nonlinear, shared.vm_set.list)
			listed |= v == vma;
		CHECK(listed == !!(vma->vm_flags & VM_NONLINEAR));
		for (vaddr_t va = vma->vm_start; va != vma->vm_end; va += PAGE_SIZE) {
			pte_t *ptep = pt_lookup(m, va), pte = ptep ? pte_load(ptep) : pte_empty();

			if (pte_is_file(pte))
				CHECK(listed && pte_file_pgoff(pte) != linear_page_index(vma, va));
			if (pte_present(pte))
				CHECK(!pte_special(pte) && !PageAnon(pfn_to_page(pte_pfn(pte))));
		}
	}
}

static void random_range(unsigned *a, unsigned *n)
{
	*a = rnd_below(NPAGES);
	*n = 1 + rnd_below(min(12u, NPAGES - *a));
}

static void map_linear(unsigned a, unsigned n, unsigned fp, unsigned prot)
{
	CHECK((unsigned long)CALL(mmap, VA(a), n * PAGE_SIZE, prot, MAP_FIXED | MAP_SHARED, 3,
				  fp * PAGE_SIZE) == VA(a));
	for (unsigned i = 0; i < n; i++) {
		sh[a + i].fpage = fp + i;
		sh[a + i].prot = prot;
	}
}

static void op_mmap(void)
{
	unsigned a, n;

	random_range(&a, &n);
	map_linear(a, n, rnd_below(FPAGES - n + 1), PROT_READ | PROT_WRITE);
}

/* The setting is what it is at this moment; the range may be of several regions. */
static void op_remap(void)
{
	unsigned a, n, fp;
	long rc;

	random_range(&a, &n);
	fp = rnd_below(FPAGES - n + 1);
	sysctl_nonlinear = !rnd_one_in(4);
	rc = CALL(remap_file_pages, VA(a), n * PAGE_SIZE, 0, fp, rnd_one_in(2) ? MAP_NONBLOCK : 0, 0);
	CHECK(rc == 0 || rc == -EINVAL);
	for (unsigned i = 0; i < n && !rc; i++) {
		CHECK(sh[a + i].fpage != HOLE);
		sh[a + i].fpage = fp + i;
	}
}

static void op_mprotect(void)
{
	unsigned a, n, prot = rnd_one_in(3) ? PROT_READ : PROT_READ | PROT_WRITE, i;
	long rc;

	random_range(&a, &n);
	rc = CALL(mprotect, VA(a), n * PAGE_SIZE, prot, 0, 0, 0);
	for (i = 0; i < n && sh[a + i].fpage != HOLE; i++)
		sh[a + i].prot = prot;
	CHECK(rc == (i == n ? 0 : -ENOMEM));
}

static void op_munmap(void)
{
	unsigned a, n;

	random_range(&a, &n);
	CHECK(!CALL(munmap, VA(a), n * PAGE_SIZE, 0, 0, 0, 0));
	for (unsigned i = 0; i < n; i++)
		sh[a + i].fpage = HOLE;
}

static void op_mremap(void)
{
	unsigned a, n, to;
	long rc;

	random_range(&a, &n);
	to = rnd_below(NPAGES - n + 1);
	rc = CALL(mremap, VA(a), n * PAGE_SIZE, n * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, VA(to), 0);
	if (rc < 0) {
		CHECK(rc == -EINVAL || rc == -EFAULT);
		/* A refusal after the target was cleared: what the window holds is read back. */
		for (unsigned i = 0; i < NPAGES; i++)
			if (!vma_lookup(mm, VA(i)))
				sh[i].fpage = HOLE;
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		sh[to + i] = sh[a + i];
		sh[a + i].fpage = HOLE;
	}
}

static void op_dontneed(void)
{
	unsigned a, n;
	long rc;

	random_range(&a, &n);
	rc = CALL(madvise, VA(a), n * PAGE_SIZE, MADV_DONTNEED, 0, 0, 0);
	CHECK(rc == 0 || rc == -ENOMEM);
}

static void op_truncate(void)
{
	unsigned to = rnd_below(FPAGES + 1);
	struct inode *inode = world_fd3->f_inode;

	world_setsize(inode, (loff_t)to * PAGE_SIZE);
	for (unsigned i = to; i < FPAGES; i++)
		file_value[i] = 0;
	file_pages = to;
	if (rnd_one_in(2))
		return;
	world_setsize(inode, (loff_t)FPAGES * PAGE_SIZE);
	file_pages = FPAGES;
}

/* A page of the file loses all its entries, as for reclaim, and they know where it was. */
static void op_unmap_page(void)
{
	struct page *page = find_lock_page(world_fd3->f_mapping, rnd_below(FPAGES));
	struct rmap_flush flush = { .nr = 0 };

	if (!page)
		return;
	CHECK(try_to_unmap(page, &flush) && !page_mapcount(page));
	rmap_flush(&flush);
	unlock_page(page);
	put_page(page);
}

/* Its entries become migration entries, and entries of it again. */
static void op_migrate_page(void)
{
	struct page *page = find_lock_page(world_fd3->f_mapping, rnd_below(FPAGES));
	struct rmap_flush flush = { .nr = 0 };
	int mapped;

	if (!page)
		return;
	mapped = page_mapcount(page);
	CHECK(try_to_migrate(page, &flush, false) && !page_mapcount(page));
	rmap_flush(&flush);
	if (rnd_one_in(3))
		op_dontneed();
	else if (rnd_one_in(3))
		op_munmap();
	else if (rnd_one_in(3))
		op_mprotect();
	else
		goto same;
	mapped = -1;
same:
	remove_migration_ptes(page, page, NULL);
	CHECK(mapped < 0 || page_mapcount(page) == mapped);
	unlock_page(page);
	put_page(page);
}

/* References and dirt are found. */
static void op_clean_page(void)
{
	struct page *page = find_lock_page(world_fd3->f_mapping, rnd_below(FPAGES));
	int mapped;

	if (!page)
		return;
	mapped = page_mapcount(page);
	if (mapped) {
		(void)page_referenced(page, false);
		CHECK(!page_referenced(page, false));
		(void)page_mkclean(page);
		CHECK(!page_mkclean(page) && page_mapcount(page) == mapped);
	}
	unlock_page(page);
	put_page(page);
}

/* Become a task that runs in @m, and remembers no region of another. */
static void enter(struct mm_struct *m)
{
	current_base()->vma_seen_nr = 0;
	host_enter_mm(m);
}

/* The child sees what the parent sees. */
static void op_fork(void)
{
	struct mm_struct *child = dup_mm(mm), *parent = mm;

	if (!child)
		return;
	enter(child);
	verify(child);
	for (unsigned i = 0; i < NPAGES; i++)
		check_page(i);
	mm = child;
	op_remap();			/* the child's own affair */
	mm = parent;
	enter(parent);
	mmput(child);
}

static void step(void)
{
	unsigned keep[NPAGES];

	switch (rnd_below(16)) {
	case 0: op_mmap(); break;
	case 1: case 2: case 3: op_remap(); break;
	case 4: op_mprotect(); break;
	case 5: if (rnd_one_in(3)) op_munmap(); break;
	case 6: op_mremap(); break;
	case 7: op_dontneed(); break;
	case 8: if (rnd_one_in(3)) op_truncate(); break;
	case 9: op_unmap_page(); break;
	case 10: op_migrate_page(); break;
	case 11: op_clean_page(); break;
	case 12:
		if (!rnd_one_in(4))
			break;
		for (unsigned i = 0; i < NPAGES; i++)
			keep[i] = sh[i].fpage;
		op_fork();
		for (unsigned i = 0; i < NPAGES; i++)
			sh[i].fpage = keep[i];
		break;
	default: store_page(rnd_below(NPAGES)); check_page(rnd_below(NPAGES));
	}
}

static void storm(unsigned steps)
{
	for (unsigned i = 0; i < steps; i++) {
		step();
		if (i % 32)
			continue;
		verify(mm);
		for (unsigned n = 0; n < NPAGES; n++)
			check_page(n);
	}
}

static void start_over(void)
{
	CHECK(!CALL(munmap, BASE, NPAGES * PAGE_SIZE, 0, 0, 0, 0));
	world_setsize(world_fd3->f_inode, (loff_t)FPAGES * PAGE_SIZE);
	file_pages = FPAGES;
	for (unsigned i = 0; i < NPAGES; i++)
		sh[i].fpage = HOLE;
	map_linear(0, NPAGES, 0, PROT_READ | PROT_WRITE);
}

static void test_errors(void)
{
	start_over();
	sysctl_nonlinear = 1;
	CHECK(CALL(remap_file_pages, VA(0), PAGE_SIZE, PROT_READ, 0, 0, 0) == -EINVAL);
	CHECK(CALL(remap_file_pages, VA(0), 0, 0, 0, 0, 0) == -EINVAL);
	CHECK(CALL(remap_file_pages, VA(NPAGES - 1), 2 * PAGE_SIZE, 0, 0, 0, 0) == -EINVAL);
	CHECK(CALL(remap_file_pages, VA(0), 2 * PAGE_SIZE, 0, ~0ul, 0, 0) == -EINVAL);
	CHECK(CALL(remap_file_pages, VA(0), PAGE_SIZE, 0, 1ul << FILE_PGOFF_BITS, 0, 0) == -EINVAL);
	CHECK(CALL(remap_file_pages, VA(NPAGES), PAGE_SIZE, 0, 0, 0, 0) == -EINVAL);
	/* The page that is there anyway asks for nothing. */
	CHECK(!CALL(remap_file_pages, VA(3), PAGE_SIZE, 0, 3, 0, 0));
	CHECK(!(vma_lookup(mm, VA(0))->vm_flags & VM_NONLINEAR));
	CHECK(!CALL(remap_file_pages, VA(3), PAGE_SIZE, 0, 4, 0, 0));
	CHECK(vma_lookup(mm, VA(0))->vm_flags & VM_NONLINEAR && mm->map_count == 1);
	ok(true, "errors, and when a region becomes nonlinear");
}

/* Whichever allocation fails: the call fails and has changed nothing, or has done all. */
static void test_alloc_failures(void)
{
	for (long nth = 1;; nth++) {
		long rc;

		start_over();
		sysctl_nonlinear = 1;
		shim_fail_alloc(nth);
		rc = CALL(remap_file_pages, VA(2), 40 * PAGE_SIZE, 0, 30, MAP_NONBLOCK, 0);
		if (!rc)
			for (unsigned i = 0; i < 40; i++)
				sh[2 + i].fpage = 30 + i;
		CHECK(rc == 0 || rc == -ENOMEM);
		if (!rc && !shim_alloc_failed())
			break;
		shim_fail_alloc(0);
		verify(mm);
		for (unsigned n = 0; n < NPAGES; n++)
			check_page(n);
	}
	shim_fail_alloc(0);
	ok(true, "a remap that finds no memory has changed nothing");
}

int main(void)
{
	for (unsigned levels = 3; levels <= 5; levels++) {
		world_init(levels, 1);
		mm = world_mm();
		world_fd3 = shmem_file_setup("f", FPAGES * PAGE_SIZE, VM_NORESERVE);
		memset(file_value, 0, sizeof(file_value));
		CHECK(!IS_ERR(world_fd3));
		test_errors();
		test_alloc_failures();
		start_over();
		storm(6000);
		ok(true, "6000 random steps agree with the shadow, %u levels", levels);
		world_mm_end(mm);
		fput(world_fd3);
		world_fd3 = NULL;
		is_int(world_files, 0, "no file is left");
		is_int(global_node_page_state(NR_FILE_PAGES) + global_node_page_state(NR_SHMEM) +
		       global_node_page_state(NR_FILE_MAPPED), 0, "no cached page is left, or counted as mapped");
		is_int(host_stale, 0, "no stale translation was used");
	}
	world_end();
	return done_testing();
}
