/*
 * mm/pt/pgalloc.h - page-table pages.  Theory: pgalloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_PT_PGALLOC_H
#define VELLUM_MM_PT_PGALLOC_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

/* A zeroed table page for @mm, counted and with its lock ready; NULL.  => may sleep */
pte_t *pt_table_alloc(struct mm_struct *mm);

/* Give back an unhooked table whose entries are all zero; the flush has happened (L1, L4). */
void pt_table_free(struct mm_struct *mm, pte_t *table);
/* The same, once who walks without a lock has ended: an RCU reader that found it sees no other use of it. */
void pt_table_free_rcu(struct mm_struct *mm, pte_t *table);

/* Tables of @mm, its root left out, in bytes. */
static inline unsigned long mm_pgtables_bytes(const struct mm_struct *mm)
{
	long n = 0;

	for_each_hart(h)
		n += READ_ONCE(mm->hart[h].pgtables);
	return n * PAGE_SIZE;
}

/* Give this hart's cached tables back to the page allocator; returns how many. */
unsigned pt_cache_drain(void);
/* How many tables @hart has cached. */
unsigned pt_cache_pages(unsigned hart);

#endif
