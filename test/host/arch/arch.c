/*
 * test/host/arch/arch.c - the host ISA but for its TLB: globals, harts, roots, copies.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "test/host/arch/host.h"
#include "test/host/tap.h"
#include "mm/pt/asid.h"
#include "mm/pt/pgalloc.h"
#include "mm/space/mm.h"

unsigned int pt_levels = 3;
unsigned long high_memory = ~0ul;
#ifndef HOST_HOSTILE
/* As on T-Head's harts: what forgets them is found out (H5 of tlb.c). */
unsigned long pte_mt_pma = PTE_THEAD_PMA, pte_mt_nc = PTE_THEAD_NC, pte_mt_io = PTE_THEAD_IO;
#endif
unsigned long page_offset, vmalloc_start, vmalloc_end, task_size;
__weak u64 arch_time_hz = 10000000;
__weak u64 arch_time_ticks(void) { return 1; }
struct page *vmemmap;
pte_t swapper_root[PT_ENTRIES], fixmap_pte[PT_ENTRIES];
__weak unsigned nr_harts = 1;
__weak hartmask_t hart_online_mask = { 1 };
__weak void arch_send_reschedule(__maybe_unused unsigned hart) {}
__thread struct task_base *host_current;
__thread unsigned long host_irqs_off;
struct task_base host_task[NR_HARTS];

#ifndef HOST_HOSTILE
#define RX (PTE_V | PTE_U | PTE_A | PTE_THEAD_PMA)
#define NONE (PTE_NONE_PROT | PTE_A | PTE_THEAD_PMA)
pte_t protection_map[16] = {
	{ NONE }, { RX | PTE_R }, { RX | PTE_R }, { RX | PTE_R },
	{ RX | PTE_X }, { RX | PTE_R | PTE_X }, { RX | PTE_R | PTE_X }, { RX | PTE_R | PTE_X },
	{ NONE }, { RX | PTE_R }, { RX | PTE_R | PTE_W }, { RX | PTE_R | PTE_W },
	{ RX | PTE_X }, { RX | PTE_R | PTE_X }, { RX | PTE_R | PTE_W | PTE_X },
	{ RX | PTE_R | PTE_W | PTE_X },
};
#undef RX
#undef NONE
#endif

struct task_base *host_default_task(void)
{
	return &host_task[0];
}

void host_run_on(unsigned hart)
{
	host_current = &host_task[hart];
}

/* Sparse: only what is touched exists. */
static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

void host_arch_init(unsigned levels, unsigned harts)
{
	static bool mapped;

	if (!mapped) {
		mapped = true;
		page_offset = (unsigned long)reserve(HOST_PHYS_MAX);
		vmemmap = reserve(HOST_PHYS_MAX / PAGE_SIZE * sizeof(struct page));
	}
	pt_levels = levels;
	task_size = pt_span(levels - 1) * PT_USER_ENTRIES;
	vmalloc_start = 0ul - (1ul << 36);
	vmalloc_end = 0ul - (1ul << 35);
	nr_harts = harts;
	hart_online_mask.bits = harts == 64 ? ~0ul : BIT(harts) - 1;
	memset(host_task, 0, sizeof(host_task));
	memset(swapper_root, 0, sizeof(swapper_root));
	for (unsigned h = 0; h < NR_HARTS; h++)
		host_task[h].hart = h;
	host_run_on(0);
	host_tlb_reset();
	asid_init();
}

bool __weak pfn_valid(pfn_t pfn) { return pfn < HOST_PHYS_MAX >> PAGE_SHIFT; }

/* Really out of reach: an access ends the test. */
void arch_direct_map_hide(pfn_t pfn, unsigned long nr)
{
	if (mprotect(phys_to_virt(PFN_PHYS(pfn)), nr * PAGE_SIZE, PROT_NONE))
		abort();
}

void arch_direct_map_show(pfn_t pfn, unsigned long nr)
{
	if (mprotect(phys_to_virt(PFN_PHYS(pfn)), nr * PAGE_SIZE, PROT_READ | PROT_WRITE))
		abort();
}

void clear_page(void *page) { memset(page, 0, PAGE_SIZE); }
void copy_page(void *to, const void *from) { memcpy(to, from, PAGE_SIZE); }

void flush_icache_range(__maybe_unused unsigned long start, __maybe_unused unsigned long end) {}
void flush_icache_mm(__maybe_unused struct mm_struct *mm, __maybe_unused bool local) {}
void flush_dcache_page(struct page *page) { clear_bit(PG_arch_icache, &page->flags); }
void flush_icache_page(__maybe_unused struct vm_area_struct *vma, struct page *page)
{
	set_bit(PG_arch_icache, &page->flags);
}

pte_t *pgd_alloc(void)
{
	pte_t *root = shim_alloc_aligned(PAGE_SIZE, PAGE_SIZE);

	if (root) {
		memset(root, 0, PAGE_SIZE);
		for (unsigned i = PT_USER_ENTRIES; i < PT_ENTRIES; i++)
			root[i] = swapper_root[i];
	}
	return root;
}

void pgd_free(pte_t *pgd)
{
	for (unsigned i = 0; i < PT_USER_ENTRIES; i++)
		CHECK(pte_none(pgd[i]));
	shim_free(pgd);
}

struct mm_struct *host_mm_new(void)
{
	struct mm_struct *mm = calloc(1, mm_struct_size());

	mm->pgd = pgd_alloc();
	atomic_set(&mm->mm_users, 1);
	atomic_set(&mm->mm_count, 1);
	init_rwsem(&mm->mmap_lock, RANK_MMAP);
	init_waitqueue_head(&mm->vma_writer_wait);
	mm->nr_detached = 1;
	mm->task_size = task_size;
	return mm;
}

/* Structs of dead address spaces: translations under their ASIDs may still name them. */
static struct mm_struct *graveyard;

void host_mm_free(struct mm_struct *mm)
{
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		CHECK(get_mm_counter(mm, i) == 0);
	CHECK(mm_pgtables_bytes(mm) == 0);
	for (unsigned h = 0; h < nr_harts; h++)
		if (host_task[h].active_mm == mm)
			host_task[h].active_mm = host_task[h].mm = NULL;
	host_tlb_check(mm);
	pgd_free(mm->pgd);
	mm->pgd = NULL;
	mm->vdso = graveyard;
	graveyard = mm;
}
