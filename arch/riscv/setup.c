/*
 * arch/riscv/setup.c - from the loader's two registers to a machine that is described.
 *
 * MODEL     boot_facts() notes what head.S knows.  setup_arch() reads the device tree where the early tables
 *           show it, tells memblock what memory there is and what is taken, replaces the page tables
 *           (after which the tree is read through the direct map), and finds harts, timer and firmware.
 *           Memory that the firmware keeps (no-map, and OpenSBI's own regions whatever their flags) is
 *           NOMAP: not in the direct map, without struct pages.
 *           What cannot be read where memory begins is firmware's, too, if no tree says so.
 *           /reserved-memory in other cells than the root's is ignored, as Linux does, and said; but not what
 *           OpenSBI put there itself.  Areas without a place get one when memory has its final size.
 *           A tree that lies in NOMAP memory is copied.
 * FAILURE   Without a valid tree or memory there is no machine: panic, which speaks through SBI.
 *
 * SPDX-License-Identifier: MIT
 */
#define LAYOUT_WRITER
#include "arch/riscv/errata.h"
#include "arch/riscv/isa.h"
#include "arch/riscv/mm/paging.h"
#include "arch/riscv/mm/root.h"
#include "arch/riscv/mm/tlb.h"
#include "arch/riscv/sbi.h"
#include "arch/riscv/smp.h"
#include "arch/riscv/timer.h"
#include "boot/early_map.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "include/mm_types.h"
#include "kernel/panic.h"
#include "kernel/task/task.h"
#include "lib/cmdline.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/kmap/fixmap.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/phys/zone.h"
#include "mm/pt/asid.h"
#include <asm/csr.h>
#include <asm/extable.h>

#define SPAN_2M		(2ul << 20)
#define FIRMWARE_REACH	(16ul << 20)	/* from the start of memory */
#define BOOT_RESERVE	(16ul << 20)	/* of direct map beyond the image: what start-up allocates */

struct fdt boot_fdt;
const void *boot_dtb;
size_t boot_dtb_bytes;
phys_addr_t initrd_start, initrd_end;
const char *machine_model = "";
const char *mmu_type_name = "";
unsigned long elf_hwcap;

static phys_addr_t dtb_pa;
extern char _start[], _end[];

/* From head.S, before anything else in C at link addresses. */
void boot_facts(unsigned long hartid, phys_addr_t dtb, unsigned long va_offset)
{
	boot_hartid = hartid;
	dtb_pa = dtb;
	kernel_pa_offset = va_offset;
	if (early_pma)
		memory_types_init(early_pma, PTE_THEAD_NC, PTE_THEAD_IO);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int valid_nid(int nid) { return nid >= 0 && nid < MAX_NUMNODES ? nid : 0; }

/* A crash kernel: all but what /chosen says is usable holds the dead one. */
static void __init keep_usable_memory(void)
{
	u64 done = 0, start, end = 0;
	int rc = 0;

	while (!rc && fdt_usable_range(&boot_fdt, done, &start, &end)) {
		if (start > done)
			rc = memblock_remove(done, start - done);
		done = end;
	}
	if (end && !rc)
		rc = memblock_remove(end, MEMBLOCK_ALLOC_ANYWHERE - end);
	if (rc)
		panic("setup: too many usable ranges");
}

/* Whole pages only: what a range has of a page at its ends is nobody's. */
static void __init add_memory(void)
{
	struct fdt_range r;

	fdt_for_each_memory(&boot_fdt, it, &r) {
		phys_addr_t start = PAGE_ALIGN(r.base), end = (r.base + r.size) & PAGE_MASK;

		if (start >= r.base && start < end &&
		    memblock_add_node(start, end - start, valid_nid(r.nid), MEMBLOCK_NONE))
			panic("setup: too many memory ranges");
	}
	keep_usable_memory();
	if (!memblock_phys_mem_size())
		panic("the device tree names no memory");
	if (!phys_is_ram(virt_to_phys(_start), virt_to_phys(_end)))
		panic("the kernel lies at 0x%lx, where the device tree names no memory", virt_to_phys(_start));
}

/* The archive is copied to files and its memory freed: it may share none with the kernel or the tree. */
static int __init reserve_initrd(void)
{
	if (!phys_is_ram(initrd_start, initrd_end))
		return 0;
	if (memblock_is_region_reserved(initrd_start, initrd_end - initrd_start)) {
		pr_err("INITRD: 0x%lx..0x%lx overlaps in-use memory region - disabling initrd\n", initrd_start,
		       initrd_end);
		initrd_start = initrd_end = 0;
		return 0;
	}
	return memblock_reserve(initrd_start, initrd_end - initrd_start);
}

/* A range that we may not map cannot be where we run: then it is reserved only, and we say so. */
static int __init reserve_range(const struct fdt_range *r)
{
	phys_addr_t start = virt_to_phys(_start), end = virt_to_phys(_end), dram_end = memblock_end_of_dram();
	phys_addr_t base = r->base, size = base < dram_end ? min((phys_addr_t)r->size, dram_end - base) : 0;

	if (!r->nomap)
		return memblock_reserve(base, size);
	if (base >= end || (base < start && size <= start - base))
		return memblock_mark_nomap(base, size);
	pr_warn("no-map memory at 0x%lx has the kernel in it: only reserved\n", base);
	return memblock_reserve(base, size);
}

/*
 * OpenSBI guards its regions by PMP even where it does not say no-map.  It writes them in the root's cells, whatever
 * those of /reserved-memory are: they hold where nothing else in there does.
 */
static int __init hide_firmware(void)
{
	int parent = fdt_path(&boot_fdt, "/reserved-memory"), rc = 0;
	struct fdt_range r = { .nomap = true };

	if (fdt_reserved_malformed(&boot_fdt))
		pr_err("OF: reserved mem: Reserved memory: unsupported node format, ignoring all but firmware's\n");
	fdt_for_each_child(&boot_fdt, node, parent) {
		const char *name = fdt_node_name(&boot_fdt, node);

		if (rc || !name || !str_has_prefix(name, "mmode_resv"))
			continue;
		if (!fdt_get_pair(&boot_fdt, 0, node, "reg", 0, &r.base, &r.size) ||
		    !fdt_get_reg(&boot_fdt, node, 0, &r.base, &r.size))
			rc = reserve_range(&r);
	}
	return rc;
}

/* Using what others keep would be worse than not to boot. */
static void __init reserve_memory(void)
{
	struct fdt_range r;
	int rc = memblock_reserve(virt_to_phys(_start), _end - _start);

	if (!rc)
		rc = memblock_reserve(dtb_pa, boot_dtb_bytes);
	if (!rc)
		rc = reserve_initrd();
	fdt_for_each_reserved(&boot_fdt, it, &r)
		if (!rc)
			rc = reserve_range(&r);
	if (!rc)
		rc = hide_firmware();
	if (rc)
		panic("setup: too many reserved ranges");
}

/* The place of @a: the highest in the first of its alloc-ranges that has room, or anywhere; 0: there is none. */
static phys_addr_t __init find_area(const struct fdt_area *a, phys_addr_t size, phys_addr_t align)
{
	phys_addr_t pa = 0;
	u64 start, bytes;
	int i = 0;

	if (!fdt_has_prop(&boot_fdt, a->node, "alloc-ranges"))
		return memblock_phys_alloc(size, align);
	while (!pa && !fdt_get_range(&boot_fdt, a->node, "alloc-ranges", i++, &start, &bytes))
		pa = memblock_phys_alloc_range(size, align, start, start + min(bytes, ~start));
	return pa;
}

static void __init place_area(const struct fdt_area *a)
{
	phys_addr_t align = max(a->align, a->nomap ? PAGE_SIZE : 1), size = a->size, pa;

	if (a->bad) {
		pr_err("OF: reserved mem: invalid size or alignment property in '%s' node.\n", a->name);
		return;
	}
	if (a->nomap)
		size = PAGE_ALIGN(size);
	pa = size < a->size || size > memblock_phys_mem_size() ? 0 : find_area(a, size, align);
	if (!pa) {
		pr_err("OF: reserved mem: failed to allocate memory for node '%s': size %llu MiB\n", a->name,
		       (unsigned long long)a->size >> 20);
		return;
	}
	if (a->nomap && memblock_mark_nomap(pa, size))
		panic("setup: too many reserved ranges");
	pr_info("OF: reserved mem: 0x%lx..0x%lx (%lu KiB) %s %s %s\n", pa, pa + size - 1, size >> 10,
		a->nomap ? "nomap" : "map", a->reusable ? "reusable" : "non-reusable", a->name);
}

/* Areas that devices want somewhere: when all that has a place is known, and memory has its final size. */
static void __init place_areas(void)
{
	struct fdt_area a;

	fdt_for_each_area(&boot_fdt, it, &a)
		place_area(&a);
}

static void __init limit_memory(void)
{
	char buf[24], *end;
	phys_addr_t bytes;

	if (cmdline_get("mem", buf, sizeof(buf)) <= 0)
		return;
	bytes = memparse(buf, &end);
	if (bytes)
		memblock_enforce_memory_limit(bytes);
}

static int __init check_mem(const char *value)
{
	char *end;

	return memparse(value, &end) && !*end ? 0 : -EINVAL;
}
PARAM("mem", check_mem);

/* struct pages can be had for so much above phys_base. */
static void __init drop_far_memory(void)
{
	phys_addr_t end = phys_base + task_size;

	if (memblock_end_of_dram() <= end)
		return;
	pr_warn("Memory above 0x%lx is out of this paging mode's reach, and left alone\n", end);
	memblock_remove(end, memblock_end_of_dram() - end);
}

/* How far the direct map goes: to the end of its range, or over the first directmap= bytes, image included. */
static void __init limit_direct_map(void)
{
	phys_addr_t most = direct_map_end - linear_offset, wish;
	char buf[24], *end;

	directmap_limit = most;
	if (cmdline_get("directmap", buf, sizeof(buf)) > 0) {
		wish = memblock_start_of_dram() + memparse(buf, &end);
		wish = max(wish, virt_to_phys(_end) + BOOT_RESERVE);
		directmap_limit = min(most, ALIGN(wish, MAX_ORDER_NR_PAGES * PAGE_SIZE));
	}
	high_memory = (unsigned long)phys_to_virt(directmap_limit);
	memblock_set_current_limit(directmap_limit);
}

static int __init check_directmap(const char *value)
{
	return check_mem(value);
}
PARAM("directmap", check_directmap);

static bool __init is_readable(const void *va)
{
	unsigned long ok = 0, v;

	__asm__ volatile("1: ld %1, 0(%2)\n	li %0, 1\n2:\n" EXTABLE("1b", "2b")
			 : "+&r"(ok), "=&r"(v) : "r"(va) : "memory");
	return ok;
}

/*
 * Firmware lies where memory begins, and a tree may fail to mention it: what it guards cannot be read.
 * => the direct map is up; nothing has been allocated there, for allocations come from above
 */
static void __init hide_unreadable(void)
{
	phys_addr_t pa = memblock_start_of_dram(), first = 0, last = 0;
	phys_addr_t end = min(min(pa + FIRMWARE_REACH, directmap_limit), virt_to_phys(_start));

	for (; pa < end; pa += PAGE_SIZE) {
		if (!memblock_is_map_pfn(PFN_DOWN(pa)) || is_readable(phys_to_virt(pa)))
			continue;
		if (memblock_reserve(pa, PAGE_SIZE))
			panic("setup: too many reserved ranges");
		first = last ? first : pa;
		last = pa + PAGE_SIZE;
	}
	if (last)
		pr_warn("Memory in 0x%lx..0x%lx cannot be read, and is left alone\n", first, last);
}

/* ---- the tree -------------------------------------------------------------------------------- */

static void __init use_tree(const void *blob, size_t limit)
{
	static struct fdt_marks marks;

	boot_dtb = blob;
	if (!early_tree_mapped || fdt_init(&boot_fdt, blob, limit))
		panic("no valid device tree at physical address %lx", dtb_pa);
	boot_dtb_bytes = fdt_totalsize(blob);
	fdt_mark(&boot_fdt, &marks);
}

static void __init read_chosen(void)
{
	struct fdt_chosen c;

	fdt_chosen(&boot_fdt, &c);
	strscpy(boot_command_line, c.bootargs ? c.bootargs : "", sizeof(boot_command_line));
	panic_early_setup();
	if (c.initrd_end > c.initrd_start) {
		initrd_start = c.initrd_start;
		initrd_end = c.initrd_end;
	}
}

/* Where the tree will be readable after paging_init(): a copy, if the direct map will not show it. */
static phys_addr_t __init move_tree(void)
{
	phys_addr_t to;

	if (dtb_pa + boot_dtb_bytes <= directmap_limit && phys_is_ram(dtb_pa, dtb_pa + boot_dtb_bytes))
		return dtb_pa;
	to = memblock_phys_alloc(PAGE_ALIGN(boot_dtb_bytes), PAGE_SIZE);
	if (!to)
		panic("setup: no memory for the device tree");
	for (size_t off = 0; off < boot_dtb_bytes; off += PAGE_SIZE) {
		unsigned long va = fix_to_virt(FIX_BOOT_COPY);

		set_pte(&fixmap_pte[FIX_BOOT_COPY], pfn_pte(PFN_DOWN(to + off), PAGE_KERNEL));
		__asm__ volatile("sfence.vma" ::: "memory");
		memcpy((void *)va, (const char *)boot_dtb + off, min(PAGE_SIZE, boot_dtb_bytes - off));
	}
	pte_clear(&fixmap_pte[FIX_BOOT_COPY]);
	return to;
}

static void __init read_distances(void)
{
	find_nodes();
	for (unsigned a = 0; a < nr_node_ids; a++) {
		for (unsigned b = 0; b < nr_node_ids; b++) {
			unsigned d = a == b ? 0 : fdt_numa_distance(&boot_fdt, a, b);

			if (d)
				numa_set_distance(a, b, d);
		}
	}
}

/* User programs may use what every hart has: single-letter extensions, without V. */
static void __init read_isa(void)
{
	struct fdt_cpu cpu;
	bool any = false;

	fdt_for_each_cpu(&boot_fdt, it, &cpu) {
		if (!smp_hart_usable(&cpu))
			continue;
		elf_hwcap = any ? elf_hwcap & hart_base_isa(&cpu) : hart_base_isa(&cpu);
		any = true;
	}
}

/* Entries may name memory types if every hart understands them; T-Head's own ones are in use already. */
static void __init probe_svpbmt(void)
{
	if (!pte_mt_pma && smp_all_harts_have("svpbmt"))
		memory_types_init(0, PTE_PBMT_NC, PTE_PBMT_IO);
}

static const char *__init memory_types_name(void)
{
	return pte_mt_pma ? " with T-Head's memory types" : pte_mt_io ? " with Svpbmt" : "";
}

static unsigned __init levels_in_use(void)
{
	return (csr_read(satp) >> SATP_MODE_SHIFT) - SATP_MODE_SV39 + 3;
}

void __init setup_arch(void)
{
	static const char *const mode_names[] = { "sv39", "sv48", "sv57" };
	unsigned levels = levels_in_use();
	phys_addr_t tree_pa;

	sbi_init();		/* a panic speaks and ends through it */
	extable_sort();
	mmu_type_name = mode_names[levels - 3];
	use_tree((const void *)(DTB_FIXMAP + (dtb_pa & (SPAN_2M - 1))),
		 2 * SPAN_2M - (dtb_pa & (SPAN_2M - 1)));
	read_chosen();
	memblock_debug_init();
	add_memory();
	layout_init(levels, memblock_start_of_dram());
	reserve_memory();
	limit_memory();
	drop_far_memory();
	place_areas();
	limit_direct_map();
	memblock_dump_all();
	tree_pa = move_tree();
	paging_init();
	hide_unreadable();
	use_tree(phys_to_virt(tree_pa), boot_dtb_bytes);
	if (fdt_getprop_str(&boot_fdt, 0, "model"))
		machine_model = fdt_getprop_str(&boot_fdt, 0, "model");

	errata_init();
	timer_probe();
	read_isa();
	probe_svpbmt();
	smp_init_harts();
	isa_init();
	asid_probe();
	asid_init();
	read_distances();
	pr_info("Machine: %s; %s%s, %u ASID bits, hart %lu of %u boots\n", machine_model, mmu_type_name,
		memory_types_name(), arch_asid_bits, boot_hartid, nr_harts);
}

bool phys_is_ram(phys_addr_t start, phys_addr_t end)
{
	for (phys_addr_t pa = start & PAGE_MASK; pa < end; pa += PAGE_SIZE)
		if (!memblock_is_map_pfn(PFN_DOWN(pa)))
			return false;
	return start < end;
}
