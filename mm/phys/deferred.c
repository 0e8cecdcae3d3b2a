/*
 * mm/phys/deferred.c - memory that is free, but whose struct pages are not made yet.
 *
 * MODEL     A deferred section counts as free (zone->nr_deferred) and as managed from the start.  It
 *           is made when an allocation finds its zone below the watermark, or by an idle hart, one
 *           section at a time: absent -> DEFERRED --claim--> BUSY --pages made, freed--> READY.
 *           Idle harts begin when the first program starts: boot does not wait for them.
 * INVARIANTS
 *   D1  nr_free + nr_deferred does not change by making a section, seen under the zone lock at the
 *       end; in between, the section's pages are counted twice at most, never lost.
 *   D2  A section is BUSY from one hart's claim until that hart calls it READY.
 * LOCKING   The claim is one compare-and-swap.  Another hart that finds nothing to claim waits for
 *           those that are at work; an interrupt handler on the working hart does not.
 * COST      About 300,000 instructions a section.
 * TESTS     test/host/mm/phys/test_buddy.c, test/boot/machines.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/init.h"
#include "mm/phys/buddy.h"
#include "mm/phys/memblock.h"
#include "mm/phys/memmap.h"

static DEFINE_PER_HART(unsigned, at_work);
bool deferred_wanted;

static void make_section(struct zone *zone, unsigned long section)
{
	unsigned *busy = this_hart_ptr(&at_work);
	unsigned long flags, pages;

	++*busy;
	memmap_init_section(section);
	pages = memmap_free_section(section);
	INV(D2, READ_ONCE(section_states[section]) == SECTION_BUSY);
	smp_store_release(&section_states[section], SECTION_READY);
	spin_lock_irqsave(&zone->lock, flags);
	INV(D1, pages <= zone->nr_deferred);
	zone->nr_deferred -= pages;		/* D1 */
	spin_unlock_irqrestore(&zone->lock, flags);
	--*busy;
}

static bool claim(unsigned long section)
{
	return cmpxchg(&section_states[section], SECTION_DEFERRED, SECTION_BUSY) == SECTION_DEFERRED;
}

/* What is left to do in @zone: the first section in state @state, or nr_sections. */
static unsigned long find_section(const struct zone *zone, enum section_state state)
{
	unsigned long last = DIV_ROUND_UP(zone_end_pfn(zone), SECTION_PAGES);

	for (unsigned long s = zone->zone_start_pfn / SECTION_PAGES; s < last; s++)
		if (READ_ONCE(section_states[s]) == state && zone_table[section_zones[s]] == zone)
			return s;
	return nr_sections;
}

/* Make one section of @zone; false when there is none, or this hart is making it below us. */
bool deferred_grow_zone(struct zone *zone, __maybe_unused unsigned order)
{
	if (*this_hart_ptr(&at_work))
		return false;
	for (;;) {
		unsigned long s = find_section(zone, SECTION_DEFERRED);

		if (s < nr_sections) {
			if (claim(s)) {
				make_section(zone, s);
				return true;
			}
			continue;
		}
		s = find_section(zone, SECTION_BUSY);
		if (s == nr_sections)
			return false;
		while (READ_ONCE(section_states[s]) == SECTION_BUSY)
			arch_cpu_relax();
		return true;
	}
}

struct page *pfn_to_online_page(pfn_t pfn)
{
	unsigned long section = pfn / SECTION_PAGES;

	if (!pfn_valid(pfn) || (section < nr_sections && READ_ONCE(section_states[section]) != SECTION_READY))
		return NULL;
	smp_rmb();	/* pairs with the release in make_section() */
	return pfn_to_page(pfn);
}

static bool grow_one_of(int nid)
{
	for_each_populated_zone(z)
		if ((nid == NUMA_NO_NODE || z->pgdat->node_id == nid) && READ_ONCE(z->nr_deferred) &&
		    deferred_grow_zone(z, 0))
			return true;
	return false;
}

/* The hart's own node first, for its memory is the nearest to write. */
bool __deferred_idle_step(void)
{
	if (grow_one_of(numa_node_id()) || grow_one_of(NUMA_NO_NODE))
		return true;
	WRITE_ONCE(deferred_wanted, false);
	return false;
}

void deferred_idle_begin(void) { WRITE_ONCE(deferred_wanted, true); }
