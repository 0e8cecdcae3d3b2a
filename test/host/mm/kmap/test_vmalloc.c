/*
 * vmalloc areas against a shadow list: disjoint, mapped, contents kept, flushed before reuse.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/kmap/vm_area.c mm/kmap/vmalloc.c mm/kmap/vm_map_ram.c mm/kmap/ioremap.c mm/kmap/stack.c
// SRCS: mm/kmap/fixmap.c mm/pt/walk.c mm/pt/pgalloc.c mm/pt/flush.c mm/pt/init_mm.c mm/pt/asid.c
#include "test/host/tap.h"
#include "test/host/arch/host.h"
#include "mm/kmap/ioremap.h"
#include "mm/kmap/stack.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/init.h"
#include "mm/phys/zone.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"

void register_vmalloc_ops(__maybe_unused const struct vmalloc_ops *ops) {}
void *kvmalloc(size_t n, gfp_t gfp) { return kmalloc(n, gfp); }
void kvfree(const void *p) { kfree(p); }
int scnprintf(char *buf, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(buf, n, fmt, ap);
	va_end(ap);
	return len < (int)n ? len : (int)n - 1;
}

phys_addr_t directmap_limit = ~0ul;

#define SLOTS 64
static struct { char *p; unsigned long pages; u64 mark; } slot[SLOTS];

static void fill(unsigned i)
{
	for (unsigned long n = 0; n < slot[i].pages; n++)
		CHECK(host_kernel_store8((vaddr_t)slot[i].p + n * PAGE_SIZE, slot[i].mark + n));
}

static void check(unsigned i)
{
	u64 v;

	host_run_on(rnd_below(nr_harts));
	for (unsigned long n = 0; n < slot[i].pages; n++)
		CHECK(host_kernel_load8((vaddr_t)slot[i].p + n * PAGE_SIZE, &v) && v == slot[i].mark + n);
	/* The guard page behind is not mapped. */
	CHECK(!host_kernel_load8((vaddr_t)slot[i].p + slot[i].pages * PAGE_SIZE, &v));
}

static void step(void)
{
	unsigned i = rnd_below(SLOTS);

	host_run_on(rnd_below(nr_harts));
	if (slot[i].p) {
		check(i);
		vfree(slot[i].p);
		slot[i].p = NULL;
		return;
	}
	slot[i].pages = 1 + rnd_below(rnd_one_in(10) ? 100 : 8);
	slot[i].p = rnd_one_in(2) ? vmalloc(slot[i].pages * PAGE_SIZE - rnd_below(PAGE_SIZE))
				  : vzalloc(slot[i].pages * PAGE_SIZE);
	CHECK(slot[i].p && is_vmalloc_addr(slot[i].p));
	slot[i].mark = rnd();
	fill(i);
}

#define RANGES	40
#define POOL	64

/* Short mappings from blocks: random sizes on random harts, unmapped by whoever comes. */
static void test_map_ram(void)
{
	struct { char *p; unsigned first, nr; } r[RANGES] = { 0 };
	struct page *pool[POOL];
	u64 v;

	is_int(alloc_pages_bulk(0, POOL, pool), POOL, "pages to map");
	for (unsigned i = 0; i < POOL; i++)
		*(u64 *)page_to_virt(pool[i]) = 1000 + i;
	for (int n = 0; n < 6000; n++) {
		unsigned i = rnd_below(RANGES);

		host_run_on(rnd_below(nr_harts));
		if (r[i].p) {
			for (unsigned k = 0; k < r[i].nr; k++)
				CHECK(host_kernel_load8((vaddr_t)r[i].p + k * PAGE_SIZE, &v) &&
				      v == 1000 + r[i].first + k);
			host_run_on(rnd_below(nr_harts));
			vm_unmap_ram(r[i].p, r[i].nr);
			r[i].p = NULL;
			continue;
		}
		r[i].nr = 1 + rnd_below(rnd_one_in(20) ? POOL / 2 + 1 : 6);
		r[i].first = rnd_below(POOL - r[i].nr + 1);
		r[i].p = vm_map_ram(pool + r[i].first, r[i].nr, 0);
		CHECK(r[i].p);
	}
	ok(host_stale == 0, "6000 short mappings on 4 harts: each shows its pages");
	for (unsigned i = 0; i < RANGES; i++)
		if (r[i].p)
			vm_unmap_ram(r[i].p, r[i].nr);
	host_tlb_check(&init_mm);
	ok(host_stale == 0, "no hart remembers them");
	for (unsigned h = 0; h < nr_harts; h++) {
		host_run_on(h);
		vm_map_ram_drain();
	}
	free_pages_bulk(pool, POOL);
	vm_area_purge();
}

#define LARGE (2ul << 20)

static unsigned leaf_level(void *p)
{
	unsigned level;

	pt_lookup_leaf(&init_mm, (vaddr_t)p, &level);
	return level;
}

/* Where a block of 2 MiB is to be had, the mapping is one leaf, which comes and goes as a whole. */
static void test_large(void)
{
	struct page *block, *end;
	struct page **pages = calloc(600, sizeof(*pages));
	char *small[4], *p;
	u64 v;

	for (int i = 0; i < 4; i++)	/* so that tables lie where leaves will */
		small[i] = vmalloc(LARGE / 2);
	for (int i = 0; i < 4; i++)
		vfree(small[i]);
	vm_area_purge();
	block = alloc_pages(0, 10);
	CHECK(block);
	end = block + 1024;
	while (page_to_pfn(block) % 512)
		put_page(block++);
	for (int i = 0; i < 512; i++)
		pages[i] = block + i;
	for (int i = 0; i < 88; i++)
		pages[512 + i] = alloc_pages(0, 0);
	p = vmap(pages, 600, 0, PAGE_KERNEL);
	ok(p && IS_ALIGNED((vaddr_t)p, LARGE) && leaf_level(p) == 1 && leaf_level(p + LARGE) == 0,
	   "a block in a row is one leaf, the rest pages");
	ok(vmalloc_to_page(p + 3 * PAGE_SIZE) == block + 3, "vmalloc_to_page looks into it");
	for (int n = 0; n < 2000; n++) {
		unsigned i = rnd_below(600);

		host_run_on(rnd_below(nr_harts));
		*(u64 *)page_to_virt(pages[i]) = n;
		CHECK(host_kernel_load8((vaddr_t)p + i * PAGE_SIZE, &v) && v == (u64)n);
	}
	vunmap(p);
	host_tlb_check(&init_mm);
	ok(host_stale == 0, "no hart remembers it when it is gone");
	swap(pages[100], pages[101]);
	p = vmap(pages, 512, 0, PAGE_KERNEL);
	ok(p && leaf_level(p) == 0 && vmalloc_to_page(p + 100 * PAGE_SIZE) == pages[100],
	   "two pages out of order: single pages");
	vunmap(p);
	while (block < end)
		put_page(block++);
	free_pages_bulk(pages + 512, 88);
	free(pages);
	p = vmalloc(3 * LARGE);
	ok(p && vmalloc_nr_pages() == 3 * 512, "vmalloc of 6 MiB");
	vfree(p);
	vm_area_purge();
}

static unsigned purges_asked;
static void purger(void) { purges_asked++; }

/* With interrupts off nothing may be flushed: the purge is left to others. */
static void test_irq_free(void)
{
	char *p[40];
	unsigned long irq;

	vm_area_set_purger(purger);
	for (int i = 0; i < 40; i++) {
		p[i] = vmalloc(20 * PAGE_SIZE);
		CHECK(p[i]);
	}
	irq = arch_irq_save();
	for (int i = 0; i < 40; i++)
		vfree(p[i]);
	arch_irq_restore(irq);
	ok(purges_asked > 0 && vmalloc_nr_lazy_pages() == 800, "vfree with interrupts off leaves the flush to later");
	vm_area_purge();
	is_int(vmalloc_nr_lazy_pages(), 0, "which takes all");
}

static void drain_tables(void)
{
	for (unsigned h = 0; h < nr_harts; h++) {
		host_run_on(h);
		pt_cache_drain();
	}
}

static void drop_kernel_tables(pte_t *table, unsigned level)
{
	for (unsigned i = level == pt_levels - 1 ? PT_KERNEL_FIRST : 0; i < PT_ENTRIES; i++) {
		if (level && pte_is_table(table[i]))
			drop_kernel_tables(pte_to_table(table[i]), level - 1);
		pte_clear(&table[i]);
	}
	if (level < pt_levels - 1)
		pt_table_free(&init_mm, table);
}

static void test_stacks(void)
{
	hartmask_t harts[20];
	void *s[20];
	u64 v;

	for (int i = 0; i < 20; i++) {
		s[i] = alloc_thread_stack(&harts[i]);
		CHECK(hartmask_has(harts[i], this_hart()) && hartmask_empty(hartmask_without(harts[i], this_hart())));
		CHECK(s[i] && ((vaddr_t)s[i] & (2 * THREAD_SIZE - 1)) == THREAD_SIZE);
		CHECK(host_kernel_store8((vaddr_t)s[i], i));
		CHECK(!host_kernel_load8((vaddr_t)s[i] - 8, &v));
		CHECK(thread_stack_guard((vaddr_t)s[i] - 8) && !thread_stack_guard((vaddr_t)s[i]));
	}
	is_int(global_node_page_state(NR_KERNEL_STACK_KB), 20 * THREAD_SIZE / 1024, "stacks are counted");
	for (int i = 0; i < 20; i++) {
		CHECK(host_kernel_load8((vaddr_t)s[i], &v) && v == i);
		if (i == 7)
			hartmask_add(&harts[i], 3);
		free_thread_stack(s[i], harts[i]);
	}
	void *again = alloc_thread_stack(harts);
	ok(again == s[7] && hartmask_has(harts[0], this_hart()) && hartmask_has(harts[0], 3),
	   "the last stack kept comes back as it was mapped and fenced");
	free_thread_stack(again, harts[0]);
	is_int(thread_stack_drain(), 8, "the cache is bounded");
}

static void test_ioremap(void)
{
	u64 v = 0;
	char *p = ioremap(0x90000123, 2 * PAGE_SIZE);

	*(u64 *)phys_to_virt(0x90000128) = 77;
	ok(p && ((vaddr_t)p & ~PAGE_MASK) == 0x123, "ioremap keeps the offset");
	ok(host_kernel_load8((vaddr_t)p + 5, &v) && v == 77, "and maps the registers");
	char line[200];
	vaddr_t cursor = 0;
	int lines = 0, io = 0;

	while (vmallocinfo_line(&cursor, line, sizeof(line))) {
		lines++;
		io += strstr(line, "phys=0x0000000090000000 ioremap") != NULL;
	}
	ok(io == 1 && lines >= 1, "vmallocinfo shows it");
	iounmap(p);
	p = ioremap_wc(0xa0000000, 4ul << 20);
	ok(p && IS_ALIGNED((vaddr_t)p, 2ul << 20), "registers of 4 MiB may have large leaves");
	iounmap(p);
	directmap_limit = 0x90000000;
	ok(memremap(0x81234567, 1000) == phys_to_virt(0x81234567), "memremap of what the direct map shows");
	p = memremap(0x8ffffffc, 8);
	ok(is_vmalloc_addr(p) && ((vaddr_t)p & ~PAGE_MASK) == 0xffc, "and of what it does not");
	memunmap(p);
	vm_area_purge();
	ok(ioremap(~0ul - 10, 100) == NULL && vmalloc(0) == NULL, "nonsense is refused");
}

int main(void)
{
	shim_printk_quiet = true;
	host_arch_init(3 + rnd_below(3), 4);
	vmalloc_init();
	for (int n = 0; n < 6000; n++) {
		step();
		if (n % 97 == 0)
			vmalloc_verify();
	}
	ok(host_stale == 0, "6000 random steps on 4 harts: contents kept, no stale translation");
	for (unsigned i = 0; i < SLOTS; i++)
		vfree(slot[i].p);
	vm_area_purge();
	vmalloc_verify();
	is_int(vmalloc_nr_pages(), 0, "VmallocUsed is back at 0");
	test_stacks();
	test_ioremap();
	test_map_ram();
	test_large();
	test_irq_free();

	struct page *pages[3];
	for (int i = 0; i < 3; i++)
		pages[i] = alloc_pages(0, 0);
	char *m = vmap(pages, 3, 0, PAGE_KERNEL);
	ok(m && vmalloc_to_page(m + 2 * PAGE_SIZE) == pages[2], "vmap");
	vunmap(m);
	free_pages_bulk(pages, 3);

	vm_area_purge();
	drop_kernel_tables(swapper_root, pt_levels - 1);
	drain_tables();
	FOR_EACH_ALLOC_FAILURE(
		char *p = vmalloc(5 * PAGE_SIZE);
		if (p) { vfree(p); vm_area_purge(); }
		drop_kernel_tables(swapper_root, pt_levels - 1);
		drain_tables(), p == NULL);
	ok(1, "every allocation of vmalloc may fail");
	host_tlb_reset();	/* the tables went without asking */
	host_drop_flushes = host_tlb_quiet = true;
	u64 v;
	char *p = vmalloc(PAGE_SIZE);
	CHECK(host_kernel_load8((vaddr_t)p, &v));
	vfree(p);
	vm_area_purge();
	host_tlb_check(&init_mm);
	ok(host_stale > 0, "without the flush the purge is caught");
	drop_kernel_tables(swapper_root, pt_levels - 1);
	drain_tables();
	is_int(shim_live_allocs(), 0, "nothing leaked");
	return done_testing();
}
