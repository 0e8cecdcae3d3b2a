/*
 * arch/riscv/mm/root.c - root tables, and what is where in the kernel's half.
 *
 * MODEL     Every root has the same upper half: the 256 entries of swapper_root, complete since
 *           paging_init() (Y1).  The lower half is the process's.
 *           A root that comes back has an empty lower half already, so a hart keeps a few and
 *           hands them out again without clearing or copying.
 * INVARIANTS
 *   O1  A root on a hart's list has an empty lower half and the true upper half.
 * LOCKING   The lists are per hart and used by tasks only, never by interrupt handlers.
 * COST      pgd_alloc(): from the list about 20 instructions; fresh, about 800.
 *
 * SPDX-License-Identifier: MIT
 */
#define LAYOUT_WRITER
#include "include/mm_types.h"
#include "include/util.h"
#include "mm/phys/gfp.h"
#include "arch/riscv/mm/root.h"

unsigned long page_offset, phys_base, linear_offset, direct_map_end, page_virt_offset;
unsigned long kernel_pa_offset;
unsigned long vmalloc_start, vmalloc_end;
unsigned long task_size;
unsigned int pt_levels;
unsigned long high_memory = ~0ul;
unsigned long pte_mt_pma, pte_mt_nc, pte_mt_io;
struct page *vmemmap;

pte_t swapper_root[PT_ENTRIES] __section(".bss.page_aligned") __aligned(4096);

#define R	PTE_R
#define W	PTE_W
#define X	PTE_X
#define USER(bits) { PTE_USER_BASE | (bits) }
/* Private regions start read-only, for a write must copy first.  W implies R: W alone is reserved. */
pte_t protection_map[16] = {
	/* private: -, r, w, rw, x, rx, wx, rwx */
	{ PTE_NONE_PROT | PTE_A }, USER(R), USER(R), USER(R),
	USER(X), USER(R | X), USER(R | X), USER(R | X),
	/* shared */
	{ PTE_NONE_PROT | PTE_A }, USER(R), USER(R | W), USER(R | W),
	USER(X), USER(R | X), USER(R | W | X), USER(R | W | X),
};
#undef R
#undef W
#undef X

void __init memory_types_init(unsigned long pma, unsigned long nc, unsigned long io)
{
	for (unsigned i = 0; i < ARRAY_SIZE(protection_map); i++)
		protection_map[i].v = (protection_map[i].v & ~pte_mt_pma) | pma;
	pte_mt_pma = pma;
	pte_mt_nc = nc;
	pte_mt_io = io;
}

#define ROOT_LIST_MAX	4

struct root_list { unsigned nr; pte_t *root[ROOT_LIST_MAX]; };
static DEFINE_PER_HART(struct root_list, root_list);

unsigned root_list_pages(unsigned hart) { return READ_ONCE(per_hart_ptr(&root_list, hart)->nr); }

pte_t *pgd_alloc(void)
{
	struct root_list *l = this_hart_ptr(&root_list);
	pte_t *root;

	if (l->nr)
		return l->root[--l->nr];
	root = (pte_t *)__get_free_page(GFP_KERNEL);
	if (!root)
		return NULL;
	for (unsigned i = 0; i < PT_USER_ENTRIES; i += 4) {
		root[i].v = 0;
		root[i + 1].v = 0;
		root[i + 2].v = 0;
		root[i + 3].v = 0;
	}
	for (unsigned i = PT_USER_ENTRIES; i < PT_ENTRIES; i += 4) {
		root[i] = swapper_root[i];
		root[i + 1] = swapper_root[i + 1];
		root[i + 2] = swapper_root[i + 2];
		root[i + 3] = swapper_root[i + 3];
	}
	return root;
}

static bool user_half_empty(const pte_t *root)
{
	for (unsigned i = 0; i < PT_USER_ENTRIES; i++)
		if (!pte_none(root[i]))
			return false;
	return true;
}

void pgd_free(pte_t *root)
{
	struct root_list *l = this_hart_ptr(&root_list);

	INV(O1, user_half_empty(root));
	if (l->nr < ROOT_LIST_MAX)
		l->root[l->nr++] = root;
	else
		free_page((unsigned long)root);
}

/*
 * Place everything for @levels levels and RAM that begins at @ram_start.
 * => before paging_init(); virtual addresses only, maps nothing
 */
void layout_init(unsigned levels, phys_addr_t ram_start)
{
	unsigned long span;
	unsigned long vmemmap_va;

	pt_levels = levels;
	span = pt_span(levels - 1);
	task_size = span * PT_USER_ENTRIES;
	page_offset = -task_size;
	phys_base = ALIGN_DOWN(ram_start, 1ul << 30);
	linear_offset = page_offset - phys_base;
	direct_map_end = page_offset + LAYOUT_DIRECT_ENTRIES * span;
	vmemmap_va = page_offset + LAYOUT_VMEMMAP_INDEX * span;
	vmemmap = (struct page *)(vmemmap_va - (PFN_DOWN(phys_base) << STRUCT_PAGE_SHIFT));
	page_virt_offset = linear_offset - ((unsigned long)vmemmap << (PAGE_SHIFT - STRUCT_PAGE_SHIFT));
	vmalloc_start = page_offset + LAYOUT_VMALLOC_INDEX * span;
	vmalloc_end = vmalloc_start + (levels == 3 ? LAYOUT_VMALLOC_SV39 : 2) * span;
}
