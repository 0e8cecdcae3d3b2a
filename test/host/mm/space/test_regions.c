/*
 * Random mmap, munmap, mprotect, mremap, madvise, mlock, fork and accesses over a window of pages, with an
 * array of pages as the shadow: what is mapped, with which rights, and what it holds.
 *
 * SPDX-License-Identifier: MIT
 */
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

#define NPAGES	96
#define BASE	0x40000000ul
#define FPAGES	64
#define VA(n)	(BASE + (unsigned long)(n) * PAGE_SIZE)

enum kind { HOLE, ANON, FILE_PRIVATE, FILE_SHARED };
struct shadow {
	enum kind kind;
	unsigned prot;
	bool copied;		/* FILE_PRIVATE: value is its own */
	unsigned fpage;		/* FILE_*: page of the file */
	u64 value;
};
static struct shadow sh[NPAGES];
static u64 file_value[FPAGES];
static struct mm_struct *mm;
static bool remapped;		/* since the last clean start: borders may stay unmerged */

static u64 *shadow_cell(struct shadow *s)
{
	if (s->kind == ANON || (s->kind == FILE_PRIVATE && s->copied))
		return &s->value;
	return &file_value[s->fpage];
}

static void check_page(unsigned n)
{
	struct shadow *s = &sh[n];
	u64 v = ~0ull;
	int sig = host_load8(VA(n), &v);

	if (s->kind == HOLE || !(s->prot & PROT_READ)) {
		CHECK(sig == 11);
		return;
	}
	CHECK(sig == 0);
	CHECK(v == *shadow_cell(s));
}

static void store_page(unsigned n)
{
	struct shadow *s = &sh[n];
	u64 v = rnd() | 1;
	int sig = host_store8(VA(n), v);

	if (s->kind == HOLE || !(s->prot & PROT_WRITE)) {
		CHECK(sig == 11);
		return;
	}
	CHECK(sig == 0);
	if (s->kind == FILE_PRIVATE)
		s->copied = true;
	*shadow_cell(s) = v;
}

static unsigned random_prot(void)
{
	static const unsigned prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
					  PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC };
	return prots[rnd_below(ARRAY_SIZE(prots))];
}

static void random_range(unsigned *a, unsigned *n)
{
	*a = rnd_below(NPAGES);
	*n = 1 + rnd_below(min(16u, NPAGES - *a));
}

static void op_mmap(void)
{
	enum kind kind = ANON + rnd_below(3);
	unsigned a, n, prot = random_prot(), fp;
	unsigned long flags = MAP_FIXED | (kind == FILE_SHARED ? MAP_SHARED : MAP_PRIVATE) |
			      (kind == ANON ? MAP_ANONYMOUS : 0) | (rnd_one_in(8) ? MAP_POPULATE : 0);

	random_range(&a, &n);
	fp = rnd_below(FPAGES - n + 1);
	CHECK((unsigned long)CALL(mmap, VA(a), n * PAGE_SIZE, prot, flags, kind == ANON ? -1 : 3,
				  fp * PAGE_SIZE) == VA(a));
	for (unsigned i = 0; i < n; i++)
		sh[a + i] = (struct shadow){
			.kind = kind, .prot = prot, .fpage = fp + i,
			/* populating a writable private mapping makes the copies */
			.copied = kind == FILE_PRIVATE && (flags & MAP_POPULATE) && (prot & PROT_WRITE),
			.value = kind == FILE_PRIVATE ? file_value[fp + i] : 0,
		};
}

static void op_munmap(void)
{
	unsigned a, n;

	random_range(&a, &n);
	CHECK(CALL(munmap, VA(a), n * PAGE_SIZE, 0, 0, 0, 0) == 0);
	memset(&sh[a], 0, n * sizeof(*sh));
}

static void op_mprotect(void)
{
	unsigned a, n, prot = random_prot(), i;
	long rc;

	random_range(&a, &n);
	rc = CALL(mprotect, VA(a), n * PAGE_SIZE, prot, 0, 0, 0);
	for (i = 0; i < n && sh[a + i].kind != HOLE; i++)
		sh[a + i].prot = prot;
	CHECK(rc == (i == n ? 0 : -ENOMEM));
}

static void op_dontneed(void)
{
	unsigned a, n;
	bool hole = false;
	long rc;

	random_range(&a, &n);
	rc = CALL(madvise, VA(a), n * PAGE_SIZE, MADV_DONTNEED, 0, 0, 0);
	for (unsigned i = 0; i < n; i++) {
		hole |= sh[a + i].kind == HOLE;
		sh[a + i].copied = false;
		if (sh[a + i].kind != FILE_SHARED)
			sh[a + i].value = 0;
	}
	CHECK(rc == (hole ? -ENOMEM : 0));
}

/*
 * Move within the window, from one region to a fixed place that does not overlap.  A translation of the old place
 * that is used afterwards is noticed (M2 of mm/entry/protect.c).
 */
static void op_mremap(void)
{
	struct shadow moved[16];
	unsigned a, n, to, i;
	struct vm_area_struct *vma;
	long rc;

	random_range(&a, &n);
	vma = vma_lookup(mm, VA(a));
	if (!vma)
		return;
	n = min(n, (unsigned)((vma->vm_end - VA(a)) >> PAGE_SHIFT));
	to = rnd_below(NPAGES - n + 1);
	if (to < a + n && a < to + n)
		return;
	memcpy(moved, &sh[a], n * sizeof(*sh));
	rc = CALL(mremap, VA(a), n * PAGE_SIZE, n * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, VA(to), 0);
	CHECK((unsigned long)rc == VA(to));
	for (i = 0; i < n; i++)
		sh[a + i] = (struct shadow){ 0 };
	memcpy(&sh[to], moved, n * sizeof(*sh));
	remapped = true;
}

static void op_mremap_shrink(void)
{
	unsigned a, n, less;

	random_range(&a, &n);
	if (n < 2 || sh[a].kind == HOLE)
		return;
	less = 1 + rnd_below(n - 1);
	CHECK((unsigned long)CALL(mremap, VA(a), n * PAGE_SIZE, less * PAGE_SIZE, 0, 0, 0) == VA(a));
	memset(&sh[a + less], 0, (n - less) * sizeof(*sh));
}

static void op_fork(void)
{
	struct mm_struct *child = dup_mm(mm);
	struct shadow saved[NPAGES];

	CHECK(child);
	mm_verify(child);
	memcpy(saved, sh, sizeof(sh));
	host_enter_mm(child);
	for (unsigned i = 0; i < 24; i++)
		rnd_one_in(2) ? check_page(rnd_below(NPAGES)) : store_page(rnd_below(NPAGES));
	host_enter_mm(mm);
	memcpy(sh, saved, sizeof(sh));
	if (rnd_one_in(2)) {		/* the parent writes while the child lives */
		for (unsigned i = 0; i < 8; i++)
			store_page(rnd_below(NPAGES));
	}
	mmput(child);
}

static void op_file_write(void)
{
	unsigned p = rnd_below(FPAGES);
	loff_t pos = p * PAGE_SIZE;
	struct iov_iter it;
	u64 v = rnd();

	iov_iter_kernel(&it, &v, 8);
	CHECK(shmem_file_write(world_fd3, &it, &pos) == 8);
	file_value[p] = v;
}

/* Without moves, two neighbours never have all in common. */
static void check_merged(void)
{
	struct vm_area_struct *v;

	for (v = mm->mmap; v && v->vm_next; v = v->vm_next)
		CHECK(v->vm_end != v->vm_next->vm_start || v->vm_flags != v->vm_next->vm_flags ||
		      v->vm_file != v->vm_next->vm_file ||
		      linear_page_index(v, v->vm_end) != v->vm_next->vm_pgoff);
}

static void check_counts(void)
{
	struct vm_area_struct *v;
	unsigned long total = 0, account = 0, locked = 0;

	for (v = mm->mmap; v; v = v->vm_next) {
		total += vma_pages(v);
		account += v->vm_flags & VM_ACCOUNT ? vma_pages(v) : 0;
		locked += v->vm_flags & VM_LOCKED ? vma_pages(v) : 0;
	}
	CHECK(mm->total_vm == total);
	CHECK(vm_memory_committed() == account + world_fd3->f_mapping->nrpages);
	CHECK((unsigned long)atomic_long_read(&mm->locked_vm) == locked);
}

static void storm(unsigned steps)
{
	for (unsigned i = 0; i < steps; i++) {
		switch (rnd_below(16)) {
		case 0: case 1: case 2: op_mmap(); break;
		case 3: case 4: op_munmap(); break;
		case 5: case 6: op_mprotect(); break;
		case 7: op_dontneed(); break;
		case 8: op_mremap(); break;
		case 9: op_mremap_shrink(); break;
		case 10: if (rnd_one_in(4)) op_fork(); break;
		case 11: op_file_write(); break;
		default:
			for (unsigned k = 0; k < 8; k++)
				store_page(rnd_below(NPAGES));
		}
		for (unsigned k = 0; k < 8; k++)
			check_page(rnd_below(NPAGES));
		if (i % 16 == 0) {
			mm_verify(mm);
			check_counts();
			if (!remapped)
				check_merged();
		}
		if (i % 1000 == 999) {
			CHECK(CALL(munmap, BASE, NPAGES * PAGE_SIZE, 0, 0, 0, 0) == 0);
			memset(sh, 0, sizeof(sh));
			remapped = false;
		}
	}
	for (unsigned n = 0; n < NPAGES; n++)
		check_page(n);
	pt_verify(mm);
	host_tlb_check(mm);
}

/* The gap search against a look at every page of a small window. */
static void test_gaps(void)
{
	unsigned long low = VA(0), high = VA(NPAGES);

	for (unsigned round = 0; round < 300; round++) {
		unsigned want = 1 + rnd_below(12), run = 0, first = ~0u, last = ~0u;
		unsigned long up, down;

		if (rnd_one_in(2))
			op_munmap();
		else
			op_mmap();
		for (unsigned n = 0; n < NPAGES; n++) {
			run = sh[n].kind == HOLE ? run + 1 : 0;
			if (run >= want) {
				first = min(first, n - want + 1);
				last = n - want + 1;
			}
		}
		up = vma_find_gap_up(mm, want * PAGE_SIZE, low, high);
		down = vma_find_gap_down(mm, want * PAGE_SIZE, low, high);
		CHECK(up == (first == ~0u ? (unsigned long)-ENOMEM : VA(first)));
		CHECK(down == (last == ~0u ? (unsigned long)-ENOMEM : VA(last)));
	}
	ok(true, "free room is found, the lowest and the highest");
}

static void test_errors(void)
{
	is_int(CALL(mmap, 0, 0, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -EINVAL, "mmap: length 0");
	is_int(CALL(mmap, 0, 4096, 3, MAP_ANONYMOUS, -1, 0), -EINVAL, "mmap: neither shared nor private");
	is_int(CALL(mmap, 0, 4096, 3, MAP_PRIVATE, 77, 0), -EBADF, "mmap: bad descriptor");
	is_int(CALL(mmap, 0, 4096, 3, MAP_PRIVATE, 3, 1), -EINVAL, "mmap: offset not aligned");
	is_int(CALL(mmap, 1, 4096, 3, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0), -EINVAL,
	       "mmap: fixed address not aligned");
	is_int(CALL(mmap, 0, -4096ul, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), -ENOMEM, "mmap: too long");
	is_int(CALL(munmap, 1, 4096, 0, 0, 0, 0), -EINVAL, "munmap: not aligned");
	is_int(CALL(munmap, BASE, 0, 0, 0, 0, 0), -EINVAL, "munmap: length 0");
	is_int(CALL(munmap, VA(0), 4096, 0, 0, 0, 0), 0, "munmap: of nothing is fine");
	is_int(CALL(mprotect, VA(0), 4096, PROT_READ, 0, 0, 0), -ENOMEM, "mprotect: nothing there");
	is_int(CALL(mprotect, 1, 4096, PROT_READ, 0, 0, 0), -EINVAL, "mprotect: not aligned");
	is_int(CALL(mremap, VA(0), 4096, 8192, 0, 0, 0), -EFAULT, "mremap: nothing there");
	is_int(CALL(madvise, VA(0), 4096, 12345, 0, 0, 0), -EINVAL, "madvise: unknown advice");
	CALL(mmap, VA(0), 8192, 3, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
	is_int(CALL(mmap, VA(1), 4096, 3, MAP_PRIVATE | MAP_FIXED_NOREPLACE | MAP_ANONYMOUS, -1, 0), -EEXIST,
	       "mmap: MAP_FIXED_NOREPLACE over a region");
	is_int(CALL(mremap, VA(0), 8192, 16384, 0, 0, 0), VA(0), "mremap grows in place");
	is_int(mm->map_count, 1, "as one region");
	CALL(mmap, VA(4), 4096, 3, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
	is_int(CALL(mremap, VA(0), 32768, 65536, 0, 0, 0), -EFAULT, "mremap: beyond the region");
	is_int(CALL(mseal, VA(1), 4096, 0, 0, 0, 0), 0, "mseal");
	is_int(CALL(munmap, VA(0), 16384, 0, 0, 0, 0), -EPERM, "munmap of a sealed range");
	is_int(CALL(mprotect, VA(1), 4096, 0, 0, 0, 0), -EPERM, "mprotect of it");
	vma_lookup(mm, VA(1))->vm_flags &= ~VM_SEALED;
	CALL(munmap, VA(0), NPAGES * PAGE_SIZE, 0, 0, 0, 0);
	is_int(mm->map_count, 0, "all gone");
}

static void test_brk(void)
{
	unsigned long start = 0x10000000;

	mm->start_brk = mm->brk = start;
	is_int(CALL(brk, 0, 0, 0, 0, 0, 0), start, "brk(0) tells");
	is_int(CALL(brk, start + 100, 0, 0, 0, 0, 0), start + 100, "brk grows");
	CHECK(host_store8(start, 1) == 0);
	is_int(CALL(brk, start + 0x5000, 0, 0, 0, 0, 0), start + 0x5000, "and grows");
	is_int(mm->map_count, 1, "in one region");
	is_int(CALL(brk, start, 0, 0, 0, 0, 0), start, "and shrinks");
	is_int(mm->map_count, 0, "to none");
	CALL(mmap, start + 0x2000, 4096, 3, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0);
	is_int(CALL(brk, start + 0x2000, 0, 0, 0, 0, 0), start, "but not into another mapping");
	CALL(munmap, start, 0x10000, 0, 0, 0, 0);
}

/* A driver that shows one page at once, and then finds that it cannot. */
static int half_mmap(__maybe_unused struct file *file, struct vm_area_struct *vma)
{
	struct page *page = alloc_page(GFP_KERNEL);

	CHECK(page && !vm_insert_page(vma, vma->vm_start, page));
	put_page(page);
	return -EIO;
}

static void test_failing_mmap(void)
{
	static const struct file_operations half_fops = { .mmap = half_mmap };
	const struct file_operations *fops = world_fd3->f_op;
	long used;
	u64 v;

	pt_cache_drain();
	used = host_pages_used();
	world_fd3->f_op = &half_fops;
	is_int(CALL(mmap, VA(0), 2 * PAGE_SIZE, 3, MAP_SHARED | MAP_FIXED, 3, 0), -EIO, "a file gives up");
	world_fd3->f_op = fops;
	is_int(host_load8(VA(0), &v), 11, "shows nothing");
	pt_cache_drain();
	ok(host_pages_used() == used && !get_mm_rss(mm), "and leaves nothing");
}

/* The n-th allocation fails: the call fails cleanly or succeeds, and the space is whole. */
static void test_alloc_failures(void)
{
	FOR_EACH_ALLOC_FAILURE({
		long rc = CALL(mmap, VA(0), 8 * PAGE_SIZE, 3, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (rc == (long)VA(0))
			rc = CALL(mprotect, VA(2), PAGE_SIZE, PROT_READ, 0, 0, 0);
		if (!rc)
			rc = CALL(munmap, VA(5), PAGE_SIZE, 0, 0, 0, 0);
		if (!rc) {
			struct mm_struct *child = dup_mm(mm);

			rc = child ? 0 : -ENOMEM;
			if (child)
				mmput(child);
		}
		mm_verify(mm);
		(void)CALL(munmap, VA(0), NPAGES * PAGE_SIZE, 0, 0, 0, 0);
		CHECK(shim_alloc_failed() || !rc);
	}, true);
	ok(true, "allocation failures leave the space whole");
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
		test_brk();
		test_gaps();
		CALL(munmap, BASE, NPAGES * PAGE_SIZE, 0, 0, 0, 0);
		memset(sh, 0, sizeof(sh));
		test_failing_mmap();
		test_alloc_failures();
		storm(3000);
		ok(true, "3000 random steps agree with the shadow, %u levels", levels);
		world_mm_end(mm);
		fput(world_fd3);
		world_fd3 = NULL;
		is_int(world_files, 0, "no file is left");
		is_int(atomic_long_read(&vm_committed_as), 0, "no promise is left");
		is_int(global_node_page_state(NR_FILE_PAGES) + global_node_page_state(NR_SHMEM), 0,
		       "no cached page is left");
		is_int(host_stale, 0, "no stale translation was used");
	}
	world_end();
	return done_testing();
}
