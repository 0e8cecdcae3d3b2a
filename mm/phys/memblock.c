/*
 * mm/phys/memblock.c - ranges of memory while the machine boots.
 *
 * MODEL     Both arrays are sorted lists of disjoint ranges.  Adding fills the gaps that a range
 *           leaves between what is there; removing cuts at its ends (isolate) and drops what lies
 *           between; afterwards neighbours with equal attributes are merged.
 *           Allocation walks the gaps of `reserved` downwards inside each memory range and takes
 *           the highest place that fits: low memory stays free for what needs it.
 * INVARIANTS
 *   M1  Ranges are non-empty, disjoint, in address order.
 *   M2  No two neighbours that touch have equal node and flags.
 *   M3  total_size is the sum of the sizes.
 * LOCKING   None: one hart runs.
 * FAILURE   An array that is full doubles itself through memblock, once the direct map is up;
 *           before that the operation returns -ENOMEM and has changed nothing.
 * COST      Linear in the number of ranges, which is a few tens.
 * TESTS     test/host/mm/phys/test_memblock.c (shadow bitmap of bytes)
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/memblock.h"
#include "include/arch/arch.h"
#include "include/uapi/errno.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/zone.h"

#define INIT_REGIONS	128

static struct memblock_region memory_init[INIT_REGIONS], reserved_init[INIT_REGIONS];
static bool can_resize, debug;

struct memblock memblock = {
	.current_limit = MEMBLOCK_ALLOC_ANYWHERE,
	.memory = { .regions = memory_init, .max = INIT_REGIONS, .name = "memory" },
	.reserved = { .regions = reserved_init, .max = INIT_REGIONS, .name = "reserved" },
};

static inline phys_addr_t region_end(const struct memblock_region *r) { return r->base + r->size; }

/* Cut @size so that @base + @size does not pass the end of the address space. */
static phys_addr_t cap_size(phys_addr_t base, phys_addr_t size)
{
	return min(size, ~(phys_addr_t)0 - base);
}

static void insert_region(struct memblock_type *t, unsigned idx, phys_addr_t base,
			  phys_addr_t size, int nid, unsigned flags)
{
	ASSERT(t->cnt < t->max);
	INV(M1, size && (!idx || region_end(&t->regions[idx - 1]) <= base) &&
		(idx == t->cnt || base + size <= t->regions[idx].base));
	memmove(&t->regions[idx + 1], &t->regions[idx], (t->cnt - idx) * sizeof(t->regions[0]));
	t->regions[idx] = (struct memblock_region){ base, size, flags, nid };
	t->cnt++;
	t->total_size += size;
}

static void remove_region(struct memblock_type *t, unsigned idx)
{
	INV(M3, idx < t->cnt && t->total_size >= t->regions[idx].size);
	t->total_size -= t->regions[idx].size;
	t->cnt--;
	memmove(&t->regions[idx], &t->regions[idx + 1], (t->cnt - idx) * sizeof(t->regions[0]));
}

static void merge_regions(struct memblock_type *t)
{
	unsigned out = 0;

	for (unsigned i = 1; i < t->cnt; i++) {
		struct memblock_region *last = &t->regions[out], *r = &t->regions[i];

		if (region_end(last) == r->base && last->nid == r->nid && last->flags == r->flags)
			last->size += r->size;
		else
			t->regions[++out] = *r;
	}
	if (t->cnt)
		t->cnt = out + 1;
	INV(M2, t->cnt <= t->max);
}

static phys_addr_t find_in_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				 phys_addr_t end, int nid);

/* Make room for @more regions in @t.  0 or -ENOMEM. */
static int reserve_slots(struct memblock_type *t, unsigned more)
{
	while (t->cnt + more > t->max) {
		struct memblock_region *old = t->regions, *new;
		unsigned old_max = t->max;
		phys_addr_t bytes = old_max * 2 * sizeof(*old), pa;

		pa = can_resize ? find_in_range(PAGE_ALIGN(bytes), PAGE_SIZE, 0,
						memblock.current_limit, NUMA_NO_NODE) : 0;
		if (!pa)
			return -ENOMEM;
		new = phys_to_virt(pa);
		memcpy(new, old, t->cnt * sizeof(*old));
		t->regions = new;
		t->max = old_max * 2;
		/* When @t is `reserved` this finds room: it has just doubled. */
		if (memblock_reserve(pa, PAGE_ALIGN(bytes)))
			panic("memblock: no room to note its own array");
		if (old != memory_init && old != reserved_init)
			memblock_phys_free(virt_to_phys(old), PAGE_ALIGN(old_max * sizeof(*old)));
	}
	return 0;
}

/* Regions of @t that [base, end) touches. */
static unsigned count_overlaps(const struct memblock_type *t, phys_addr_t base, phys_addr_t end)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->cnt; i++)
		n += t->regions[i].base < end && region_end(&t->regions[i]) > base;
	return n;
}

static int add_range(struct memblock_type *t, phys_addr_t base, phys_addr_t size, int nid, unsigned flags)
{
	phys_addr_t end = base + cap_size(base, size);
	unsigned i;

	if (base == end)
		return 0;
	if (reserve_slots(t, count_overlaps(t, base, end) + 2))
		return -ENOMEM;
	for (i = 0; i < t->cnt && base < end; i++) {
		struct memblock_region r = t->regions[i];

		if (region_end(&r) <= base)
			continue;
		if (r.base >= end)
			break;
		if (base < r.base)
			insert_region(t, i++, base, r.base - base, nid, flags);
		base = max(base, region_end(&r));
	}
	if (base < end)
		insert_region(t, i, base, end - base, nid, flags);
	merge_regions(t);
	return 0;
}

/*
 * Cut the regions of @t at the ends of the range, so that those from *@first up to, not including,
 * *@last lie in it exactly.
 */
static int isolate_range(struct memblock_type *t, phys_addr_t base, phys_addr_t size,
			 unsigned *first, unsigned *last)
{
	phys_addr_t end = base + cap_size(base, size);

	*first = *last = 0;
	if (base == end)
		return 0;
	if (reserve_slots(t, 2))
		return -ENOMEM;
	for (unsigned i = 0; i < t->cnt; i++) {
		struct memblock_region *r = &t->regions[i];
		phys_addr_t cut = r->base < base ? base : end;

		if (region_end(r) <= base)
			continue;
		if (r->base >= end)
			break;
		if (cut > r->base && cut < region_end(r)) {
			phys_addr_t head = cut - r->base;
			struct memblock_region rest = *r;

			t->total_size -= rest.size - head;
			r->size = head;
			insert_region(t, i + 1, cut, rest.size - head, rest.nid, rest.flags);
		}
		if (t->regions[i].base < base)
			continue;
		if (*first == *last)
			*first = i;
		*last = i + 1;
	}
	return 0;
}

static int remove_range(struct memblock_type *t, phys_addr_t base, phys_addr_t size)
{
	unsigned first, last;
	int rc = isolate_range(t, base, size, &first, &last);

	if (rc)
		return rc;
	INV(M1, first <= last && last <= t->cnt);
	INV(M1, first == last || (t->regions[first].base >= base &&
				  region_end(&t->regions[last - 1]) - base <= size));
	while (last > first)
		remove_region(t, --last);
	return 0;
}

/* What @fn did, and for whom. */
#define memblock_dbg(fn, base, size) do { \
	if (unlikely(debug)) \
		pr_info("%s: [%#018lx-%#018lx] %pS\n", fn, (unsigned long)(base), \
			(unsigned long)((base) + (size) - 1), __builtin_return_address(0)); \
} while (0)

int memblock_add_node(phys_addr_t base, phys_addr_t size, int nid, unsigned flags)
{
	memblock_dbg("memblock_add", base, size);
	return add_range(&memblock.memory, base, size, nid, flags);
}

int memblock_add(phys_addr_t base, phys_addr_t size)
{
	return memblock_add_node(base, size, NUMA_NO_NODE, MEMBLOCK_NONE);
}

int memblock_remove(phys_addr_t base, phys_addr_t size)
{
	memblock_dbg("memblock_remove", base, size);
	return remove_range(&memblock.memory, base, size);
}

int memblock_reserve(phys_addr_t base, phys_addr_t size)
{
	memblock_dbg("memblock_reserve", base, size);
	return add_range(&memblock.reserved, base, size, NUMA_NO_NODE, MEMBLOCK_NONE);
}

int memblock_phys_free(phys_addr_t base, phys_addr_t size)
{
	memblock_dbg("memblock_phys_free", base, size);
	return remove_range(&memblock.reserved, base, size);
}

int memblock_mark_nomap(phys_addr_t base, phys_addr_t size)
{
	unsigned first, last;
	int rc = isolate_range(&memblock.memory, base, size, &first, &last);

	for (unsigned i = first; !rc && i < last; i++)
		memblock.memory.regions[i].flags |= MEMBLOCK_NOMAP;
	merge_regions(&memblock.memory);
	return rc;
}

int memblock_set_node(phys_addr_t base, phys_addr_t size, int nid)
{
	unsigned first, last;
	int rc = isolate_range(&memblock.memory, base, size, &first, &last);

	for (unsigned i = first; !rc && i < last; i++)
		memblock.memory.regions[i].nid = nid;
	merge_regions(&memblock.memory);
	return rc;
}

/* Keep the lowest @bytes of memory. */
void memblock_enforce_memory_limit(phys_addr_t bytes)
{
	for_each_mem_region(r) {
		if (bytes < r->size) {
			phys_addr_t cut = r->base + bytes;

			if (memblock_remove(cut, ~(phys_addr_t)0 - cut))
				pr_warn("memblock: memory limit not applied\n");
			return;
		}
		bytes -= r->size;
	}
}

/* ---- search and allocation ------------------------------------------------------------------- */

/* The highest place of @size bytes in memory region @m, between @start and @end; 0 if none. */
static phys_addr_t find_in_region(const struct memblock_region *m, phys_addr_t size,
				  phys_addr_t align, phys_addr_t start, phys_addr_t end)
{
	phys_addr_t lo = max(m->base, start), hi = min(region_end(m), end);
	unsigned j = memblock.reserved.cnt;

	while (hi > lo && hi - lo >= size) {
		phys_addr_t gap = lo, place;

		while (j && memblock.reserved.regions[j - 1].base >= hi)
			j--;
		if (j)
			gap = max(lo, region_end(&memblock.reserved.regions[j - 1]));
		if (gap < hi && hi - gap >= size) {
			place = ALIGN_DOWN(hi - size, align);
			INV(M1, gap >= lo && hi <= region_end(m));
			if (place >= gap)
				return place;
		}
		if (!j)
			break;
		hi = memblock.reserved.regions[j - 1].base;
	}
	return 0;
}

static phys_addr_t find_in_range(phys_addr_t size, phys_addr_t align, phys_addr_t start,
				 phys_addr_t end, int nid)
{
	start = max(start, PAGE_SIZE);			/* 0 means failure */
	for (unsigned i = memblock.memory.cnt; i-- > 0; ) {
		struct memblock_region *m = &memblock.memory.regions[i];
		phys_addr_t pa;

		if (m->flags & MEMBLOCK_NOMAP || (nid != NUMA_NO_NODE && m->nid != nid))
			continue;
		pa = find_in_region(m, size, align, start, end);
		if (pa)
			return pa;
	}
	return 0;
}

phys_addr_t memblock_phys_alloc_range_nid(phys_addr_t size, phys_addr_t align,
					  phys_addr_t start, phys_addr_t end, int nid)
{
	phys_addr_t pa;

	ASSERT(size);
	align = max(align, (phys_addr_t)8);
	end = min(end, memblock.current_limit);
	/* The array may move when the range is noted: look after there is room. */
	if (reserve_slots(&memblock.reserved, 4))
		return 0;
	pa = find_in_range(size, align, start, end, nid);
	INV(M1, !pa || (IS_ALIGNED(pa, align) && !memblock_is_region_reserved(pa, size)));
	if (!pa || memblock_reserve(pa, size))
		return 0;
	return pa;
}

phys_addr_t memblock_phys_alloc_range(phys_addr_t size, phys_addr_t align,
				      phys_addr_t start, phys_addr_t end)
{
	return memblock_phys_alloc_range_nid(size, align, start, end, NUMA_NO_NODE);
}

phys_addr_t memblock_phys_alloc(phys_addr_t size, phys_addr_t align)
{
	return memblock_phys_alloc_range(size, align, 0, MEMBLOCK_ALLOC_ANYWHERE);
}

/* On node @nid if it has room, else anywhere. */
phys_addr_t memblock_phys_alloc_try_nid(phys_addr_t size, phys_addr_t align, int nid)
{
	phys_addr_t pa = memblock_phys_alloc_range_nid(size, align, 0, MEMBLOCK_ALLOC_ANYWHERE, nid);

	return pa || nid == NUMA_NO_NODE ? pa : memblock_phys_alloc(size, align);
}

void *memblock_alloc_node(phys_addr_t size, phys_addr_t align, int nid)
{
	phys_addr_t pa = memblock_phys_alloc_try_nid(size, align, nid);

	return pa ? memset(phys_to_virt(pa), 0, size) : NULL;
}

void *memblock_alloc(phys_addr_t size, phys_addr_t align)
{
	return memblock_alloc_node(size, align, NUMA_NO_NODE);
}

void memblock_free(void *va, phys_addr_t size)
{
	if (va)
		memblock_phys_free(virt_to_phys(va), size);
}

void memblock_allow_resize(void) { can_resize = true; }
void memblock_set_current_limit(phys_addr_t limit) { memblock.current_limit = limit; }

/* ---- questions ------------------------------------------------------------------------------- */

/* Index of the region of @t that holds @pa, or -1. */
static int search(const struct memblock_type *t, phys_addr_t pa)
{
	unsigned lo = 0, hi = t->cnt;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (pa < t->regions[mid].base)
			hi = mid;
		else if (pa >= region_end(&t->regions[mid]))
			lo = mid + 1;
		else
			return mid;
	}
	return -1;
}

phys_addr_t memblock_start_of_dram(void) { return memblock.memory.cnt ? memblock.memory.regions[0].base : 0; }
phys_addr_t memblock_phys_mem_size(void) { return memblock.memory.total_size; }
phys_addr_t memblock_reserved_size(void) { return memblock.reserved.total_size; }
bool memblock_is_memory(phys_addr_t pa) { return search(&memblock.memory, pa) >= 0; }
bool memblock_is_reserved(phys_addr_t pa) { return search(&memblock.reserved, pa) >= 0; }

phys_addr_t memblock_end_of_dram(void)
{
	return memblock.memory.cnt ? region_end(&memblock.memory.regions[memblock.memory.cnt - 1]) : 0;
}

bool memblock_is_map_pfn(pfn_t pfn)
{
	int i = search(&memblock.memory, PFN_PHYS(pfn));
	const struct memblock_region *r = &memblock.memory.regions[max(i, 0)];

	return i >= 0 && !(r->flags & MEMBLOCK_NOMAP) && region_end(r) - PFN_PHYS(pfn) >= PAGE_SIZE;
}

bool memblock_is_region_reserved(phys_addr_t base, phys_addr_t size)
{
	return count_overlaps(&memblock.reserved, base, base + cap_size(base, size));
}

bool next_mem_pfn_range(unsigned *idx, int nid, pfn_t *start, pfn_t *end, int *out_nid)
{
	while (*idx < memblock.memory.cnt) {
		struct memblock_region *r = &memblock.memory.regions[(*idx)++];
		int rnid = r->nid == NUMA_NO_NODE ? 0 : r->nid;

		*start = PFN_UP(r->base);
		*end = PFN_DOWN(region_end(r));
		if (r->flags & MEMBLOCK_NOMAP || *start >= *end || (nid != NUMA_NO_NODE && nid != rnid))
			continue;
		if (out_nid)
			*out_nid = rnid;
		return true;
	}
	return false;
}

/* *@idx: memory region in the upper half, gap before reserved region in the lower. */
bool next_free_mem_range(u64 *idx, int nid, phys_addr_t *start, phys_addr_t *end, int *out_nid)
{
	unsigned i = *idx >> 32, j = (u32)*idx;

	for (; i < memblock.memory.cnt; i++, j = 0) {
		struct memblock_region *m = &memblock.memory.regions[i];

		if (m->flags & MEMBLOCK_NOMAP || (nid != NUMA_NO_NODE && m->nid != nid))
			continue;
		for (; j <= memblock.reserved.cnt; j++) {
			struct memblock_region *r = memblock.reserved.regions;
			phys_addr_t lo = j ? region_end(&r[j - 1]) : 0;
			phys_addr_t hi = j < memblock.reserved.cnt ? r[j].base : ~(phys_addr_t)0;

			*start = max(lo, m->base);
			*end = min(hi, region_end(m));
			if (lo >= region_end(m))
				break;
			if (*start >= *end)
				continue;
			if (out_nid)
				*out_nid = m->nid == NUMA_NO_NODE ? 0 : m->nid;
			INV(M1, *start >= m->base && *end <= region_end(m));
			*idx = (u64)i << 32 | (j + 1);
			return true;
		}
	}
	*idx = (u64)i << 32;
	return false;
}

static int __init check_memblock(const char *value) { return strcmp(value, "debug") ? -EINVAL : 0; }
PARAM("memblock", check_memblock);

void __init memblock_debug_init(void)
{
	char value[8];

	debug = cmdline_get("memblock", value, sizeof(value)) > 0 && !check_memblock(value);
}

void memblock_dump_all(void)
{
	struct memblock_type *types[] = { &memblock.memory, &memblock.reserved };

	if (!debug)
		return;
	for (unsigned k = 0; k < ARRAY_SIZE(types); k++)
		for (unsigned i = 0; i < types[k]->cnt; i++) {
			struct memblock_region *r = &types[k]->regions[i];

			pr_info("memblock: %s[%u] [%#lx-%#lx] node %d flags %#x\n", types[k]->name, i,
				r->base, region_end(r) - 1, r->nid, r->flags);
		}
}

static bool type_verify(const struct memblock_type *t)
{
	phys_addr_t sum = 0;

	for (unsigned i = 0; i < t->cnt; i++) {
		struct memblock_region *r = &t->regions[i], *p = r - 1;

		sum += r->size;
		if (!r->size || r->base + r->size < r->base)
			return false;						/* M1 */
		if (i && (region_end(p) > r->base ||
			  (region_end(p) == r->base && p->nid == r->nid && p->flags == r->flags)))
			return false;						/* M1, M2 */
	}
	return t->cnt <= t->max && sum == t->total_size;			/* M3 */
}

bool memblock_verify(void) { return type_verify(&memblock.memory) && type_verify(&memblock.reserved); }
