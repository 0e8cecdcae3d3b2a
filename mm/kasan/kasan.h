/*
 * mm/kasan/kasan.h - what the files of the checker share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KASAN_H
#define VELLUM_MM_KASAN_H

#include "include/kasan.h"
#include "include/arch/arch.h"
#include "mm/kmap/stack.h"

extern bool kasan_on;

/* @bad is the first bad byte of the access.  False always, for the caller to return. */
bool kasan_bad_access(unsigned long addr, unsigned long bad, size_t n, bool write, unsigned long ip);
bool kasan_bad_free(const struct kmem_cache *s, const void *object, u8 shadow, unsigned long ip);

/* The variable that @p is in or behind, and the file that defines it; NULL: none. */
const char *kasan_global_at(const void *p, const char **defined_in);

/* The tables and the page of all shadow that stands for nothing; [0] holds leaves. */
extern pte_t kasan_zero_table[PT_MAX_LEVELS - 1][PT_ENTRIES];
extern u8 kasan_zero_page[PAGE_SIZE];

#endif
