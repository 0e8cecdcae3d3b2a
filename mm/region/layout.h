/*
 * mm/region/layout.h - where mappings go.
 *
 * MODEL     User addresses from below: program, heap (start_brk), ... mmap area growing down from
 *           mmap_base, gap, stack below STACK_TOP.  Functions that return an address return -errno
 *           as an unsigned long on failure (IS_ERR_VALUE).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_REGION_LAYOUT_H
#define VELLUM_MM_REGION_LAYOUT_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

extern int sysctl_max_map_count;		/* 65530 */
extern int randomize_va_space;			/* 0 none, 1 all but brk, 2 all; `norandmaps` sets 0 */
extern int sysctl_legacy_va_layout;		/* from UNMAPPED_BASE up, as of the next exec */
#define MMAP_RND_BITS_MIN	18
extern int mmap_rnd_bits;			/* how many bits of a page's number chance chooses; sysctl */
int mmap_rnd_bits_max(void);			/* a quarter of the window */
extern unsigned long mmap_min_addr;		/* bytes */

/* The default window of user addresses: what mmap() without a high hint stays below. */
unsigned long mmap_default_window(void);
#define STACK_TOP	(mmap_default_window())

/* Choose mmap_base, and the direction, for a fresh @mm (exec), from RLIMIT_STACK and chance. */
void arch_pick_mmap_layout(struct mm_struct *mm);
/* Page-aligned random bytes to move the stack's top down by (0 when not randomised). */
unsigned long stack_rnd(void);
/* Where the heap of a program whose image ends at @end_bss starts (page-aligned, randomised). */
unsigned long arch_randomize_brk(unsigned long end_bss);
/* Random byte displacement for an ET_DYN program (page-aligned; 0 when not randomised). */
unsigned long arch_mmap_rnd(void);
/* Where an ET_DYN program with an interpreter is loaded: 2/3 of the window, plus arch_mmap_rnd(). */
unsigned long elf_et_dyn_base(void);
/* A random address in [@start, @start + @range), page-aligned. */
unsigned long randomize_page(unsigned long start, unsigned long range);
bool mm_randomize(void);			/* does the running task want chance at all? */

/* Room for @len bytes at @addr if that is free (or MAP_FIXED), else where the layout has some. */
unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				pgoff_t pgoff, unsigned long flags);

#endif
