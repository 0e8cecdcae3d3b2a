/*
 * ASIDs of every width over simulated harts: no two address spaces share one unflushed.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/pt/walk.c mm/pt/flush.c mm/pt/pgalloc.c mm/pt/init_mm.c
#include "test/host/tap.h"
#include "test/host/arch/host.h"
#include "mm/phys/gfp.h"
#include "mm/pt/asid.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"

#define NR_MMS 40

static struct mm_struct *mm[NR_MMS];
static struct page *frame[NR_MMS];

/* Each mm maps its own frame at the same address; the frame holds the mm's number. */
static void make_mms(void)
{
	for (unsigned i = 0; i < NR_MMS; i++) {
		mm[i] = host_mm_new();
		frame[i] = alloc_pages(0, 0);
		*(u64 *)page_to_virt(frame[i]) = i;
		pte_t *ptep = pt_alloc(mm[i], 0x10000);
		CHECK(ptep);
		set_pte(ptep, pfn_pte(page_to_pfn(frame[i]), pte_mkwrite(vm_prot(VM_READ | VM_WRITE))));
	}
}

static void free_table(struct mm_struct *m, pte_t *table, unsigned level)
{
	pte_t *ptep = &table[pt_index(0x10000, level)];

	if (level)
		free_table(m, pte_to_table(*ptep), level - 1);
	pte_clear(ptep);
	if (level < pt_levels - 1)
		pt_table_free(m, table);
}

static void drop_mms(void)
{
	host_tlb_reset();
	for (unsigned i = 0; i < NR_MMS; i++) {
		free_table(mm[i], mm[i]->pgd, pt_levels - 1);
		put_page(frame[i]);
		host_mm_free(mm[i]);
	}
	pt_cache_drain();
}

static void storm(unsigned bits, unsigned harts)
{
	unsigned long rollovers = asid_rollovers;

	arch_asid_bits = bits;
	host_arch_init(3, harts);
	make_mms();
	for (int n = 0; n < 4000; n++) {
		unsigned i = rnd_below(NR_MMS);
		u64 v;

		host_run_on(rnd_below(harts));
		host_enter_mm(mm[i]);
		CHECK(host_load8(0x10000, &v) == 0 && v == i);
	}
	/* A2, A4: who used a number that is another's now would see its page. */
	ok(host_stale == 0, "A2, A4: %u bits, %u harts: %lu roll-overs, no ASID shared", bits, harts,
	   asid_rollovers - rollovers);
	drop_mms();
}

int main(void)
{
	static const unsigned harts[] = { 1, 2, 3, 8, 64 };

	shim_printk_quiet = true;
	for (unsigned bits = 0; bits <= 16; bits++)
		for (unsigned i = 0; i < ARRAY_SIZE(harts); i++)
			if (bits < 9 || harts[i] == 8)
				storm(bits, harts[i]);
	arch_asid_bits = 16;
	host_arch_init(3, 4);
	bool flush;
	struct mm_struct *a = host_mm_new();
	unsigned long first = asid_get(a, 0, &flush);
	ok(!flush && first != 0, "a fresh generation needs no flush, and 0 is the kernel's");
	is_int(asid_get(a, 1, &flush), first, "one number on all harts");
	is_int(asid_of(a), first, "asid_of agrees");
	host_mm_free(a);
	is_int(shim_live_allocs(), 0, "nothing leaked");
	return done_testing();
}
