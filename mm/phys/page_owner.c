/*
 * mm/phys/page_owner.c - who allocated each live page (page_owner=on).
 *
 * MODEL     A record per frame names the stack of the allocation, its order, who made it and when, and the mark
 *           that was current.  Each different stack is kept once, in an arena of fixed size with a hash
 *           table.  Pages that were allocated before mm_init_phys() returned have no record.
 *           It is the leak oracle of the tests: page_owner_mark(), run, page_owner_report(mark).
 * INVARIANTS
 *   O1  A record names a stack of the arena; 0 is the unknown one.
 *   O2  A frame that is given out has a live record, and one that is free has none.
 * LOCKING   A record belongs to who owns the page.  The arena: stacks_lock.
 * FAILURE   When the arena is full, further new stacks are all the unknown stack 0.
 * COST      One per cent of memory.  Nothing when off: the short paths are closed by page_alloc_hooks alone.
 * TESTS     test/host/mm/phys/test_page_debug.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "mm/phys/page_alloc.h"
#include "mm/phys/show_mem.h"

#define STACK_DEPTH	8
#define NR_STACKS	8192u
#define NR_BUCKETS	2048u

struct record {
	u32 stack : 16, order : 4, live : 1, mark : 11;
	gfp_t gfp;
	int pid, tgid;
	u64 ts_ns;
	char comm[16];
};
BUILD_ASSERT(sizeof(struct record) == 40);

struct stack {
	u32 hash;
	u16 next, depth;		/* index of the next in the bucket, 0 ends */
	unsigned long calls[STACK_DEPTH];
};

bool page_owner_wanted;
static struct record *records;		/* by pfn - first_pfn */
static pfn_t first_pfn, end_pfn;
static struct stack *stacks;
static u16 *buckets;
static unsigned nr_stacks, current_mark;
static DEFINE_SPINLOCK(stacks_lock, RANK_NONE);

void page_owner_init(void)
{
	if (!page_owner_wanted)
		return;
	first_pfn = PFN_DOWN(memblock_start_of_dram());
	end_pfn = PFN_UP(memblock_end_of_dram());
	records = memblock_alloc((end_pfn - first_pfn) * sizeof(*records), PAGE_SIZE);
	stacks = memblock_alloc(NR_STACKS * sizeof(*stacks), PAGE_SIZE);
	buckets = memblock_alloc(NR_BUCKETS * sizeof(*buckets), PAGE_SIZE);
	if (!records || !stacks || !buckets) {
		pr_warn("page_owner: no memory for its tables\n");
		return;
	}
	nr_stacks = 1;				/* 0: unknown */
	page_alloc_hook_get(HOOK_OWNER);
	pr_info("page_owner: on\n");
}

static u32 hash_stack(const unsigned long *calls, unsigned depth)
{
	u64 h = depth;

	for (unsigned i = 0; i < depth; i++)
		h = (h ^ calls[i]) * 0x9e3779b97f4a7c15ull;
	return h >> 32;
}

/* The index of the stack @calls, which is kept if it is new. */
static unsigned intern_stack(const unsigned long *calls, unsigned depth)
{
	u32 hash = hash_stack(calls, depth);
	u16 *bucket = &buckets[hash % NR_BUCKETS];
	unsigned long flags;
	unsigned i;

	spin_lock_irqsave(&stacks_lock, flags);
	for (i = *bucket; i; i = stacks[i].next)
		if (stacks[i].hash == hash && stacks[i].depth == depth &&
		    !memcmp(stacks[i].calls, calls, depth * sizeof(*calls)))
			break;
	if (!i && nr_stacks < NR_STACKS) {
		i = nr_stacks++;
		stacks[i] = (struct stack){ .hash = hash, .next = *bucket, .depth = depth };
		memcpy(stacks[i].calls, calls, depth * sizeof(*calls));
		*bucket = i;
	}
	INV(O1, i < nr_stacks && nr_stacks <= NR_STACKS);
	spin_unlock_irqrestore(&stacks_lock, flags);
	return i;
}

void page_owner_set(struct page *page, unsigned order, gfp_t gfp)
{
	unsigned long calls[STACK_DEPTH];
	struct record r = {
		.stack = intern_stack(calls, stack_trace_save(calls, STACK_DEPTH)), .order = gfp ? order : 0,
		.live = 1, .mark = current_mark, .gfp = gfp, .pid = task_pid(), .tgid = task_tgid(),
		.ts_ns = printk_clock(),
	};
	pfn_t pfn = page_to_pfn(page);

	INV(O2, pfn >= first_pfn && pfn + (1ul << order) <= end_pfn);
	strscpy(r.comm, task_name(), sizeof(r.comm));
	/* A split block, order 0 for each; else the first frame speaks for all. */
	for (unsigned long i = 0; i < (gfp ? 1 : 1ul << order); i++)
		records[pfn + i - first_pfn] = r;
}

void page_owner_reset(struct page *page, __maybe_unused unsigned order)
{
	records[page_to_pfn(page) - first_pfn].live = 0;
}

unsigned page_owner_mark(void) { return current_mark = (current_mark + 1) & 0x7ff; }

static unsigned long report_one(pfn_t pfn, const struct record *r)
{
	const struct stack *s = &stacks[r->stack];

	INV(O1, r->stack < NR_STACKS && s->depth <= STACK_DEPTH);
	pr_info("page_owner: pfn %#lx order %u mask %#x allocated by\n", pfn, r->order, r->gfp);
	for (unsigned i = 0; i < s->depth; i++)
		pr_info("  [<%016lx>] %pS\n", s->calls[i], (void *)s->calls[i]);
	return 1ul << r->order;
}

unsigned long page_owner_report(unsigned mark)
{
	unsigned long pages = 0;

	for (pfn_t pfn = first_pfn; records && pfn < end_pfn; pfn++) {
		const struct record *r = &records[pfn - first_pfn];

		if (r->live && r->mark >= mark)
			pages += report_one(pfn, r);
	}
	return pages;
}

/* ---- the file ------------------------------------------------------------------------------- */

pfn_t page_owner_next(pfn_t pfn)
{
	for (pfn = max(pfn, first_pfn); records && pfn < end_pfn; pfn++)
		if (records[pfn - first_pfn].live)
			return pfn;
	return PFN_NONE;
}

static void show_page_flags(struct seq_file *m, unsigned long flags)
{
	static const struct { u8 bit; const char *name; } names[] = {
		{ PG_locked, "locked" }, { PG_referenced, "referenced" }, { PG_uptodate, "uptodate" },
		{ PG_dirty, "dirty" }, { PG_lru, "lru" }, { PG_active, "active" }, { PG_writeback, "writeback" },
		{ PG_slab, "slab" }, { PG_head, "head" }, { PG_swapbacked, "swapbacked" },
		{ PG_unevictable, "unevictable" }, { PG_mlocked, "mlocked" }, { PG_private, "private" },
	};
	const char *sep = "";

	seq_printf(m, " Flags %#lx(", flags);
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (flags >> names[i].bit & 1) {
			seq_printf(m, "%s%s", sep, names[i].name);
			sep = "|";
		}
	seq_printf(m, ")\n");
}

void page_owner_show(struct seq_file *m, pfn_t pfn)
{
	const struct record *r = &records[pfn - first_pfn];
	const struct stack *s = &stacks[r->stack];
	struct page *page = pfn_to_page(pfn);
	char flags[128];

	gfp_to_str(flags, sizeof(flags), r->gfp);
	seq_printf(m, "Page allocated via order %u, mask %#x(%s), pid %d, tgid %d (%s), ts %llu ns\n", r->order,
		   r->gfp, flags, r->pid, r->tgid, r->comm, (unsigned long long)r->ts_ns);
	seq_printf(m, "PFN %#lx type %s Block %lu type %s", pfn,
		   migratetype_names[gfp_migratetype(r->gfp) % MIGRATE_PCPTYPES],
		   pfn >> pageblock_order, migratetype_names[get_pageblock_migratetype(page)]);
	show_page_flags(m, READ_ONCE(page->flags));
	for (unsigned i = 0; i < s->depth; i++)
		seq_printf(m, " %pS\n", (void *)s->calls[i]);
	seq_printf(m, "\n");
}
