/*
 * mm/pt/asid.c - which address-space identifier an mm has, and when identifiers start again.
 *
 * MODEL     context_id = generation | asid, the generation in the bits above the ASID's.  ASIDs of one
 *           generation are handed out once.  When they run out a new generation starts: every
 *           hart drops all translations before it uses an ASID of it.  An mm that runs on some hart
 *           at that moment keeps its number (reserved), for that hart does not pass through here.
 *           ASID 0 belongs to the kernel alone.  A machine with too few of them has none: its harts
 *           flush at each switch.
 *           A hart's two words, where it runs number 5 through two roll-overs and then another mm:
 *
 *                                    active  reserved
 *             5 runs, generation 1    5|1     0
 *             roll-over: 2             0     5|1     5 is taken in generation 2 from the start
 *             5's mm enters a hart     0     5|2     asid_renew_reserved(); on this hart active becomes 5|2
 *             roll-over: 3             0     5|2     5 is taken again
 *             the hart takes 9        9|3    5|2     after dropping everything (A2); active counts now, and
 *                                                    the next roll-over writes it over what is reserved
 * INVARIANTS
 *   A1  In one generation no two mms have the same ASID.
 *   A2  A hart that takes an ASID of a new generation has dropped everything since that began.
 *   A3  active[h] is the context that hart h runs, or 0 when a roll-over came since; then
 *       reserved[h] is.
 *   A4  A context that was replaced is so for all before the hart walks under the new one: who clears an entry
 *       and then reads asid_of() orders it for the ASID that the walk used, or comes before the walk.
 * LOCKING   asid_lock, interrupts off, for all but the common case: the mm's generation is current
 *           and active[h] can be exchanged before a roll-over takes it away (A3).
 * COST      same generation: one compare-and-swap.
 * TESTS     test/host/mm/pt/test_asid.c (widths 0 to 16, against a model of each hart's TLB)
 * SEE       doc/design.md section 5, L5
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/pt/asid.h"
#include "include/arch/arch.h"
#include "lib/printk.h"
#include "lib/string.h"

#define ASID_WIDEST	16
#define NR_ASID_WORDS	((1u << ASID_WIDEST) / 64)

struct asid_hart {
	unsigned long active;		/* (A) A3 */
	unsigned long reserved;		/* (asid_lock) */
};
static struct asid_hart asid_hart[NR_HARTS];
static unsigned long asid_map[NR_ASID_WORDS];	/* (asid_lock) used in this generation */
static unsigned long generation;		/* (asid_lock to write) */
static hartmask_t flush_pending;		/* (asid_lock) harts that owe a flush (A2) */
static unsigned long next_asid;			/* (asid_lock) where the search goes on */
unsigned asid_bits;
static DEFINE_SPINLOCK(asid_lock, RANK_NONE);
unsigned long asid_rollovers;

static unsigned long asid_mask(void) { return BIT(asid_bits) - 1; }

unsigned long asid_of(const struct mm_struct *mm)
{
	return atomic_long_read(&mm->context_id) & asid_mask();
}

void asid_init(void)
{
	unsigned bits = min(arch_asid_bits, (unsigned)ASID_WIDEST);

	/* Each hart may keep one over a roll-over; the kernel has one; one must be left to give. */
	asid_bits = bits && BIT(bits) > nr_harts + 1 ? bits : 0;
	memset(asid_map, 0, sizeof(asid_map));
	memset(asid_hart, 0, sizeof(asid_hart));
	asid_map[0] = 1;
	generation = BIT(asid_bits);
	flush_pending = hartmask_none();
	next_asid = 1;
	if (asid_bits)
		pr_info("ASID allocator using %u bits (%lu entries)\n", asid_bits, BIT(asid_bits));
	else
		pr_info("ASID allocator disabled (%u bits)\n", bits);
}

/* Start a new generation; what the harts run now keeps its number. */
static void asid_rollover(void)
{
	unsigned words = DIV_ROUND_UP(BIT(asid_bits), 64);

	spin_assert_held(&asid_lock);
	INV(A1, words <= NR_ASID_WORDS);
	memset(asid_map, 0, words * sizeof(long));
	asid_map[0] = 1;
	for_each_hart(h) {
		unsigned long ctx = xchg(&asid_hart[h].active, 0);

		if (ctx)
			asid_hart[h].reserved = ctx;
		else
			ctx = asid_hart[h].reserved;	/* two roll-overs in one stay */
		INV(A3, !ctx || ctx & asid_mask());
		set_bit(ctx & asid_mask(), asid_map);
	}
	__atomic_store_n(&generation, generation + BIT(asid_bits), __ATOMIC_RELEASE);
	flush_pending = hartmask_all();
	next_asid = 1;
	asid_rollovers++;
}

/* Was @ctx kept by harts over a roll-over?  Then they keep @renewed from now on. */
static bool asid_renew_reserved(unsigned long ctx, unsigned long renewed)
{
	bool hit = false;

	for_each_hart(h)
		if (asid_hart[h].reserved == ctx) {
			asid_hart[h].reserved = renewed;
			hit = true;
		}
	return hit;
}

/* The first ASID from @from on that is free in this generation, or 0. */
static unsigned long asid_find(unsigned long from)
{
	unsigned long nr = BIT(asid_bits);

	for (unsigned long base = from & ~63ul; base < nr; base += 64) {
		unsigned long free = ~asid_map[base / 64];

		if (base < from)
			free &= ~0ul << (from - base);
		if (free) {
			unsigned long asid = base + __builtin_ctzl(free);

			INV(A1, asid >= from);
			return asid < nr ? asid : 0;
		}
	}
	return 0;
}

static unsigned long asid_new_context(struct mm_struct *mm) REQUIRES(asid_lock)
{
	unsigned long ctx = atomic_long_read(&mm->context_id), asid;

	if (ctx) {
		unsigned long renewed = generation | (ctx & asid_mask());

		INV(A3, ctx & asid_mask() && ctx < renewed);	/* of an older generation */
		if (asid_renew_reserved(ctx, renewed)) {
			INV(A1, test_bit(ctx & asid_mask(), asid_map));
			return renewed;
		}
		if (!test_and_set_bit(ctx & asid_mask(), asid_map))	/* A1 */
			return renewed;		/* its old number is free again */
	}
	asid = asid_find(next_asid);
	if (!asid) {
		asid_rollover();
		asid = asid_find(1);
		ASSERT(asid);			/* asid_init() saw to it */
	}
	INV(A1, !test_bit(asid, asid_map));
	set_bit(asid, asid_map);
	next_asid = asid + 1;
	return generation | asid;
}

static __noinline unsigned long asid_get_slow(struct mm_struct *mm, unsigned hart, bool *flush_all)
{
	unsigned long ctx;

	spin_lock(&asid_lock);
	ctx = atomic_long_read(&mm->context_id);
	if ((ctx ^ generation) & ~asid_mask()) {
		ctx = asid_new_context(mm);
		atomic_long_set(&mm->context_id, ctx);
	}
	INV(A1, test_bit(ctx & asid_mask(), asid_map) && ctx & asid_mask());
	*flush_all = hartmask_has(flush_pending, hart);		/* A2 */
	hartmask_remove(&flush_pending, hart);
	__atomic_store_n(&asid_hart[hart].active, ctx, __ATOMIC_RELAXED);
	spin_unlock(&asid_lock);
	smp_mb();		/* A4; pairs with the barrier in mm_harts() */
	return ctx & asid_mask();
}

unsigned long asid_get(struct mm_struct *mm, unsigned hart, bool *flush_all)
{
	unsigned long ctx = atomic_long_read(&mm->context_id);
	unsigned long *active = &asid_hart[hart].active;
	unsigned long old = __atomic_load_n(active, __ATOMIC_RELAXED);
	unsigned long asid = ctx ^ __atomic_load_n(&generation, __ATOMIC_ACQUIRE);	/* if of this generation */

	*flush_all = !asid_bits;
	if (unlikely(!asid_bits))
		return 0;
	/* A roll-over between the test and the exchange has zeroed *active: then the slow way. */
	if (likely(old && !(asid >> asid_bits) &&
		   __atomic_compare_exchange_n(active, &old, ctx, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)))
		return asid;
	return asid_get_slow(mm, hart, flush_all);
}
