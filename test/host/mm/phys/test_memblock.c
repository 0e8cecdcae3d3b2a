/*
 * test/host/mm/phys/test_memblock.c - memblock against a map of bytes.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/asid.c mm/phys/memblock.c
#include "mm/phys/memblock.h"
#include "test/host/mm/phys/machine.h"

#define UNITS	4096ul
#define UNIT	24ul			/* bytes: nothing is aligned to anything */
#define BASE	(1ul << 30)

static struct { bool memory, reserved, nomap; u8 nid; } map[UNITS];

static phys_addr_t addr(unsigned long unit) { return BASE + unit * UNIT; }

/* Is the page at @pfn memory of one node throughout, none of it unmapped? */
static bool whole_page(pfn_t pfn)
{
	unsigned long first = (PFN_PHYS(pfn) - BASE) / UNIT, last = (PFN_PHYS(pfn + 1) - 1 - BASE) / UNIT;

	for (unsigned long u = first; u <= last; u++)
		if (!map[u].memory || map[u].nomap || map[u].nid != map[first].nid)
			return false;
	return true;
}

static void check_against_map(void)
{
	phys_addr_t start, end;
	bool free_seen[UNITS] = { 0 };
	unsigned long mem = 0, res = 0;
	int nid;
	u64 it;

	CHECK(memblock_verify());
	for (unsigned long u = 0; u < UNITS; u++) {
		CHECK(memblock_is_memory(addr(u)) == map[u].memory);
		CHECK(memblock_is_memory(addr(u) + UNIT - 1) == map[u].memory);
		CHECK(memblock_is_reserved(addr(u)) == map[u].reserved);
		mem += map[u].memory;
		res += map[u].reserved;
	}
	for (pfn_t pfn = PFN_DOWN(BASE); pfn < PFN_DOWN(addr(UNITS)); pfn++)
		CHECK(memblock_is_map_pfn(pfn) == whole_page(pfn));
	CHECK(memblock_phys_mem_size() == mem * UNIT);
	/* Its own arrays, when they have grown, lie outside the map. */
	CHECK(memblock_reserved_size() >= res * UNIT);
	for_each_free_mem_range(it, NUMA_NO_NODE, &start, &end, &nid)
		for (phys_addr_t a = start; a < end && a < addr(UNITS); a += UNIT) {
			unsigned long u = (a - BASE) / UNIT;

			CHECK(map[u].memory && !map[u].reserved && !map[u].nomap && map[u].nid == nid);
			free_seen[u] = true;
		}
	for (unsigned long u = 0; u < UNITS; u++)
		CHECK(free_seen[u] == (map[u].memory && !map[u].reserved && !map[u].nomap));
}

static void random_step(void)
{
	unsigned long from = rnd_below(UNITS), len = rnd_below(rnd_one_in(8) ? UNITS : 64), u;
	phys_addr_t base = addr(from), size;
	int nid = rnd_below(3);
	unsigned op = rnd_below(6);

	len = min(len, UNITS - from);
	size = len * UNIT;
	if (op == 0)
		CHECK(!memblock_add_node(base, size, nid, 0));
	else if (op == 1)
		CHECK(!memblock_remove(base, size));
	else if (op == 2)
		CHECK(!memblock_reserve(base, size));
	else if (op == 3)
		CHECK(!memblock_phys_free(base, size));
	else if (op == 4)
		CHECK(!memblock_set_node(base, size, nid));
	else
		CHECK(!memblock_mark_nomap(base, size));
	for (u = from; u < from + len; u++) {
		if (op == 0 && !map[u].memory) {
			map[u].memory = true;
			map[u].nomap = false;
			map[u].nid = nid;
		} else if (op == 1) {
			map[u].memory = false;
		} else if (op == 2 || op == 3) {
			map[u].reserved = op == 2;
		} else if (op == 4) {
			map[u].nid = nid;
		} else if (op == 5) {
			map[u].nomap = true;
		}
	}
}

static void random_alloc(void)
{
	phys_addr_t size = (1 + rnd_below(6)) * UNIT, align = 8ul << rnd_below(6);
	phys_addr_t lo = addr(rnd_below(UNITS)), hi = addr(rnd_below(UNITS) + 1);
	phys_addr_t pa = memblock_phys_alloc_range(size, align, lo, hi);

	if (!pa)
		return;
	CHECK(IS_ALIGNED(pa, align) && pa >= lo && pa + size <= hi);
	for (phys_addr_t a = pa; a < pa + size; a++)
		CHECK(map[(a - BASE) / UNIT].memory && !map[(a - BASE) / UNIT].reserved &&
		      !map[(a - BASE) / UNIT].nomap);
	CHECK(memblock_is_region_reserved(pa, size));
	CHECK(!memblock_phys_free(pa, size));
}

int main(void)
{
	phys_addr_t a, b;
	void *p;

	host_arch_init(3, 1);
	shim_printk_quiet = true;
	ok(!memblock_phys_alloc(64, 64), "no memory: 0");
	CHECK(!memblock_add(16 * 4096, 64 * 4096));
	a = memblock_phys_alloc(100, 64);
	ok(a && IS_ALIGNED(a, 64) && a >= 79 * 4096, "the highest place is taken first");
	b = memblock_phys_alloc_range(4096, 4096, 0, 20 * 4096);
	is_int(b, 19 * 4096, "within a range");
	p = memblock_alloc(256, 8);
	ok(p && !memcmp(p, (char[256]){ 0 }, 256), "cleared");
	ok(!memblock_phys_alloc(64 * 4096, 8), "too much: 0");
	for (unsigned i = 0; i < 127; i++)
		if (memblock_reserve(1000 + i * 16, 8))
			break;
	ok(memblock_reserve(100, 8) == -12 && memblock_verify(), "a full array that cannot grow: -ENOMEM");
	memblock_allow_resize();
	ok(!memblock_reserve(100, 8) && memblock_verify() && memblock.reserved.max == 256, "it grows");
	CHECK(!memblock_phys_free(0, 1 << 20) && !memblock_remove(0, 1 << 20));
	memblock_reserve(virt_to_phys(memblock.reserved.regions), PAGE_ALIGN(256 * sizeof(struct memblock_region)));
	memblock_add(1ul << 31, 16 << 20);			/* room for the arrays */

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 150; i++) {
			random_step();
			for (unsigned k = 0; k < 8; k++)
				random_alloc();
			if (i % 10 == 0) {
				memblock_remove(1ul << 31, 16 << 20);
				check_against_map();
				memblock_add(1ul << 31, 16 << 20);
			}
		}
	}
	ok(memblock_verify(), "random operations agree with the map of bytes");
	memblock_remove(0, ~0ul);
	memblock_phys_free(0, ~0ul);
	memblock_add(BASE, 100 * 4096);
	memblock_add(BASE + 200 * 4096, 100 * 4096);
	memblock_enforce_memory_limit(150 * 4096);
	ok(memblock_phys_mem_size() == 150 * 4096 && memblock_end_of_dram() == BASE + 250 * 4096, "mem=");
	return done_testing();
}
