/*
 * kmap() of pages beyond the direct map: each shows its page, is counted, and is forgotten at its end.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/kmap/highmem.c mm/kmap/vm_area.c mm/kmap/fixmap.c mm/pt/walk.c mm/pt/pgalloc.c mm/pt/flush.c
// SRCS: mm/pt/init_mm.c mm/pt/asid.c
#include "test/host/tap.h"
#include "test/host/arch/host.h"
#include "mm/kmap/highmem.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"
#include "mm/slab/slab.h"

phys_addr_t directmap_limit;
phys_addr_t memblock_end_of_dram(void) { return ~0ul; }
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

#define PAGES	400
#define USERS	64

static struct page *page[PAGES];
static struct { struct page *page; char *va; u64 mark; } user[USERS];

/* The bytes of a page, as the machine has them. */
static u64 *bytes(struct page *p)
{
	return (u64 *)page_to_virt(p);
}

static void take(unsigned i)
{
	unsigned n = rnd_below(PAGES);

	user[i].page = page[n];
	user[i].va = kmap(page[n]);
	CHECK(PageHighMem(page[n]) ? is_vmalloc_addr(user[i].va) : user[i].va == page_to_virt(page[n]));
	for (unsigned k = 0; k < USERS; k++)	/* one page, one address */
		CHECK(k == i || !user[k].page || (user[k].page == page[n]) == (user[k].va == user[i].va));
}

static void check(unsigned i)
{
	u64 v, mark = rnd();

	bytes(user[i].page)[5] = mark;
	if (!PageHighMem(user[i].page))
		return;
	CHECK(host_kernel_load8((vaddr_t)user[i].va + 40, &v) && v == mark);
	CHECK(host_kernel_store8((vaddr_t)user[i].va + 40, ~mark) && bytes(user[i].page)[5] == ~mark);
}

static void drop_tables(pte_t *table, unsigned level)
{
	for (unsigned i = level == pt_levels - 1 ? PT_KERNEL_FIRST : 0; i < PT_ENTRIES; i++) {
		if (level && pte_is_table(table[i]))
			drop_tables(pte_to_table(table[i]), level - 1);
		pte_clear(&table[i]);
	}
	if (level < pt_levels - 1)
		pt_table_free(&init_mm, table);
}

int main(void)
{
	unsigned high = 0;

	shim_printk_quiet = true;
	host_arch_init(3 + rnd_below(3), 4);
	vm_area_init();
	kmap_init();
	for (unsigned i = 0; i < PAGES; i++)
		page[i] = alloc_page(GFP_HIGHUSER);
	high_memory = (unsigned long)page_to_virt(page[PAGES / 4]);
	for (unsigned i = 0; i < PAGES; i++)
		high += PageHighMem(page[i]);
	ok(high > 0 && high < PAGES, "some pages are high");
	for (int n = 0; n < 20000; n++) {
		unsigned i = rnd_below(USERS);

		host_run_on(rnd_below(nr_harts));
		if (!user[i].page) {
			take(i);
			continue;
		}
		check(i);
		host_run_on(rnd_below(nr_harts));
		kunmap(user[i].page);
		user[i].page = NULL;
	}
	ok(host_stale == 0, "20000 random maps and unmaps on 4 harts: every address shows its page");
	for (unsigned i = 0; i < USERS; i++)
		if (user[i].page)
			kunmap(user[i].page);
	is_int(kmap_nr_used(), 0, "no slot is in use");
	for (unsigned i = 0; i < PAGES; i++)
		put_page(page[i]);
	host_tlb_check(&init_mm);
	ok(host_stale == 0, "and no hart remembers a page that is free");
	drop_tables(swapper_root, pt_levels - 1);
	pt_cache_drain();
	return done_testing();
}
