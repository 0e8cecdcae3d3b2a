/*
 * The uffd-wp mark of entries, and entries that a program fills: what fork, mprotect, mremap and zap do to marks,
 * that W which is taken away is gone on every hart, that pages on their way to another frame keep all of it, and that
 * each failed allocation leaves things as they were.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/rmap/migration.c
// SRCS: mm/entry/nonlinear.c
// SRCS: mm/region/vma_lock.c mm/rmap/anon_vma.c mm/fault/anon.c mm/fault/cow.c mm/fault/fault.c mm/fault/file.c
// SRCS: mm/entry/copy.c mm/fault/gup.c mm/entry/pfnmap.c mm/entry/protect.c mm/entry/zap.c mm/pt/asid.c
// SRCS: mm/pt/flush.c mm/pt/gather.c mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c mm/fault/mfill.c
// SRCS: mm/fault/uffd_move.c mm/entry/uffd_wp.c mm/rmap/walk.c mm/rmap/vma_prio_tree.c
#include "test/host/mm/fault/world.h"
#include "include/userfaultfd_k.h"
#include "mm/cache/shmem.h"
#include "mm/fault/userfaultfd.h"
#include "mm/rmap/migration.h"
#include "mm/rmap/walk.h"

#define RW	(VM_READ | VM_WRITE)
#define FAR	0x3000000000ul	/* no table there */
#define BASE	0x400000ul

bool thread_stack_guard(__maybe_unused vaddr_t addr) { return false; }

/* ---- what stands above: who is told, and memory files, of which there are none ------------------------------ */

static struct userfaultfd_ctx ctx;
static struct mm_struct *mm;
static unsigned long told, told_reason;
static vaddr_t told_address;

unsigned handle_userfault(struct vm_fault *vmf, unsigned long reason)
{
	told++;
	told_reason = reason;
	told_address = vmf->address;
	return VM_FAULT_SIGBUS;
}

void __mmdrop(struct mm_struct *in) { panic("%p is still in use", in); }
const struct vm_operations_struct shmem_vm_ops;
int shmem_mfill_page(__maybe_unused struct inode *i, __maybe_unused struct page *p, __maybe_unused pgoff_t n)
{ return -ENOMEM; }
struct page *shmem_find_page(__maybe_unused struct inode *i, __maybe_unused pgoff_t n) { return NULL; }

static struct vm_area_struct *watched(vaddr_t start, vaddr_t end, unsigned long uffd_flags,
				      const struct vm_operations_struct *ops)
{
	struct vm_area_struct *vma = world_map(mm, start, end, RW | uffd_flags, ops, 0);

	vma->vm_userfaultfd_ctx = &ctx;
	return vma;
}

static pte_t entry(struct mm_struct *in, vaddr_t va)
{
	pte_t *ptep = pt_lookup(in, va);

	return ptep ? pte_load(ptep) : pte_empty();
}
#define marked(va)	(pte_uffd_wp(entry(mm, va)) || pte_marker_uffd_wp(entry(mm, va)))

static u64 load(vaddr_t va)
{
	u64 v = 0;

	CHECK(host_load8(va, &v) == 0);
	return v;
}
static void store(vaddr_t va, u64 v) { CHECK(host_store8(va, v) == 0); }

/* A store is told for @reason, and does not happen. */
static bool is_told(vaddr_t va, unsigned long reason)
{
	unsigned long before = told;

	return host_store8(va, 99) == 7 && told == before + 1 && told_reason == reason &&
	       told_address == (va & PAGE_MASK);
}

/* ---- marks ----------------------------------------------------------------------------------------------- */

static void test_marks(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x8000, VM_UFFD_WP, NULL);

	store(BASE, 1);
	store(BASE + PAGE_SIZE, 2);
	host_run_on(1);
	host_enter_mm(mm);
	store(BASE, 1);			/* this hart remembers W, too */
	host_run_on(0);
	CHECK(!uffd_wp_range(vma, BASE, BASE + 0x8000, UFFD_WP_SET));
	ok(marked(BASE) && marked(BASE + PAGE_SIZE) && !marked(BASE + 2 * PAGE_SIZE), "what is there is marked");
	ok(is_told(BASE, VM_UFFD_WP) && load(BASE) == 1, "a write is told, a read is served");
	host_run_on(1);
	ok(is_told(BASE, VM_UFFD_WP), "on a hart that could write before, as well");
	host_run_on(0);
	world_protect(vma, BASE, BASE + 0x8000, vm_prot(VM_READ));
	world_protect(vma, BASE, BASE + 0x8000, vma->vm_page_prot);
	ok(marked(BASE) && is_told(BASE, VM_UFFD_WP), "mprotect gives no W to what is marked");
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_CLEAR));
	ok(pte_write(entry(mm, BASE)) && !host_store8(BASE, 3), "without the mark there is W at once");
	zap_page_range(vma, BASE + PAGE_SIZE, PAGE_SIZE);
	ok(!marked(BASE + PAGE_SIZE), "the mark of an anonymous page goes with it");
	ctx.features = UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_WP_UNPOPULATED;
	CHECK(!uffd_wp_range(vma, BASE, BASE + 0x8000, UFFD_WP_SET));
	ok(marked(BASE) && marked(BASE + PAGE_SIZE), "or empty entries are marked, too");
	ok(load(BASE + PAGE_SIZE) == 0 && marked(BASE + PAGE_SIZE), "what comes there is marked");
	store(BASE + PAGE_SIZE, 5);
	store(BASE + 2 * PAGE_SIZE, 6);
	ok(!marked(BASE + PAGE_SIZE) && !marked(BASE + 2 * PAGE_SIZE), "asynchronous marks go by themselves");
	ctx.features = 0;
	world_unmap(vma);
}

static void test_file_marks(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x8000, VM_UFFD_WP | VM_SHARED, &world_file_ops);
	struct vm_area_struct *to;

	CHECK(load(BASE) == WORLD_FILE_WORD(0) && pte_none(entry(mm, BASE + PAGE_SIZE)));
	CHECK(!uffd_wp_range(vma, BASE, BASE + 0x4000, UFFD_WP_SET));
	ok(marked(BASE) && marked(BASE + PAGE_SIZE) && !marked(BASE + 0x4000),
	   "a file's pages, there or not, are marked");
	ok(is_told(BASE, VM_UFFD_WP), "a write to one is told");
	zap_page_range(vma, BASE, PAGE_SIZE);
	ok(marked(BASE) && !pte_present(entry(mm, BASE)), "the mark stays when the page goes");
	zap_file_pages(vma, BASE, 0x8000);
	ok(marked(BASE) && load(BASE) == WORLD_FILE_WORD(0) && marked(BASE), "and is the page's that comes");
	to = watched(BASE + 0x100000, BASE + 0x108000, VM_UFFD_WP | VM_SHARED, &world_file_ops);
	CHECK(world_move(vma, to));
	ok(marked(to->vm_start) && marked(to->vm_start + PAGE_SIZE) && !marked(BASE), "marks move");
	vma->vm_flags &= ~VM_UFFD_WP;
	CHECK(world_move(to, vma));
	ok(!marked(BASE) && !marked(BASE + PAGE_SIZE), "but not to where nobody watches");
	world_unmap(vma);
	world_unmap(to);
}

static void test_fork_marks(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x4000, VM_UFFD_WP, NULL);
	struct mm_struct *child;

	store(BASE, 1);
	load(BASE + PAGE_SIZE);
	CHECK(!uffd_wp_range(vma, BASE, BASE + 0x4000, UFFD_WP_SET));
	child = world_fork(mm);
	ok(pte_uffd_wp(entry(child, BASE)) && pte_uffd_wp(entry(child, BASE + PAGE_SIZE)),
	   "a watched child has the marks, of the zero page as well");
	ok(marked(BASE) && is_told(BASE, VM_UFFD_WP), "and so has the parent");
	world_exit(child);
	world_fork_drops = VM_UFFD_WP;
	child = world_fork(mm);
	world_fork_drops = 0;
	ok(pte_present(entry(child, BASE)) && !pte_uffd_wp(entry(child, BASE)) && !pte_write(entry(child, BASE)) &&
	   pte_special(entry(child, BASE + PAGE_SIZE)) && !pte_uffd_wp(entry(child, BASE + PAGE_SIZE)),
	   "a child that nobody watches has none");
	ok(marked(BASE), "but the parent keeps them");
	world_exit(child);
	CHECK(!uffd_wp_range(vma, BASE, BASE + 0x4000, UFFD_WP_CLEAR));
	vma->vm_flags &= ~VM_UFFD_WP;
	store(BASE, 2);
	world_unmap(vma);
}

/* ---- pages on their way ---------------------------------------------------------------------------------- */

static struct rmap_flush flush;
static struct anon_vma *home;

/* The page at @va leaves its entries; what they were is still to be flushed. */
static struct page *go(vaddr_t va)
{
	struct page *page = pfn_to_page(pte_pfn(entry(mm, va)));

	get_page(page);
	lock_page(page);
	home = page_get_anon_vma(page);
	CHECK(home && try_to_migrate(page, &flush, false) && pte_is_migration(entry(mm, va)));
	return page;
}

/* And is back. */
static void arrive(struct page *page)
{
	rmap_flush(&flush);
	remove_migration_ptes(page, page, home);
	put_anon_vma(home);
	unlock_page(page);
	put_page(page);
}

#define on_way_marked(in, va)	(pte_is_migration(entry(in, va)) && migration_uffd_wp(entry(in, va)))

static void test_migration_marks(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x4000, VM_UFFD_WP, NULL);
	unsigned long stale;
	struct page *page;

	store(BASE, 1);
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_SET));
	page = go(BASE);
	ok(on_way_marked(mm, BASE), "a page takes its mark along");
	arrive(page);
	ok(marked(BASE) && is_told(BASE, VM_UFFD_WP) && load(BASE) == 1, "and has it when it has arrived");
	page = go(BASE);
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_CLEAR));
	arrive(page);
	ok(!marked(BASE) && !host_store8(BASE, 3), "it loses the mark on its way");
	host_run_on(1);
	store(BASE, 4);			/* this hart remembers W */
	host_run_on(0);
	page = go(BASE);
	CHECK(migration_write(entry(mm, BASE)));
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_SET));
	ok(on_way_marked(mm, BASE) && !migration_write(entry(mm, BASE)) && migration_exclusive(entry(mm, BASE)),
	   "or gets one");
	stale = host_stale;
	host_tlb_check(mm);
	ok(host_stale == stale, "which a hart that could write before knows at once");
	arrive(page);
	ok(marked(BASE) && is_told(BASE, VM_UFFD_WP), "a write to it is told");
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_CLEAR));
	ok(pte_write(entry(mm, BASE)), "it is still the program's own");
	world_unmap(vma);
}

static void test_migration_fork(bool watch_child)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x4000, VM_UFFD_WP, NULL);
	struct mm_struct *child;
	struct page *page;

	store(BASE, 1);
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_SET));
	page = go(BASE);
	world_fork_drops = watch_child ? 0 : VM_UFFD_WP;
	child = world_fork(mm);
	world_fork_drops = 0;
	CHECK(on_way_marked(mm, BASE) && on_way_marked(child, BASE) == watch_child);
	arrive(page);
	ok(marked(BASE) && pte_present(entry(child, BASE)) && pte_uffd_wp(entry(child, BASE)) == watch_child,
	   "fork %s the mark of a page on its way", watch_child ? "copies" : "drops");
	world_exit(child);
	world_unmap(vma);
}

static void test_migration_leaves(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x4000, VM_UFFD_WP, NULL), *to;
	pte_t *ptep;
	struct page *page;

	to = world_map(mm, BASE + 0x100000, BASE + 0x104000, RW, NULL, 0);
	store(BASE, 1);
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_SET));
	page = go(BASE);
	CHECK(world_move(vma, to));
	ok(pte_is_migration(entry(mm, to->vm_start)) && !migration_uffd_wp(entry(mm, to->vm_start)),
	   "mremap drops the mark where nobody watches");
	world_unmap(to);
	arrive(page);
	world_unmap(vma);
	vma = watched(BASE, BASE + 0x8000, VM_UFFD_WP | VM_SHARED, &world_file_ops);
	load(BASE);
	CHECK(!uffd_wp_range(vma, BASE, BASE + PAGE_SIZE, UFFD_WP_SET));
	ptep = pt_lookup(mm, BASE);
	page = pfn_to_page(pte_pfn(pte_load(ptep)));
	set_pte(ptep, make_migration_pte(pte_load(ptep), false));	/* as try_to_migrate() does */
	flush_tlb_page(vma, BASE);
	page_remove_rmap(page);
	put_page(page);
	zap_file_pages(vma, BASE, 0x8000);
	ok(pte_marker_uffd_wp(entry(mm, BASE)), "a file's page on its way leaves a marker");
	world_unmap(vma);
}

/* ---- fills ----------------------------------------------------------------------------------------------- */

static long fill(enum mfill_mode mode, vaddr_t dst, unsigned long nr, bool wp)
{
	struct mfill m = { .mode = mode, .wp = wp, .dst = dst, .len = nr * PAGE_SIZE };

	return mfill_atomic(&ctx, &m);
}

static void test_fills(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x8000, VM_UFFD_MISSING | VM_UFFD_WP, NULL);
	struct vm_area_struct *src;
	long rc;

	ok(is_told(BASE, VM_UFFD_MISSING), "a missing page is told");
	is_int(fill(MFILL_ZEROPAGE, BASE, 2, false), 2 * PAGE_SIZE, "zero pages fill");
	is_int(fill(MFILL_ZEROPAGE, BASE, 1, false), -EEXIST, "what is empty only");
	ok(load(BASE) == 0 && !host_store8(BASE, 1), "and are written to by a copy");
	is_int(fill(MFILL_POISON, BASE + 2 * PAGE_SIZE, 1, false), PAGE_SIZE, "poison fills");
	ok(host_store8(BASE + 2 * PAGE_SIZE, 1) == 7 && fill(MFILL_POISON, BASE, 1, false) == -EEXIST, "with SIGBUS");
	is_int(fill(MFILL_ZEROPAGE, BASE + 0x8000, 1, false), -ENOENT, "not beyond the region");
	is_int(fill(MFILL_CONTINUE, BASE + 0x3000, 1, false), -EINVAL, "nor from a file that is not there");
	atomic_set(&ctx.mmap_changing, 1);
	is_int(fill(MFILL_ZEROPAGE, BASE + 0x3000, 1, false), -EAGAIN, "nor while regions change");
	is_int(mwriteprotect_range(&ctx, BASE, PAGE_SIZE, true), -EAGAIN, "nothing is protected either");
	atomic_set(&ctx.mmap_changing, 0);
	src = world_map(mm, BASE + 0x100000, BASE + 0x104000, RW | VM_UFFD_WP, NULL, 0);
	src->vm_userfaultfd_ctx = &ctx;
	store(src->vm_start, 77);
	load(src->vm_start + PAGE_SIZE);
	rc = uffd_move_pages(&ctx, BASE + 0x4000, src->vm_start, 2 * PAGE_SIZE, false);
	is_int(rc, 2 * PAGE_SIZE, "a page and the zero page move");
	ok(load(BASE + 0x4000) == 77 && load(BASE + 0x5000) == 0 && load(src->vm_start) == 0, "with what they hold");
	arrive(go(BASE + 0x4000));
	ok(load(BASE + 0x4000) == 77, "and are found at their new place");
	is_int(uffd_move_pages(&ctx, BASE + 0x6000, src->vm_start + 0x2000, PAGE_SIZE, false), -ENOENT, "not holes");
	rc = uffd_move_pages(&ctx, BASE + 0x6000, src->vm_start + 0x2000, PAGE_SIZE, true);
	is_int(rc, PAGE_SIZE, "or those, too");
	world_unmap(src);
	world_unmap(vma);
}

/* One page comes, by @mode or (-1) from elsewhere, where there is no table yet.  0 or -errno */
static long fill_far(int mode)
{
	struct vm_area_struct *vma = world_map(mm, FAR, FAR + PAGE_SIZE, RW | VM_UFFD_MISSING | VM_UFFD_WP, NULL, 0);
	struct mfill m = { .mode = mode, .dst = FAR, .src = BASE, .len = PAGE_SIZE };
	long rc;

	if (!vma)
		return -ENOMEM;
	vma->vm_userfaultfd_ctx = &ctx;
	rc = mode < 0 ? uffd_move_pages(&ctx, FAR, BASE, PAGE_SIZE, false) : mfill_atomic(&ctx, &m);
	CHECK(rc == PAGE_SIZE || rc == -ENOMEM);
	CHECK((rc == PAGE_SIZE) == !pte_none(entry(mm, FAR)));
	if (mode < 0 && rc == PAGE_SIZE)
		CHECK(load(FAR) == 99 && uffd_move_pages(&ctx, BASE, FAR, PAGE_SIZE, false) == PAGE_SIZE);
	CHECK(load(BASE) == 99);
	world_unmap(vma);
	pt_cache_drain();
	return rc < 0 ? rc : 0;
}

static void test_fill_failures(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + PAGE_SIZE, VM_UFFD_WP, NULL);
	long rc;

	store(BASE, 99);
	pt_cache_drain();
	FOR_EACH_ALLOC_FAILURE(rc = fill_far(MFILL_COPY), rc == -ENOMEM);
	FOR_EACH_ALLOC_FAILURE(rc = fill_far(MFILL_ZEROPAGE), rc == -ENOMEM);
	FOR_EACH_ALLOC_FAILURE(rc = fill_far(MFILL_POISON), rc == -ENOMEM);
	FOR_EACH_ALLOC_FAILURE(rc = fill_far(-1), rc == -ENOMEM);
	ok(true, "fills and moves that find no memory say so, and leave nothing");
	world_unmap(vma);
	pt_cache_drain();
}

static void test_failures(void)
{
	struct vm_area_struct *vma = watched(BASE, BASE + 0x4000, VM_UFFD_WP, NULL);
	int rc;

	ctx.features = UFFD_FEATURE_WP_UNPOPULATED;
	pt_cache_drain();
	for (long n = 0; n < 20; n++) {
		shim_fail_alloc(n);
		rc = uffd_wp_range(vma, BASE, BASE + 0x4000, UFFD_WP_SET);
		shim_fail_alloc(-1);
		CHECK(rc == 0 || rc == -ENOMEM);
		CHECK(rc || (marked(BASE) && marked(BASE + 0x3000)));
		CHECK(!uffd_wp_range(vma, BASE, BASE + 0x4000, UFFD_WP_CLEAR) && !marked(BASE));
	}
	ok(rc == 0, "markers that found no table were not set");
	ctx.features = 0;
	world_unmap(vma);
	pt_cache_drain();
}

static void all_tests(unsigned levels, unsigned asid_bits)
{
	arch_asid_bits = asid_bits;
	host_arch_init(levels, 2);
	if (!zero_page)
		fault_init();
	world_anon_init();
	world_file_make();
	mm = host_mm_new();
	host_enter_mm(mm);
	ctx.mm = mm;
	diag("Sv%u, %u ASID bits", 12 + 9 * levels, asid_bits);
	test_marks();
	test_file_marks();
	test_fork_marks();
	test_migration_marks();
	test_migration_fork(true);
	test_migration_fork(false);
	test_migration_leaves();
	test_fills();
	test_failures();
	test_fill_failures();
	is_int(mm_pgtables_bytes(mm), 0, "empty address space: no tables");
	world_exit(mm);
	world_file_drop();
	for (unsigned h = 0; h < 2; h++) {
		host_run_on(h);
		pt_cache_drain();
	}
	is_int(host_stale, 0, "no law broken");
}

int main(void)
{
	shim_printk_quiet = true;
	init_rwsem(&ctx.map_changing_lock, RANK_UFFD);
	all_tests(3, 16);
	all_tests(5, 0);
	is_int(host_pages_used(), 1, "only the zero page is left");
	put_page(zero_page);
	is_int(shim_live_allocs(), world_caches, "nothing leaked");
	return done_testing();
}
