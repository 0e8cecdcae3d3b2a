/*
 * mm/slab/shrink.h - slabs that are empty, given back by all caches.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SLAB_SHRINK_H
#define VELLUM_MM_SLAB_SHRINK_H

/* For reclaim: they wait for no lock, and do nothing where the list of caches is being changed. */
unsigned long slab_nr_empty(void);		/* slabs that could be given back, at most */
unsigned long slab_discard_empty(void);		/* give them back; about how many */
unsigned long slab_pages(void);			/* that all caches have, and large kmalloc()s */
/* What harts hold for themselves too. */
void slab_shrink_all(void);

#endif
