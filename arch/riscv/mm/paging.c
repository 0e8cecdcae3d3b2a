/*
 * arch/riscv/mm/paging.c - the kernel's final page tables, made once at boot.
 *
 * MODEL     Tables are built in memblock memory while the early tables of boot/early_map.c still
 *           run, so a table is seen through a fixmap slot: one slot per level, because the builder
 *           works in one table of each level at a time.  Once they are in satp the direct map shows
 *           every table, and the slots are dead.
 *           Leaves are as large as alignment permits, up to 1 GiB; with debug_pagealloc=on those of the
 *           direct map are single pages, which can be hidden and shown.
 * INVARIANTS
 *   K1  No page is writable and executable, through whichever of its addresses: the direct map
 *       shows text, init text and rodata read-only.
 *   K2  Every root entry of the kernel's half that will ever be used is a table when this is
 *       over (Y1).
 *   K3  Firmware's memory (NOMAP) is mapped nowhere.
 * FAILURE   Out of memory here is a panic: nothing can run without it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/mm/paging.h"
#include "arch/riscv/mm/root.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "include/mm_types.h"
#include "include/kasan.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kmap/fixmap.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/pt/flush.h"
#include <asm/csr.h>

extern char _start[], _etext[], __rodata_start[], __init_begin[], __init_text_end[], __init_end[];
extern char _end[], init_stack_guard[], init_stack[];

#define MAX_LEAF_LEVEL	2		/* 1 GiB */
#define SPAN_2M		(2ul << 20)

static bool direct_map_up __initdata;
static unsigned max_leaf_level __initdata;	/* of what is mapped now */

/* The table at @pa, of @level: valid until the next table of that level is asked for. */
pte_t *__init paging_table_at(phys_addr_t pa, unsigned level)
{
	unsigned slot = FIX_BOOT_TABLE + level;
	unsigned long va = fix_to_virt(slot);

	if (pa == virt_to_phys(swapper_root))
		return swapper_root;
	if (direct_map_up)
		return phys_to_virt(pa);
	set_pte(&fixmap_pte[slot], pfn_pte(PFN_DOWN(pa), PAGE_KERNEL));
	__asm__ volatile("sfence.vma %0, zero" :: "r"(va) : "memory");
	return (pte_t *)va;
}

phys_addr_t __init paging_alloc(unsigned long bytes, unsigned long align, int nid)
{
	phys_addr_t pa = nid == NUMA_NO_NODE ? memblock_phys_alloc(bytes, align) :
			 memblock_phys_alloc_try_nid(bytes, align, nid);

	if (!pa)
		panic("paging: no memory for the kernel's tables");
	return pa;
}

/* The table below the entry @ptep, which is at @level; made and cleared if there is none. */
phys_addr_t __init paging_table_below(pte_t *ptep, unsigned level)
{
	phys_addr_t pa;

	if (pte_is_table(*ptep))
		return PFN_PHYS(pte_pfn(*ptep));
	ASSERT(pte_none(*ptep));
	pa = paging_alloc(PAGE_SIZE, PAGE_SIZE, NUMA_NO_NODE);
	clear_page(paging_table_at(pa, level - 1));
	set_pte(ptep, pte_table(pa));
	return pa;
}

static void __init map_level(phys_addr_t table, unsigned level, unsigned long va, unsigned long last,
			     phys_addr_t pa, pte_t prot)
{
	pte_t *t = paging_table_at(table, level);
	unsigned long span = pt_span(level);

	for (;;) {
		pte_t *ptep = &t[pt_index(va, level)];
		unsigned long stop = min(last, va | (span - 1));	/* last byte */

		if (!level || (level <= max_leaf_level && stop - va == span - 1 &&
			       IS_ALIGNED(pa, span))) {
			ASSERT(pte_none(*ptep));
			set_pte(ptep, pfn_pte(PFN_DOWN(pa), prot));
		} else {
			map_level(paging_table_below(ptep, level), level - 1, va, stop, pa, prot);
		}
		if (stop == last)
			return;
		pa += stop + 1 - va;
		va = stop + 1;
	}
}

/* Map [va, va + bytes) to @pa; nothing of it is mapped yet. */
void __init paging_map_range(unsigned long va, phys_addr_t pa, unsigned long bytes, pte_t prot)
{
	if (bytes)
		map_level(virt_to_phys(swapper_root), pt_levels - 1, va, va + bytes - 1, pa, prot);
}

static void __init map_image_part(const char *start, const char *end, pte_t prot)
{
	paging_map_range((unsigned long)start, virt_to_phys(start),
		  PAGE_ALIGN((unsigned long)end) - (unsigned long)start, prot);
}

static void __init map_image(void)
{
	map_image_part(_start, _etext, PAGE_KERNEL_EXEC);
	map_image_part(__rodata_start, __init_begin, PAGE_KERNEL_RO);		/* K1 */
	map_image_part(__init_begin, __init_text_end, PAGE_KERNEL_EXEC);
	map_image_part(__init_text_end, init_stack_guard, PAGE_KERNEL);
	map_image_part(init_stack, _end, PAGE_KERNEL);
}

/* The part of [start, end) inside [lo, hi), as @prot. */
static void __init map_direct(phys_addr_t start, phys_addr_t end, phys_addr_t lo, phys_addr_t hi,
			      pte_t prot)
{
	start = max(start, lo);
	end = min(end, hi);
	if (start < end)
		paging_map_range((unsigned long)phys_to_virt(start), start, end - start, prot);
}

/* Read by boot/early_map.c, before anything could be said. */
static int __init check_paging(const char *value)
{
	return !strcmp(value, "sv39") || !strcmp(value, "sv48") || !strcmp(value, "sv57") ? 0 : -EINVAL;
}
PARAM("paging", check_paging);

static bool __init want_single_pages(void)
{
	char value[8];

	return cmdline_get("debug_pagealloc", value, sizeof(value)) > 0 &&
	       (!strcmp(value, "on") || !strcmp(value, "1"));
}

static void __init map_ram(void)
{
	phys_addr_t ro_start = virt_to_phys(_start), ro_end = virt_to_phys(__init_text_end);
	pfn_t s, e;
	unsigned i;

	max_leaf_level = want_single_pages() ? 0 : MAX_LEAF_LEVEL;
	for_each_mem_pfn_range(i, NUMA_NO_NODE, &s, &e, NULL) {
		phys_addr_t start = PFN_PHYS(s), end = min(PFN_PHYS(e), directmap_limit);

		map_direct(start, end, 0, ro_start, PAGE_KERNEL);
		map_direct(start, end, ro_start, ro_end, PAGE_KERNEL_RO);
		map_direct(start, end, ro_end, directmap_limit, PAGE_KERNEL);
	}
	max_leaf_level = MAX_LEAF_LEVEL;
}

/* struct pages for every range of RAM, in memory of the range's own node. */
static void __init map_vmemmap(void)
{
	pfn_t s, e;
	unsigned i;
	int nid;

	for_each_vmemmap_pfn_range(i, &s, &e, &nid) {
		unsigned long va = (unsigned long)pfn_to_page(s), end = (unsigned long)pfn_to_page(e);

		while (va < end) {
			unsigned long stop = min(end, (va | (SPAN_2M - 1)) + 1);
			unsigned long bytes = stop - va;

			paging_map_range(va, paging_alloc(bytes, bytes == SPAN_2M ? SPAN_2M : PAGE_SIZE, nid),
				  bytes, PAGE_KERNEL);
			va = stop;
		}
	}
}

/* K2: tables for what is mapped later. */
static void __init fill_root(void)
{
	unsigned long span = pt_span(pt_levels - 1);

	for (unsigned long va = vmalloc_start; va < vmalloc_end; va += span)
		paging_table_below(&swapper_root[pt_index(va, pt_levels - 1)], pt_levels - 1);
}

/* The fixmap's level-0 table is part of the image. */
static void __init map_fixmap(void)
{
	pte_t *t = swapper_root;

	for (unsigned level = pt_levels - 1; level > 1; level--)
		t = paging_table_at(paging_table_below(&t[pt_index(FIXMAP_START, level)], level), level - 1);
	set_pte(&t[pt_index(FIXMAP_START, 1)], pte_table(virt_to_phys(fixmap_pte)));
	for (unsigned level = 0; level < PT_MAX_LEVELS; level++)
		pte_clear(&fixmap_pte[FIX_BOOT_TABLE + level]);
}

unsigned long kernel_satp(void)
{
	return (SATP_MODE_SV39 + pt_levels - 3) << SATP_MODE_SHIFT | PFN_DOWN(virt_to_phys(swapper_root));
}

/*
 * Leave the early tables.
 * => memblock knows all memory and reservations; layout_init() has run, directmap_limit is set
 */
void __init paging_init(void)
{
	max_leaf_level = MAX_LEAF_LEVEL;
	map_image();
	map_ram();
	kasan_map_image();
	map_fixmap();	/* last user of the early window's slots: it clears them */
	csr_write(satp, kernel_satp());
	__asm__ volatile("sfence.vma" ::: "memory");
	direct_map_up = true;
	init_mm.pgd = swapper_root;
	memblock_allow_resize();
	map_vmemmap();
	fill_root();
	kasan_init();
	__asm__ volatile("sfence.vma" ::: "memory");
}

/* The level-0 entry of a kernel address that paging_map_range() gave one. */
static pte_t *kernel_pte(unsigned long va)
{
	pte_t *t = swapper_root;

	for (unsigned level = pt_levels - 1; level; level--) {
		pte_t pte = t[pt_index(va, level)];

		if (!pte_is_table(pte))
			return NULL;
		t = pte_to_table(pte);
	}
	return &t[pt_index(va, 0)];
}

/* Change the valid bit of the direct map's entries for [pfn, pfn + nr): all else stays as it was. */
static void set_direct_valid(pfn_t pfn, unsigned long nr, unsigned long valid)
{
	for (unsigned long i = 0; i < nr; i++) {
		pte_t *ptep = kernel_pte((unsigned long)phys_to_virt(PFN_PHYS(pfn + i)));

		if (ptep)
			set_pte(ptep, (pte_t){ (pte_load(ptep).v & ~PTE_V) | valid });
	}
}

void arch_direct_map_hide(pfn_t pfn, unsigned long nr)
{
	unsigned long start = (unsigned long)phys_to_virt(PFN_PHYS(pfn));

	set_direct_valid(pfn, nr, 0);
	flush_tlb_kernel_range(start, start + nr * PAGE_SIZE);
}

/* Other harts take a fault if they remember that the entry was empty (L2). */
void arch_direct_map_show(pfn_t pfn, unsigned long nr)
{
	set_direct_valid(pfn, nr, PTE_V);
	__asm__ volatile("sfence.vma" ::: "memory");
}

void free_initmem(void)
{
	phys_addr_t start = virt_to_phys(__init_begin), end = virt_to_phys(__init_end);

	for (unsigned long va = (unsigned long)__init_begin; va < (unsigned long)__init_end; va += PAGE_SIZE) {
		void *alias = phys_to_virt(virt_to_phys((void *)va));
		pte_t *image = kernel_pte(va), *direct = kernel_pte((unsigned long)alias);

		if (image)
			pte_clear(image);
		if (direct)
			set_pte(direct, pfn_pte(pte_pfn(*direct), PAGE_KERNEL));
	}
	flush_tlb_all();
	free_reserved_area(start, end, "unused kernel image");
}
