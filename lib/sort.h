/*
 * lib/sort.h - sort an array in place: heap sort, O(n log n) always, no memory.
 *
 * TESTS     test/host/lib/test_sort.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SORT_H
#define VELLUM_SORT_H

#include "include/types.h"

void sort(void *base, size_t nr, size_t size, int (*cmp)(const void *a, const void *b));
/* Element equal to @key of the sorted array, or NULL. */
void *bsearch(const void *key, const void *base, size_t nr, size_t size,
	      int (*cmp)(const void *key, const void *elt));

#endif
