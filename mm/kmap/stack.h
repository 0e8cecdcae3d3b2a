/*
 * mm/kmap/stack.h - kernel stacks, each below its guard page.  Theory: stack.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_KMAP_STACK_H
#define VELLUM_MM_KMAP_STACK_H

#include "include/hartmask.h"
#include <asm/layout.h>

#define THREAD_SIZE	(1ul << THREAD_SHIFT)	/* kernel stack, in vmalloc space below a guard page */

/*
 * Lowest address of THREAD_SIZE bytes, aligned to THREAD_SIZE, content undefined; NULL.  *harts: those that may
 * run on it as it is (K1).  => may sleep
 */
void *alloc_thread_stack(hartmask_t *harts);
/* Nobody runs on it any more; @harts as they are now.  => does not sleep; interrupts on */
void free_thread_stack(void *stack, hartmask_t harts);
/* This hart is about to run on @stack for the first time.  => runs on another stack; any context */
void thread_stack_fence(void *stack);
/* Give this hart's cached stacks back; returns how many. */
unsigned thread_stack_drain(void);
/* Pages in the stacks that @hart has cached. */
unsigned thread_stack_pages(unsigned hart);
/* Is @addr in the guard page below some stack?  For the overflow report. */
bool thread_stack_guard(vaddr_t addr);

#endif
