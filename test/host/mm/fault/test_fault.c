/*
 * Page faults one by one: anonymous, file, copy-on-write, permissions, signals, fork, mprotect, mremap,
 * and what the kernel does by address.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/entry/nonlinear.c mm/entry/age.c
// SRCS: mm/rmap/migration.c
// SRCS: mm/region/vma_lock.c
// SRCS: mm/rmap/anon_vma.c
// SRCS: mm/fault/anon.c mm/fault/cow.c mm/fault/fault.c mm/fault/file.c mm/entry/copy.c mm/fault/gup.c
// SRCS: mm/entry/pfnmap.c mm/entry/protect.c mm/entry/zap.c mm/pt/asid.c mm/pt/flush.c mm/pt/gather.c
// SRCS: mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c
#include "test/host/mm/fault/world.h"
#include "mm/rmap/migration.h"
#include <asm/ptrace.h>

#define RW	(VM_READ | VM_WRITE)
#define BASE	0x400000ul

bool thread_stack_guard(__maybe_unused vaddr_t addr) { return false; }

static struct mm_struct *mm;

static u64 load(vaddr_t va)
{
	u64 v = 0;

	CHECK(host_load8(va, &v) == 0);
	return v;
}

static void store(vaddr_t va, u64 v) { CHECK(host_store8(va, v) == 0); }

static void test_anonymous(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 0x10000, RW, NULL, 0);
	struct page *pages[4];
	long used;
	u64 v;

	ok(load(BASE) == 0 && get_mm_counter(mm, MM_ANONPAGES) == 0, "a read sees zeros and costs no page");
	used = host_pages_used();
	store(BASE, 5);
	ok(load(BASE) == 5 && host_pages_used() == used + 1, "a write gets a page");
	store(BASE + PAGE_SIZE, 6);
	ok(load(BASE + PAGE_SIZE) == 6 && load(BASE + PAGE_SIZE + 8) == 0, "and a zeroed one");
	is_int(get_mm_counter(mm, MM_ANONPAGES), 2, "rss counts both");
	is_int(global_node_page_state(NR_ANON_MAPPED), 2, "so does the node");		/* R2 of mm/rmap/rmap.h */
	is_int(host_load8(BASE - 8, &v), 11, "no region: SIGSEGV");
	ok(host_signal.code == 1 && host_signal.address == BASE - 8, "with SEGV_MAPERR and the address");
	zap_page_range(vma, BASE, PAGE_SIZE);
	ok(load(BASE) == 0 && load(BASE + PAGE_SIZE) == 6, "zap forgets one page");
	is_int(host_load8(0xffffffff00000000ul, &v), 11, "a kernel address: SIGSEGV");
	world_unmap(vma);
	is_int(global_node_page_state(NR_ANON_MAPPED), 0, "unmap counts back");
	vma = world_map(mm, BASE, BASE + 0x1000, VM_READ, NULL, 0);
	is_int(host_store8(BASE, 1), 11, "a write to a read-only region");
	is_int(host_signal.code, 2, "is SEGV_ACCERR");
	is_int(host_access(BASE, HOST_EXEC, &v, 4), 11, "and so is execution");
	world_unmap(vma);
	vma = world_map(mm, BASE + 0x100000, BASE + 0x101000, RW | VM_GROWSDOWN, NULL, 0);
	store(BASE + 0xf8000, 1);
	ok(vma->vm_start == BASE + 0xf8000, "a stack grows");
	world_unmap(vma);
	vma = world_map(mm, BASE, BASE + 0x4000, RW | VM_EXEC, NULL, 0);
	store(BASE, 1);
	CHECK(!__mm_populate(BASE, 0x4000, false) && get_user_pages_fast(BASE, 4, 0, pages) == 4);
	for (unsigned i = 0; i < 4; i++)
		CHECK(test_bit(PG_arch_icache, &pages[i]->flags));
	free_pages_bulk(pages, 4);
	ok(1, "a page that may be executed is fetched anew by every hart");
	world_unmap(vma);
}

/* How many of 80 faults in a region of their own, upwards, found no memory; 1: the region. */
static unsigned long fill_upwards(vaddr_t base)
{
	struct vm_area_struct *vma = world_map(mm, base, base + 0x200000, RW, NULL, 0);
	unsigned long bad = 0;

	if (!vma)
		return 1;
	for (unsigned i = 0; i < 80; i++)
		bad += handle_mm_fault(vma, base + i * PAGE_SIZE, FAULT_FLAG_WRITE) != 0;
	for (unsigned i = 0; i < 80; i++)
		CHECK(bad || load(base + i * PAGE_SIZE + 8) == 0);
	world_unmap(vma);
	pt_cache_drain();
	return bad;
}

static void test_batch(void)
{
	vaddr_t base = 0x10000000;
	struct vm_area_struct *vma = world_map(mm, base, base + 0x400000, RW, NULL, 0);
	unsigned long faults = host_faults;
	u64 v;

	for (vaddr_t va = base; va < base + 0x400000; va += PAGE_SIZE) {
		CHECK(host_load8(va + 8, &v) == 0 && v == 0);
		store(va, va);
	}
	for (vaddr_t va = base; va < base + 0x400000; va += PAGE_SIZE)
		CHECK(load(va) == va);
	zap_page_range(vma, base, 0x400000);
	faults = host_faults;
	for (vaddr_t va = base; va < base + 0x400000; va += PAGE_SIZE)
		store(va, va + 1);
	ok(host_faults - faults < 1024 / 20, "1024 pages upwards: %lu faults", host_faults - faults);
	for (vaddr_t va = base; va < base + 0x400000; va += PAGE_SIZE)
		CHECK(load(va) == va + 1 && load(va + 8) == 0);
	is_int(get_mm_counter(mm, MM_ANONPAGES), 1024, "rss of batches");
	is_int(global_node_page_state(NR_ANON_MAPPED), 1024, "and NR_ANON_MAPPED");
	zap_page_range(vma, base, 0x400000);
	faults = host_pages_used();
	for (vaddr_t va = base; va < base + 0x400000; va += 8 * PAGE_SIZE)
		store(va, 1);
	is_int(get_mm_counter(mm, MM_ANONPAGES), 128, "sparse writes get one page each");
	for (vaddr_t va = base; va < base + 0x400000; va += PAGE_SIZE)
		store(va, va + 2);
	for (vaddr_t va = base; va < base + 0x400000; va += PAGE_SIZE)
		CHECK(load(va) == va + 2 && load(va + 8) == 0);
	is_int(get_mm_counter(mm, MM_ANONPAGES), 1024, "batches between pages that are there");
	zap_page_range(vma, base, 0x400000);
	is_int(__mm_populate(base, 0x400000, false), 0, "populate in batches");
	is_int(get_mm_counter(mm, MM_ANONPAGES), 1024, "fills everything");
	world_unmap(vma);
	pt_cache_drain();
	FOR_EACH_ALLOC_FAILURE(unsigned long bad = fill_upwards(base), bad <= 1);
	ok(1, "a batch that cannot be had is a page, or VM_FAULT_OOM");
}

static void test_file(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 70 * PAGE_SIZE, RW, &world_file_ops, 0);
	unsigned long faults = host_faults;

	for (unsigned i = 0; i < 32; i++)
		CHECK(load(BASE + i * PAGE_SIZE) == WORLD_FILE_WORD(i));
	ok(host_faults - faults == 2, "32 cached pages come with 2 faults");
	is_int(get_mm_counter(mm, MM_FILEPAGES), 32, "rss of file pages");
	store(BASE + 3 * PAGE_SIZE, 99);
	ok(load(BASE + 3 * PAGE_SIZE) == 99 && *(u64 *)page_to_virt(world_file[3]) == WORLD_FILE_WORD(3),
	   "a private write copies");
	ok(get_mm_counter(mm, MM_FILEPAGES) == 31 && get_mm_counter(mm, MM_ANONPAGES) == 1, "rss follows");
	store(BASE + 40 * PAGE_SIZE + 8, 7);
	ok(load(BASE + 40 * PAGE_SIZE) == WORLD_FILE_WORD(40), "a copy at once keeps the rest of the page");
	is_int(host_store8(BASE + 65 * PAGE_SIZE, 1), 7, "past the end of the file: SIGBUS");
	is_int(host_signal.code, 2, "BUS_ADRERR");
	zap_file_pages(vma, BASE, 70 * PAGE_SIZE);
	ok(get_mm_counter(mm, MM_FILEPAGES) == 0 && get_mm_counter(mm, MM_ANONPAGES) == 2 &&
	   load(BASE + 3 * PAGE_SIZE) == 99, "a hole in the file takes no private copy");
	world_unmap(vma);
	ok(!PageDirty(world_file[3]), "private regions dirty no file");

	vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW | VM_SHARED, &world_file_ops, 8);
	CHECK(load(BASE) == WORLD_FILE_WORD(8));
	store(BASE, 1234);
	ok(*(u64 *)page_to_virt(world_file[8]) == 1234, "a shared write goes to the file");
	world_unmap(vma);
	ok(PageDirty(world_file[8]) && !PageDirty(world_file[9]), "and its dirty bit to the page");

	vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW | VM_SHARED, &world_notify_ops, 16);
	CHECK(load(BASE) == WORLD_FILE_WORD(16));
	store(BASE, 1);
	store(BASE + 8, 1);
	store(BASE + PAGE_SIZE, 1);
	is_int(world_mkwrites, 2, "page_mkwrite is asked once a page, after a read or not");
	world_unmap(vma);
}

static void test_soft_ad(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW | VM_SHARED,
					       &world_file_ops, 24);
	host_soft_ad = true;
	CHECK(load(BASE) == WORLD_FILE_WORD(24));
	ClearPageDirty(world_file[24]);
	store(BASE, 4711);
	ok(load(BASE) == 4711, "hardware that faults for A and D gets on");
	world_unmap(vma);
	ok(PageDirty(world_file[24]), "and the page is known dirty");
	host_soft_ad = false;
}

static void test_fork(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 600 * PAGE_SIZE, RW, NULL, 0);
	struct mm_struct *child;
	long used;

	for (unsigned i = 0; i < 600; i += 3)
		store(BASE + i * PAGE_SIZE, i);
	used = host_pages_used();
	child = world_fork(mm);
	ok(host_pages_used() - used <= 2 + 4, "fork copies no page, only tables");
	store(BASE, 1000);			/* through a TLB that remembers W */
	host_run_on(1);
	host_enter_mm(child);
	ok(load(BASE) == 0 && load(BASE + 3 * PAGE_SIZE) == 3, "the child sees what was");
	store(BASE + 3 * PAGE_SIZE, 2000);
	host_run_on(0);
	ok(load(BASE) == 1000 && load(BASE + 3 * PAGE_SIZE) == 3, "each writes its own copy");
	is_int(get_mm_counter(child, MM_ANONPAGES), 200, "rss of the child");
	used = host_pages_used();
	store(BASE + 3 * PAGE_SIZE, 77);
	is_int(host_pages_used(), used, "the last owner keeps the page");
	host_tlb_check(mm);
	host_run_on(1);
	world_exit(child);
	host_run_on(0);
	used = host_pages_used();
	store(BASE + 6 * PAGE_SIZE, 1);
	is_int(host_pages_used(), used, "no copy after the child is gone");
	world_unmap(vma);
}

static struct vm_area_struct *late;
static bool late_waits;

/* While a copy waits for harts: no ptl is held, and the entry stands for a page that is locked. */
static void look_while_it_waits(void)
{
	pte_t *ptep = pt_lookup(late->vm_mm, late->vm_start);

	late_waits = !spin_is_locked(&pt_page(ptep)->ptl) && pte_is_migration(pte_load(ptep)) &&
		     PageLocked(migration_page(pte_load(ptep)));
}

static void unmap_while_it_waits(void)
{
	look_while_it_waits();
	zap_page_range(late, late->vm_start, PAGE_SIZE);
}

/* A write to a page that fork has shared, and that hart 1 remembers; @hook meanwhile. */
static void copy_beside(struct vm_area_struct *vma, void (*hook)(void), u64 value)
{
	struct mm_struct *child;

	late = vma;
	late_waits = false;
	store(vma->vm_start, 5);
	child = world_fork(mm);
	host_run_on(1);
	host_enter_mm(mm);
	CHECK(load(vma->vm_start) == 5);
	host_run_on(0);
	host_flush_hook = hook;
	store(vma->vm_start, value);
	CHECK(!host_flush_hook);
	host_run_on(2);
	world_exit(child);
	host_run_on(0);
}

/* C3: other harts are waited for without the ptl. */
static void test_copy_waits(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + PAGE_SIZE, RW, NULL, 0);
	long rss = get_mm_counter(mm, MM_ANONPAGES);

	copy_beside(vma, look_while_it_waits, 6);
	ok(late_waits, "a copy waits for harts with no table locked, behind an entry of a page on its way");
	host_run_on(1);
	ok(load(BASE) == 6, "and then all see it");
	host_run_on(0);
	host_tlb_check(mm);
	copy_beside(vma, unmap_while_it_waits, 7);
	ok(late_waits && load(BASE) == 7, "what is unmapped meanwhile is gone, and the write comes again");
	host_run_on(1);
	ok(load(BASE) == 7, "on every hart");
	host_run_on(0);
	host_tlb_check(mm);
	zap_page_range(vma, BASE, PAGE_SIZE);
	is_int(get_mm_counter(mm, MM_ANONPAGES), rss, "nothing is counted twice");
	world_unmap(vma);
}

static void set_flags(struct vm_area_struct *vma, unsigned long vm_flags)
{
	vma->vm_flags = (vma->vm_flags & ~(VM_READ | VM_WRITE)) | vm_flags;
	vma->vm_page_prot = vm_prot(vma->vm_flags);
	world_protect(vma, vma->vm_start, vma->vm_end, vma->vm_page_prot);
}

static bool force(u64 v) { return access_remote_vm(mm, BASE, &v, 8, FOLL_WRITE | FOLL_FORCE) == 8; }

/* Whose page it is does not depend on who looks at it. */
static void test_exclusive(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + PAGE_SIZE, RW, NULL, 0);
	struct page *page, *copy;
	struct mm_struct *child;
	unsigned long faults;

	store(BASE, 1);
	CHECK(get_user_pages_fast(BASE, 1, 0, &page) == 1);
	set_flags(vma, VM_READ);
	ok(force(2) && *(u64 *)page_to_virt(page) == 2, "a forced write hits the page that another looks at");
	faults = host_faults;
	set_flags(vma, RW);
	store(BASE, 3);
	ok(host_faults == faults && *(u64 *)page_to_virt(page) == 3, "mprotect gives W to it, too");
	child = world_fork(mm);
	ok(!PageAnonExclusive(page), "fork makes it nobody's");
	set_flags(vma, VM_READ);
	ok(force(4) && *(u64 *)page_to_virt(page) == 3 && load(BASE) == 4, "then a forced write copies");
	CHECK(get_user_pages_fast(BASE, 1, 0, &copy) == 1);
	ok(force(5) && *(u64 *)page_to_virt(copy) == 5, "once");
	put_page(copy);
	set_flags(vma, RW);
	host_run_on(1);
	world_exit(child);
	host_run_on(0);
	put_page(page);
	child = world_fork(mm);
	CHECK(get_user_pages_fast(BASE, 1, 0, &page) == 1);
	host_run_on(1);
	world_exit(child);
	host_run_on(0);
	store(BASE, 6);
	ok(load(BASE) == 6 && *(u64 *)page_to_virt(page) == 5, "who read it while it was shared keeps what he read");
	put_page(page);
	child = world_fork(mm);
	CHECK(get_user_pages_fast(BASE, 1, 0, &page) == 1);
	host_run_on(1);
	world_exit(child);
	host_run_on(0);
	put_page(page);
	store(BASE, 7);
	ok(PageAnonExclusive(page) && *(u64 *)page_to_virt(page) == 7, "the last one left has it to himself again");
	world_unmap(vma);
}

static void test_protect(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 20 * PAGE_SIZE, RW, NULL, 0);
	unsigned long faults;
	u64 v;

	for (unsigned i = 0; i < 20; i += 2)
		store(BASE + i * PAGE_SIZE, i);
	vma->vm_flags &= ~VM_WRITE;
	vma->vm_page_prot = vm_prot(vma->vm_flags);
	is_int(world_protect(vma, BASE, BASE + 20 * PAGE_SIZE, vma->vm_page_prot), 10, "mprotect: 10 entries");
	ok(host_store8(BASE, 1) == 11 && load(BASE + 2 * PAGE_SIZE) == 2, "read-only: writes fault, reads do not");
	vma->vm_flags &= ~VM_READ;
	vma->vm_page_prot = vm_prot(vma->vm_flags);
	world_protect(vma, BASE, BASE + 20 * PAGE_SIZE, vma->vm_page_prot);
	is_int(host_load8(BASE + 2 * PAGE_SIZE, &v), 11, "PROT_NONE");
	vma->vm_flags |= RW;
	vma->vm_page_prot = vm_prot(vma->vm_flags);
	world_protect(vma, BASE, BASE + 20 * PAGE_SIZE, vma->vm_page_prot);
	faults = host_faults;
	for (unsigned i = 0; i < 20; i += 2) {
		CHECK(load(BASE + i * PAGE_SIZE) == i);
		store(BASE + i * PAGE_SIZE, i + 1);
	}
	is_int(host_faults, faults, "back to writable without one fault");
	world_unmap(vma);
}

static void test_move(void)
{
	vaddr_t to = BASE + 0x10000000 + 7 * PAGE_SIZE;
	struct vm_area_struct *a = world_map(mm, BASE, BASE + 1200 * PAGE_SIZE, RW, NULL, 0);
	struct vm_area_struct *b = world_map(mm, to, to + 1200 * PAGE_SIZE, RW, NULL, 0);
	unsigned long faults;

	for (unsigned i = 0; i < 1200; i += 5)
		store(BASE + i * PAGE_SIZE, i + 1);
	CHECK(world_move(a, b));
	faults = host_faults;
	for (unsigned i = 0; i < 1200; i += 5)
		CHECK(load(to + i * PAGE_SIZE) == i + 1);
	is_int(host_faults, faults, "mremap moves 240 pages, none faults");
	ok(load(BASE) == 0, "and the old place is empty");
	world_unmap(a);
	world_unmap(b);
}

static void test_gup(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW, NULL, 0);
	struct vm_area_struct *ro = world_map(mm, BASE + 0x100000, BASE + 0x104000, VM_READ, &world_file_ops, 32);
	struct page *pages[8];
	char buf[64] = "written by another";
	int n;

	is_int(get_user_pages_fast(BASE, 8, FOLL_WRITE, pages), 8, "gup for writing faults all in");
	*(u64 *)page_to_virt(pages[5]) = 55;
	ok(load(BASE + 5 * PAGE_SIZE) == 55, "and gives the pages that the program sees");
	free_pages_bulk(pages, 8);
	is_int(get_user_pages_fast(BASE + 6 * PAGE_SIZE, 8, 0, pages), 2, "it stops at the region's end");
	free_pages_bulk(pages, 2);
	is_int(get_user_pages_fast(BASE + 0x100000, 1, FOLL_WRITE, pages), -EFAULT, "a read-only region");
	n = access_remote_vm(mm, BASE + PAGE_SIZE - 10, buf, 30, FOLL_WRITE);
	ok(n == 30 && access_remote_vm(mm, BASE + PAGE_SIZE - 10, buf + 32, 30, 0) == 30 &&
	   !memcmp(buf, buf + 32, 30), "access_remote_vm across pages");
	is_int(access_remote_vm(mm, BASE + 8 * PAGE_SIZE - 10, buf, 30, 0), 10, "partial at the end");
	is_int(access_remote_vm(mm, BASE + 0x100000, buf, 8, FOLL_WRITE), 0, "no write to read-only");
	is_int(access_remote_vm(mm, BASE + 0x100000, buf, 8, FOLL_WRITE | FOLL_FORCE), 8, "but a forced one");
	ok(load(BASE + 0x100000) != WORLD_FILE_WORD(32) &&
	   *(u64 *)page_to_virt(world_file[32]) == WORLD_FILE_WORD(32), "on a private copy");
	is_int(host_store8(BASE + 0x100000, 1), 11, "which the program still cannot write");
	is_int(__mm_populate(BASE + 0x100000, 4 * PAGE_SIZE, false), 0, "populate");
	is_int(get_mm_counter(mm, MM_FILEPAGES), 3, "fills the rest");
	mmap_read_lock(mm);
	is_int(faultin_page_range(mm, BASE, BASE + 9 * PAGE_SIZE, true), -ENOMEM, "MADV_POPULATE over a hole");
	mmap_read_unlock(mm);
	world_unmap(vma);
	is_int(arch_copy_user(buf, (void *)(BASE + 0x104000 - 8), 16), 8, "a user copy ends at the hole");
	world_unmap(ro);
}

/* Two harts discard the same page: who comes second may rely on it being gone. */
static void test_nested_zap(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + PAGE_SIZE, RW, NULL, 0);
	struct mmu_gather tlb;

	store(BASE, 5);
	host_run_on(1);
	host_enter_mm(mm);
	CHECK(load(BASE) == 5);
	host_run_on(0);
	tlb_gather_mmu(&tlb, mm);
	inc_tlb_flush_pending(mm);
	unmap_page_range(&tlb, BASE, BASE + PAGE_SIZE);
	host_run_on(1);
	zap_page_range(vma, BASE, PAGE_SIZE);
	ok(load(BASE) == 0, "a page that another hart is about to flush is gone when we zap it");
	host_run_on(0);
	tlb_finish_mmu(&tlb);
	dec_tlb_flush_pending(mm);
	world_unmap(vma);
	host_run_on(1);
	host_enter_mm(NULL);
	host_run_on(0);
}

/* One kernel access at @pc that init_mm's entry allows.  Whether it was answered with a fence. */
static bool spurious(unsigned long pc, vaddr_t va)
{
	struct pt_regs regs = { .pc = pc };

	host_fixup_hit = false;
	do_page_fault(&regs, va, 0);
	return !host_fixup_hit;
}

static void test_spurious(void)
{
	vaddr_t va = vmalloc_start + 0x123000, other = va + PAGE_SIZE;
	struct page *page = alloc_page(0);
	struct mmu_gather tlb;
	unsigned n = 0;

	CHECK(page && !pt_map_kernel(va, page_to_pfn(page), 1, PAGE_KERNEL));
	for (unsigned i = 0; i < 900; i++)
		CHECK(spurious(1, va));
	CHECK(spurious(2, va));
	for (unsigned i = 0; i < 900; i++)
		CHECK(spurious(1, va));
	CHECK(!pt_map_kernel(other, page_to_pfn(page), 1, PAGE_KERNEL));
	for (unsigned i = 0; i < 900; i++)
		CHECK(spurious(1, va));
	ok(true, "spurious faults of different accesses, or of new mappings, do not add up");
	while (n < 5000 && spurious(1, va))
		n++;
	ok(n < 1000, "the same one again and again does");
	pt_unmap_kernel(va, va + 2 * PAGE_SIZE);
	atomic_dec(&init_mm.mm_users);		/* its tables go at once */
	tlb_gather_mmu_fullmm(&tlb, &init_mm);
	free_pgd_range(&tlb, va, va + 2 * PAGE_SIZE, 0, 0);
	tlb_finish_mmu(&tlb);
	atomic_inc(&init_mm.mm_users);
	pt_cache_drain();
	put_page(page);
}

/* How many of the eight pages go when memory is short. */
static unsigned long shortage(struct vm_area_struct *vma)
{
	struct lazyfree_drop d = { .max = ~0ul };

	CHECK(drop_lazyfree(vma, vma->vm_start, vma->vm_end, &d) == vma->vm_end);
	return d.dropped;
}

/*
 * What is written after the advice stays, though translations are remembered from before it, and whoever writes:
 * Y2 of mm/entry/age.c; what may be dropped is known: Y3 of mm/entry/age.c.
 */
static void test_lazyfree(bool soft_ad)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW, NULL, 0);
	struct lazyfree_drop two = { .max = 2 };
	struct page *pages[2];

	host_soft_ad = soft_ad;
	for (unsigned i = 0; i < 8; i++)
		store(BASE + i * PAGE_SIZE, i + 1);
	is_int(shortage(vma), 0, "pages that are needed stay");
	lazyfree_range(vma, BASE, vma->vm_end);
	is_int(atomic_long_read(&mm->lazyfree), 8, "eight may go");
	ok(load(BASE) == 1 && load(BASE + 7 * PAGE_SIZE) == 8, "but are there");
	store(BASE + PAGE_SIZE, 100);
	is_int(get_user_pages_fast(BASE + 2 * PAGE_SIZE, 2, FOLL_WRITE, pages), 2, "two are filled by a device");
	lazyfree_range(vma, BASE + 3 * PAGE_SIZE, BASE + 4 * PAGE_SIZE);
	*(u64 *)page_to_virt(pages[0]) = 200;
	*(u64 *)page_to_virt(pages[1]) = 300;
	free_pages_bulk(pages, 2);
	ok(drop_lazyfree(vma, BASE, vma->vm_end, &two) < vma->vm_end && two.dropped == 2, "two go");
	is_int(shortage(vma), 3, "the rest, but for what was written");
	ok(load(BASE + PAGE_SIZE) == 100 && load(BASE + 2 * PAGE_SIZE) == 200 &&
	   load(BASE + 3 * PAGE_SIZE) == 300, "by whom ever");
	ok(!load(BASE) && !load(BASE + 4 * PAGE_SIZE) && !load(BASE + 7 * PAGE_SIZE), "others read as zeros");
	is_int(get_mm_counter(mm, MM_ANONPAGES), 3, "rss");
	atomic_long_set(&mm->lazyfree, 0);
	world_unmap(vma);
	host_soft_ad = false;
}

/* Two harts advise the same page: who comes second may rely on the other's cleared D (Y1 of mm/entry/age.c). */
static void test_nested_lazyfree(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + PAGE_SIZE, RW, NULL, 0);
	pte_t *ptep;

	store(BASE, 5);
	host_run_on(1);
	host_enter_mm(mm);
	store(BASE, 6);				/* remembers D */
	host_run_on(0);
	inc_tlb_flush_pending(mm);		/* we are half through lazyfree_range() */
	ptep = pt_lookup(mm, BASE);
	ClearPageSwapBacked(pfn_to_page(pte_pfn(pte_load(ptep))));
	CHECK(ptep_cmpxchg(ptep, pte_load(ptep), pte_mkold(pte_mkclean(pte_load(ptep)))));
	host_run_on(1);
	lazyfree_range(vma, BASE, BASE + PAGE_SIZE);
	store(BASE, 7);
	is_int(shortage(vma), 0, "a store after our own advice is seen, whoever took D away");
	is_int(load(BASE), 7, "and stays");
	host_run_on(0);
	flush_tlb_mm_range(mm, BASE, BASE + PAGE_SIZE);
	dec_tlb_flush_pending(mm);
	world_unmap(vma);
	host_run_on(1);
	host_enter_mm(NULL);
	host_run_on(0);
}

/* A page that parent and child show may go from each only if that one did not write. */
static void test_lazyfree_fork(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW, NULL, 0);
	struct mm_struct *child;

	for (unsigned i = 0; i < 8; i++)
		store(BASE + i * PAGE_SIZE, i + 1);
	child = world_fork(mm);
	host_run_on(1);
	host_enter_mm(child);
	lazyfree_range(child->mmap, BASE, BASE + 8 * PAGE_SIZE);
	is_int(atomic_long_read(&child->lazyfree), 8, "the child's");
	host_run_on(0);
	is_int(shortage(vma), 0, "nothing of the parent's, whose entries have D");
	CHECK(load(BASE) == 1);
	lazyfree_range(vma, BASE, BASE + 4 * PAGE_SIZE);
	is_int(shortage(vma), 4, "what both have advised");
	host_run_on(1);
	ok(load(BASE) == 1 && shortage(child->mmap) == 4 && !load(BASE), "stays in the other until it goes there");
	ok(load(BASE + 4 * PAGE_SIZE) == 5, "what the parent needs stays in the child");
	host_enter_mm(NULL);
	world_exit(child);
	host_run_on(0);
	ok(!load(BASE) && load(BASE + 4 * PAGE_SIZE) == 5, "and in the parent");
	atomic_long_set(&mm->lazyfree, 0);
	world_unmap(vma);
}

/* A private write to the file in a region that is made for it. */
static unsigned write_in_new_region(void)
{
	struct vm_area_struct *vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW, &world_file_ops, 0);
	unsigned rc = vma ? handle_mm_fault(vma, BASE, FAULT_FLAG_WRITE) : VM_FAULT_OOM;

	if (vma)
		world_unmap(vma);
	pt_cache_drain();
	return rc;
}

static void test_oom(void)
{
	struct vm_area_struct *vma;
	struct vm_area_struct *anon = world_map(mm, BASE + 0x40000000, BASE + 0x40003000, RW, NULL, 0);
	struct mm_struct *child;

	store(BASE + 0x40000000, 3);
	pt_cache_drain();
	FOR_EACH_ALLOC_FAILURE(unsigned rc = write_in_new_region(), rc == VM_FAULT_OOM);
	vma = world_map(mm, BASE, BASE + 8 * PAGE_SIZE, RW, &world_file_ops, 0);
	store(BASE, 1);
	pt_cache_drain();
	FOR_EACH_ALLOC_FAILURE(
		child = world_fork(mm);
		if (child) { world_exit(child); }
		pt_cache_drain(), child == NULL);
	ok(load(BASE) == 1 && load(BASE + 0x40000000) == 3, "faults and fork survive every failed allocation");
	world_unmap(vma);
	world_unmap(anon);
	pt_cache_drain();
}

static void all_tests(unsigned levels, unsigned asid_bits)
{
	arch_asid_bits = asid_bits;
	host_arch_init(levels, 4);
	if (!zero_page)
		fault_init();
	world_anon_init();
	world_file_make();
	mm = host_mm_new();
	host_enter_mm(mm);
	diag("Sv%u, %u ASID bits", 12 + 9 * levels, asid_bits);
	world_mkwrites = 0;
	test_anonymous();
	test_batch();
	test_file();
	test_soft_ad();
	test_fork();
	test_copy_waits();
	test_exclusive();
	test_protect();
	test_move();
	test_gup();
	test_nested_zap();
	test_lazyfree(false);
	test_lazyfree(true);
	test_nested_lazyfree();
	test_lazyfree_fork();
	test_oom();
	is_int(mm_pgtables_bytes(mm), 0, "empty address space: no tables");
	world_exit(mm);
	world_file_drop();
	for (unsigned h = 0; h < 4; h++) {
		host_run_on(h);
		pt_cache_drain();
	}
	is_int(host_stale, 0, "no law broken");
}

int main(void)
{
	shim_printk_quiet = true;
	all_tests(3, 16);
	all_tests(4, 3);
	all_tests(5, 0);
	is_int(host_pages_used(), 1, "only the zero page is left");
	put_page(zero_page);
	is_int(shim_live_allocs(), world_caches, "nothing leaked");
	test_spurious();
	return done_testing();
}
