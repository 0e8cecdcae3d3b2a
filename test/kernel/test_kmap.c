/*
 * test/kernel/test_kmap.c - kernel mappings on the real machine: large leaves, roots, blocks, resources.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/arch/arch.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "include/uapi/mman.h"
#include "kernel/workqueue.h"
#include "lib/fdt.h"
#include "lib/string.h"
#include "mm/fault/fault.h"
#include "mm/kmap/fixmap.h"
#include "mm/kmap/ioremap.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/memblock.h"
#include "mm/phys/zone.h"
#include "mm/policy/account.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

#define LARGE	(2ul << 20)

struct peek {
	const volatile u64 *at;
	u64 value[NR_HARTS];
};

static void peek_here(void *arg)
{
	struct peek *p = arg;

	p->value[this_hart()] = *p->at;
}

/* Does every hart read @value at @at? */
static bool all_harts_read(const void *at, u64 value)
{
	struct peek p = { .at = at };

	arch_call_on(hart_online_mask, peek_here, &p);
	for_each_hart_in(h, hart_online_mask)
		if (p.value[h] != value)
			return false;
	return true;
}

static unsigned leaf_level(const void *va)
{
	unsigned level;

	pt_lookup_leaf(&init_mm, (vaddr_t)va, &level);
	return level;
}

KTEST(large_vmalloc_has_large_leaves)
{
	for (u64 round = 1; round <= 10; round++) {
		char *p = vmalloc(4 * LARGE + 5 * PAGE_SIZE);
		bool large = false;

		KCHECK(p && IS_ALIGNED((vaddr_t)p, LARGE));
		for (unsigned i = 0; i < 4; i++)
			large |= leaf_level(p + i * LARGE) == 1;
		KCHECK(large || round > 1);
		for (unsigned long off = 0; off < 4 * LARGE + 5 * PAGE_SIZE; off += PAGE_SIZE)
			*(u64 *)(p + off) = round + off;
		KCHECK(all_harts_read(p + 3 * LARGE + PAGE_SIZE, round + 3 * LARGE + PAGE_SIZE));
		KCHECK(all_harts_read(p + 4 * LARGE + 4 * PAGE_SIZE, round + 4 * LARGE + 4 * PAGE_SIZE));
		for (unsigned i = 0; i < 4; i++)
			if (leaf_level(p + i * LARGE) == 1)
				KCHECK(vmalloc_to_page(p + i * LARGE + PAGE_SIZE) ==
				       vmalloc_to_page(p + i * LARGE) + 1);
		vfree(p);
		/* The same addresses, by small pages, on top of what was a leaf; and back. */
		p = vmalloc(LARGE / 2);
		KCHECK(p);
		*(u64 *)p = ~round;
		KCHECK(all_harts_read(p, ~round));
		vfree(p);
		vm_area_purge();
	}
}

KTEST(vmalloc_on_a_node_and_for_users)
{
	for_each_online_node(nid) {
		u64 *p = vmalloc_node(20 * PAGE_SIZE, nid);

		KCHECK(p);
		if (node_memory_map.bits >> nid & 1)
			KCHECK_EQ(page_to_nid(vmalloc_to_page(p)), nid);
		vfree(p);
	}
	u8 *p = vmalloc_user(3 * PAGE_SIZE);

	KCHECK(p);
	for (unsigned long i = 0; i < 3 * PAGE_SIZE; i++)
		KCHECK_EQ(p[i], 0);
	vfree(p);
}

/* Y1: every root has the kernel's half already, so there is nothing to repair whatever is mapped later. */
KTEST(roots_need_no_repair)
{
	unsigned first = PT_ENTRIES / 2, start = pt_index(vmalloc_start, pt_levels - 1);
	unsigned end = pt_index(vmalloc_end - 1, pt_levels - 1);
	struct mm_struct *old = mm_alloc();
	struct task_base *t = current_base();
	unsigned long flags;
	u64 *p[3], seen[3];

	KCHECK(old);
	for (unsigned i = start; i <= end; i++)
		KCHECK(pte_is_table(pte_load(&old->pgd[i])));
	KCHECK(pte_is_table(pte_load(&old->pgd[pt_index(FIXMAP_START, pt_levels - 1)])));
	/* Big enough for tables that were not there, and far apart. */
	for (unsigned i = 0; i < 3; i++) {
		struct vm_struct *area = get_vm_area(PAGE_SIZE, 1ul << (28 + i), 0, VM_ALLOC_AREA, NULL);
		struct vm_request r = { .nr_pages = 1, .gfp = GFP_KERNEL, .nid = NUMA_NO_NODE,
					.prot = PAGE_KERNEL };

		KCHECK(area);
		KCHECK_EQ(vm_area_populate(area, &r), 0);
		p[i] = (u64 *)area->addr;
		*p[i] = 1000 + i;
	}
	flags = arch_irq_save();
	arch_switch_mm(t->active_mm, old);
	for (unsigned i = 0; i < 3; i++)
		seen[i] = READ_ONCE(*p[i]);
	arch_switch_mm(old, t->active_mm);
	arch_irq_restore(flags);
	for (unsigned i = first; i < PT_ENTRIES; i++)
		KCHECK_EQ(old->pgd[i].v, init_mm.pgd[i].v);
	for (unsigned i = 0; i < 3; i++) {
		KCHECK_EQ(seen[i], 1000 + i);
		vfree(p[i]);
	}
	mmput(old);
}

KTEST(vfree_with_interrupts_off)
{
	void *p[30];
	unsigned long flags;

	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		KCHECK((p[i] = vmalloc(20 * PAGE_SIZE)));
	flags = arch_irq_save();
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		vfree(p[i]);
	arch_irq_restore(flags);
	flush_workqueue();
	KCHECK(vmalloc_nr_lazy_pages() < 20 * 30);
}

KTEST(short_mappings_show_their_pages)
{
	struct page *page[8];

	KCHECK_EQ(alloc_pages_bulk(GFP_KERNEL, 8, page), 8);
	for (unsigned i = 0; i < 8; i++)
		*(u64 *)page_to_virt(page[i]) = 7000 + i;
	for (unsigned round = 0; round < 200; round++) {
		unsigned first = round % 5, nr = 1 + round % 3;
		char *p = vm_map_ram(page + first, nr, NUMA_NO_NODE);

		KCHECK(p);
		for (unsigned i = 0; i < nr; i++)
			KCHECK(all_harts_read(p + i * PAGE_SIZE, 7000 + first + i));
		vm_unmap_ram(p, nr);
	}
	free_pages_bulk(page, 8);
}

KTEST(vmallocinfo_tells_of_areas)
{
	void *p = vmalloc(3 * PAGE_SIZE);
	vaddr_t cursor = (vaddr_t)p;
	static char line[200];

	KCHECK(p && vmallocinfo_line(&cursor, line, sizeof(line)) > 0);
	KCHECK(strstr(line, " pages=3 vmalloc N"));
	vfree(p);
}

/* ---- programs see vmalloc_user() memory ------------------------------------------------------ */

KTEST(vmalloc_memory_is_shown_to_programs)
{
	struct mm_struct *mm = mm_alloc();
	struct vm_area_struct *vma;
	u64 *p = vmalloc_user(4 * PAGE_SIZE), *other = vmalloc(PAGE_SIZE), word = 0;
	int rc;

	KCHECK(mm && p && other);
	p[512 * 2] = 42;
	vma = vm_area_alloc(mm);
	KCHECK(vma);
	vma->vm_start = 0x10000;
	vma->vm_end = 0x10000 + 3 * PAGE_SIZE;
	vma->vm_flags = VM_READ | VM_WRITE | VM_SHARED | VM_MAYREAD | VM_MAYWRITE;
	vma_set_page_prot(vma);
	mmap_write_lock(mm);
	rc = insert_vm_struct(mm, vma);
	vm_stat_account(mm, vma->vm_flags, rc ? 0 : vma_pages(vma));
	if (!rc)
		rc = remap_vmalloc_range(vma, p, 1);
	mmap_write_unlock(mm);
	KCHECK_EQ(rc, 0);
	KCHECK_EQ(remap_vmalloc_range(vma, p, 2), -EINVAL);	/* past its end */
	KCHECK_EQ(remap_vmalloc_range(vma, other, 0), -EINVAL);	/* not for users */
	KCHECK_EQ(access_remote_vm(mm, 0x10000 + PAGE_SIZE, &word, 8, 0), 8);
	KCHECK_EQ(word, 42);
	word = 43;
	KCHECK_EQ(access_remote_vm(mm, 0x10000 + PAGE_SIZE, &word, 8, FOLL_WRITE), 8);
	KCHECK_EQ(p[512 * 2], 43);
	mmput(mm);
	vfree(p);
	vfree(other);
}

/* ---- physical addresses ---------------------------------------------------------------------- */

KTEST(fixmap_slots_show_what_they_are_set_to)
{
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);
	void *slot = (void *)fix_to_virt(FIX_TEMP);

	KCHECK(a && b);
	*(u64 *)page_to_virt(a) = 1;
	*(u64 *)page_to_virt(b) = 2;
	set_fixmap(FIX_TEMP, page_to_phys(a), PAGE_KERNEL);
	KCHECK(all_harts_read(slot, 1));
	set_fixmap(FIX_TEMP, page_to_phys(b), PAGE_KERNEL_RO);
	KCHECK(all_harts_read(slot, 2));
	clear_fixmap(FIX_TEMP);
	__free_page(a);
	__free_page(b);
}

KTEST(ioremap_reads_what_is_there)
{
	struct page *page = alloc_page(GFP_KERNEL);
	u64 *p;

	KCHECK(page);
	((u64 *)page_to_virt(page))[3] = 77;
	p = ioremap_wc(page_to_phys(page) + 24, 8);
	KCHECK(p && is_vmalloc_addr(p));
	KCHECK_EQ(*p, 77);
	*p = 78;
	iounmap(p);
	KCHECK_EQ(((u64 *)page_to_virt(page))[3], 78);
	p = memremap(page_to_phys(page) + 24, 8);
	KCHECK(p == (u64 *)page_to_virt(page) + 3);
	memunmap(p);
	__free_page(page);
	vm_area_purge();
	KCHECK(!ioremap(-16ul, 32));
}

static bool all_harts_have(const char *extension)
{
	for_each_hart(h)
		if (!fdt_cpu_has_ext(&boot_fdt, hart_info[h].node, extension))
			return false;
	return true;
}

static unsigned long memory_type(const void *va)
{
	unsigned level;

	return pte_load(pt_lookup_leaf(&init_mm, (vaddr_t)va, &level)).v & PTE_MT_MASK;
}

KTEST(device_mappings_name_their_memory_type)
{
	bool named = all_harts_have("svpbmt");
	unsigned long nc = named ? PTE_PBMT_NC : 0, io = named ? PTE_PBMT_IO : 0;
	vaddr_t cursor = vmalloc_start;
	static char line[200];
	unsigned drivers = 0;
	void *p = ioremap_wc(virt_to_phys(&line) & PAGE_MASK, PAGE_SIZE);

	if (pte_mt_pma) {	/* T-Head */
		nc = PTE_THEAD_NC;
		io = PTE_THEAD_IO;
	}
	KCHECK(p);
	KCHECK_EQ(memory_type(p), nc);
	iounmap(p);
	KCHECK_EQ(memory_type(page_to_virt(virt_to_page(line))), pte_mt_pma);
	vm_area_purge();
	while (vmallocinfo_line(&cursor, line, sizeof(line))) {
		struct vm_struct *area = find_vm_area((void *)(cursor - 1));

		if (!area || !(area->flags & VM_IOREMAP_AREA))
			continue;
		drivers++;
		for (unsigned long i = 0; i < area->nr_pages; i++)
			KCHECK_EQ(memory_type((void *)(area->addr + i * PAGE_SIZE)), io);
	}
	KCHECK(drivers > 0);
	pr_info("# %u device mappings, %s\n", drivers,
		pte_mt_pma ? "T-Head's types" : named ? "Svpbmt" : "no Svpbmt");
}

KTEST(resources_nest_and_exclude)
{
	static struct resource outer = { .start = 0xf000000000, .end = 0xf0000fffff, .name = "outer" };
	static struct resource inner = { .start = 0xf000001000, .end = 0xf000001fff, .name = "inner" };
	static struct resource cuts = { .start = 0xf000001800, .end = 0xf0000027ff, .name = "cuts" };
	struct resource *claim;

	KCHECK_EQ(insert_resource(&iomem_resource, &inner), 0);
	KCHECK_EQ(insert_resource(&iomem_resource, &outer), 0);		/* takes it below itself */
	KCHECK(inner.parent == &outer && outer.child == &inner);
	KCHECK_EQ(insert_resource(&iomem_resource, &cuts), -EBUSY);
	KCHECK(!request_mem_region(0xf000000800, 16, "claim"));
	claim = request_mem_region(0xf000100000, 16, "claim");
	KCHECK(claim && !request_mem_region(0xf00010000f, 1, "again"));
	release_mem_region(0xf000100000, 16);
	KCHECK_EQ(release_resource(&outer), -EINVAL);			/* not while it has children */
	KCHECK_EQ(release_resource(&inner), 0);
	KCHECK_EQ(release_resource(&outer), 0);
}

KTEST(resources_know_ram_and_the_image)
{
	struct resource r;
	unsigned ram = 0, image = 0, depth;
	int d;

	for (unsigned long n = 0; (d = iomem_nth(n, &r)) >= 0; n++) {
		depth = d;
		ram += !strcmp(r.name, "System RAM");
		if (!strcmp(r.name, "Kernel code")) {
			KCHECK_EQ(depth, 2);
			KCHECK(!strcmp(r.parent->name, "Kernel image"));
			KCHECK(!strcmp(r.parent->parent->name, "System RAM"));
			image++;
		}
	}
	KCHECK(ram >= 1);
	KCHECK_EQ(image, 1);
}
