/*
 * The gather: how often it flushes, what it releases and when, and that every law whose flush is
 * left out is noticed by the simulated harts.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/pt/flush.c mm/pt/gather.c mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c
#include "test/host/tap.h"
#include "test/host/arch/host.h"
#include "mm/phys/gfp.h"
#include "mm/pt/flush.h"
#include "mm/pt/gather.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"

#define BASE	0x200000ul

static struct mm_struct *mm;
static unsigned long dirtied, flushes_at_dirty;

bool set_page_dirty(struct page *page)
{
	CHECK(page_count(page) > 0);		/* before the release */
	dirtied++;
	flushes_at_dirty = host_flush_local + host_flush_remote;
	return !TestSetPageDirty(page);
}

static void map(vaddr_t va)
{
	struct page *page = alloc_page(0);
	pte_t *ptep = pt_alloc(mm, va);

	set_pte(ptep, pfn_pte(page_to_pfn(page), pte_mkwrite(vm_prot(VM_READ | VM_WRITE))));
}

static void touch_on(unsigned hart, vaddr_t va)
{
	u64 v;

	host_run_on(hart);
	host_enter_mm(mm);
	CHECK(host_load8(va, &v) == 0);
	host_run_on(0);
}

/* Unmap nr pages from BASE through @tlb. */
static void unmap(struct mmu_gather *tlb, unsigned nr, unsigned long mark)
{
	for (unsigned i = 0; i < nr; i++) {
		vaddr_t va = BASE + i * PAGE_SIZE;
		pte_t pte = ptep_get_and_clear(pt_lookup(mm, va));
		unsigned long slot = (unsigned long)pfn_to_page(pte_pfn(pte)) | mark;

		tlb_cover(tlb, va, va + PAGE_SIZE);
		tlb->any_dirty |= mark;
		if (__tlb_remove_page(tlb, slot))
			tlb_flush_mmu(tlb);
	}
}

static void run(unsigned nr, unsigned harts, unsigned long mark)
{
	struct mmu_gather tlb;

	for (unsigned i = 0; i < nr; i++)
		map(BASE + i * PAGE_SIZE);
	for (unsigned h = 0; h < harts; h++)
		touch_on(h, BASE + rnd_below(nr) * PAGE_SIZE);
	host_flush_local = host_flush_remote = dirtied = 0;
	tlb_gather_mmu(&tlb, mm);
	unmap(&tlb, nr, mark);
	tlb_finish_mmu(&tlb);
	host_tlb_check(mm);
}

static void drop_level(struct mmu_gather *tlb, pte_t *table, unsigned level, bool through_gather)
{
	for (unsigned i = 0; i < (level == pt_levels - 1 ? PT_USER_ENTRIES : PT_ENTRIES); i++) {
		pte_t pte = pte_load(&table[i]);

		if (!pte_is_table(pte))
			continue;
		if (level > 1)
			drop_level(tlb, pte_to_table(pte), level - 1, through_gather);
		pte_clear(&table[i]);
		if (through_gather)
			tlb_remove_table(tlb, pte_to_table(pte), BASE, BASE + pt_span(level));
		else
			pt_table_free(mm, pte_to_table(pte));
	}
}

/* All tables, whose entries are gone already. */
static void drop_tables(bool through_gather)
{
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	drop_level(&tlb, mm->pgd, pt_levels - 1, through_gather);
	tlb_finish_mmu(&tlb);
}

static void fresh(unsigned harts)
{
	host_arch_init(4, harts);
	mm = host_mm_new();
	host_enter_mm(mm);
}

/* Do it with a page that hart 1 knows: how many laws that broke. */
static unsigned long laws_broken_by(void (*deed)(void))
{
	unsigned long before = host_stale, broken;

	host_tlb_quiet = true;
	map(BASE);
	touch_on(1, BASE);
	deed();
	host_tlb_check(mm);
	broken = host_stale - before;
	host_tlb_reset();
	for (unsigned h = 0; h < NR_HARTS; h++)
		host_task[h].active_mm = NULL;
	host_run_on(0);
	host_enter_mm(mm);
	host_stale = before;
	host_tlb_quiet = false;
	return broken;
}

static void broken_law(const char *what, void (*wrong)(void))
{
	ok(laws_broken_by(wrong) > 0, "noticed: %s", what);
}

static pte_t *entry(void) { return pt_lookup(mm, BASE); }

static void free_unflushed(void)
{
	put_page(pfn_to_page(pte_pfn(ptep_get_and_clear(entry()))));
}
static void flush_here_only(void)
{
	struct page *page = pfn_to_page(pte_pfn(ptep_get_and_clear(entry())));

	arch_tlb_flush_local_page(mm, BASE);
	put_page(page);
}
static void flush_next_page(void)
{
	struct page *page = pfn_to_page(pte_pfn(ptep_get_and_clear(entry())));

	flush_tlb_mm_range(mm, BASE + PAGE_SIZE, BASE + 2 * PAGE_SIZE);
	put_page(page);
}
static void downgrade_unflushed(void)
{
	touch_on(1, BASE);
	set_pte(entry(), pte_modify(pte_load(entry()), vm_prot(0)));
	host_tlb_check(mm);
	put_page(pfn_to_page(pte_pfn(ptep_get_and_clear(entry()))));
	flush_tlb_mm(mm);
}
/* Show another frame in BASE's entry; the old one goes at the end, as it should. */
static void show_other(bool clear, bool flush_first)
{
	struct page *other = alloc_page(GFP_KERNEL), *old = pfn_to_page(pte_pfn(pte_load(entry())));
	pte_t now = pfn_pte(page_to_pfn(other), pte_prot(pte_load(entry())));

	if (clear)
		ptep_get_and_clear(entry());
	if (flush_first)
		flush_tlb_mm_range(mm, BASE, BASE + PAGE_SIZE);
	set_pte(entry(), now);
	flush_tlb_mm_range(mm, BASE, BASE + PAGE_SIZE);
	put_page(old);
	ptep_get_and_clear(entry());
	flush_tlb_mm_range(mm, BASE, BASE + PAGE_SIZE);
	put_page(other);
}
static void changed_in_place(void) { show_other(false, false); }
static void made_before_broken(void) { show_other(true, false); }
static void broken_then_made(void) { show_other(true, true); }

static void table_by_address(void)
{
	struct page *page = pfn_to_page(pte_pfn(ptep_get_and_clear(entry())));

	flush_tlb_mm_range(mm, BASE, BASE + PAGE_SIZE);
	put_page(page);
	drop_tables(false);
	pt_cache_drain();
}

int main(void)
{
	shim_printk_quiet = true;
	fresh(4);
	run(10, 1, 0);
	ok(host_flush_local == 1 && host_flush_remote == 0, "10 pages, one hart: one local flush");
	run(1000, 1, 0);
	is_int(host_flush_remote, 0, "1000 pages, one hart: nobody is interrupted");
	run(3000, 4, 0);
	is_int(host_flush_remote, 3, "3000 pages, four harts: one request each");
	ok(host_stale == 0, "T2: all flushes reached everyone");
	run(200, 2, GATHER_DIRTY);
	ok(dirtied == 200 && flushes_at_dirty > 0, "T5: dirty pages are marked after the flush, before the release");
	host_flush_local = host_flush_remote = 0;
	drop_tables(true);
	pt_verify(mm);
	host_tlb_check(mm);
	ok(host_flush_local == 1 && host_flush_remote == 3 && host_stale == 0, "tables: whole ASID, once");
	is_int(mm_pgtables_bytes(mm), 0, "all tables returned");
	host_mm_free(mm);

	fresh(4);
	host_flush_local = 0;
	struct mm_struct *cold = mm;
	mm = host_mm_new();
	run(20, 0, 0);
	is_int(host_flush_local + host_flush_remote, 0, "an address space that never ran: no flush at all");
	drop_tables(true);
	host_mm_free(mm);
	mm = cold;

	broken_law("a page freed without a flush", free_unflushed);
	broken_law("a flush of this hart only", flush_here_only);
	broken_law("a flush of another page", flush_next_page);
	broken_law("a downgrade without a flush", downgrade_unflushed);
	broken_law("another frame in a valid entry", changed_in_place);
	broken_law("another frame before the flush", made_before_broken);
	is_int(laws_broken_by(broken_then_made), 0, "cleared, flushed, made: no law is broken");
	broken_law("a table freed after a flush by address", table_by_address);

	FOR_EACH_ALLOC_FAILURE(		/* batches that cannot be had: more flushes, no failure */
		struct mmu_gather tlb;
		tlb_gather_mmu(&tlb, mm);
		tlb.more_batches = true;
		for (int i = 0; i < 500; i++) {
			struct page *p = alloc_page(0);
			if (p)
				tlb_remove_page(&tlb, p, BASE);
		}
		tlb_finish_mmu(&tlb), true);
	ok(1, "a gather survives every failed allocation");
	host_mm_free(mm);
	pt_cache_drain();
	is_int(host_stale, 0, "no law broken otherwise");
	return done_testing();
}
