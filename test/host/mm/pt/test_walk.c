/*
 * The walker against a shadow array, in all three modes; tables made and found again.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/pt/walk.c mm/pt/pgalloc.c mm/pt/init_mm.c mm/pt/asid.c mm/pt/flush.c
#include "test/host/tap.h"
#include "test/host/arch/host.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"

#define NR_SPOTS 200

struct seen { vaddr_t at; unsigned long entries, holes; };

static int count_ptes(struct pt_walk *w, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	struct seen *s = w->private_data;

	CHECK(va == s->at);			/* W2 */
	CHECK(end - va <= pt_span(1));
	for (; s->at != end; s->at += PAGE_SIZE, ptep++)
		s->entries += !pte_none(pte_load(ptep));
	return 0;
}

static int count_hole(struct pt_walk *w, vaddr_t va, vaddr_t end)
{
	struct seen *s = w->private_data;

	CHECK(va == s->at);
	s->at = end;
	s->holes++;
	return 0;
}

static void free_all(struct mm_struct *mm, pte_t *table, unsigned level)
{
	unsigned nr = level == pt_levels - 1 ? PT_USER_ENTRIES : PT_ENTRIES;

	for (unsigned i = 0; i < nr; i++) {
		if (level && pte_is_table(table[i]))
			free_all(mm, pte_to_table(table[i]), level - 1);
		pte_clear(&table[i]);
	}
	if (level < pt_levels - 1)
		pt_table_free(mm, table);
}

static void one_mode(unsigned levels)
{
	struct mm_struct *mm;
	vaddr_t spot[NR_SPOTS], stop;
	unsigned long made = 0, found = 0;

	host_arch_init(levels, 1);
	mm = host_mm_new();
	for (unsigned i = 0; i < NR_SPOTS; i++) {
		pte_t *ptep;

		/* Clusters: some share tables, some lie at the edges. */
		spot[i] = i % 4 ? spot[i - 1] + PAGE_SIZE * rnd_below(700) : rnd() & (task_size - 1) & PAGE_MASK;
		if (i == 0)
			spot[i] = 0;
		if (i == 1)
			spot[i] = task_size - PAGE_SIZE;
		spot[i] &= task_size - 1;
		ptep = pt_alloc(mm, spot[i]);
		CHECK(ptep && ptep == pt_lookup(mm, spot[i]));
		if (pte_none(*ptep))
			made++;
		set_pte(ptep, pte_file(i));
		unsigned level;
		CHECK(pt_lookup_leaf(mm, spot[i], &level) == ptep && level == 0);
	}
	pt_verify(mm);

	struct seen s = { 0 };
	struct pt_walk w = { .mm = mm, .ptes = count_ptes, .hole = count_hole, .private_data = &s };
	CHECK(pt_walk_range(&w, 0, task_size) == 0);
	ok(s.at == task_size && s.entries == made, "Sv%u: the walk covers all, finds %lu entries", 12 + 9 * levels,
	   made);
	vaddr_t va = 0;
	for (pte_t *p; va != task_size && (p = pt_next_run(mm, &va, task_size, &stop)); va = stop) {
		CHECK(p == pt_lookup(mm, va) && stop > va);
		for (vaddr_t a = va; a != stop; a += PAGE_SIZE)
			found += !pte_none(*p++);
	}
	is_int(found, made, "run by run the same");
	for (int i = 0; i < 300; i++) {		/* partial ranges */
		vaddr_t start = (rnd() & (task_size - 1) & PAGE_MASK), end;

		if (i & 1)
			start = spot[rnd_below(NR_SPOTS)] & ~(pt_span(rnd_below(3)) - 1);
		end = min(task_size, start + (1 + rnd_below(3000)) * PAGE_SIZE);
		s = (struct seen){ .at = start };
		CHECK(pt_walk_range(&w, start, end) == 0 && s.at == end);
	}
	ok(1, "partial ranges are covered exactly");
	free_all(mm, mm->pgd, pt_levels - 1);
	pt_cache_drain();
	FOR_EACH_ALLOC_FAILURE(
		pte_t *p = pt_alloc(mm, task_size / 2 + PAGE_SIZE);
		if (p) pt_verify(mm);
		free_all(mm, mm->pgd, pt_levels - 1);
		pt_cache_drain(), p == NULL);
	free_all(mm, mm->pgd, pt_levels - 1);
	pt_cache_drain();
	is_int(mm_pgtables_bytes(mm), 0, "all tables returned");
	host_mm_free(mm);
}

int main(void)
{
	shim_printk_quiet = true;
	for (unsigned levels = 3; levels <= 5; levels++)
		one_mode(levels);
	is_int(shim_live_allocs(), 0, "nothing leaked");
	return done_testing();
}
