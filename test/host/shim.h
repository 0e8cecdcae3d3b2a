/*
 * test/host/shim.h - what a host test may ask of its surroundings.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TEST_SHIM_H
#define VELLUM_TEST_SHIM_H

#include <setjmp.h>
#include "include/types.h"

/* panic() and failed assertions jump there while armed; else they abort the test. */
extern bool shim_panic_armed;
extern jmp_buf shim_panic_jmp;

/* Memory of the shims: malloc with a count and a failure at will.  Use it for fake page frames too. */
void *shim_alloc(size_t bytes);
void *shim_alloc_aligned(size_t bytes, size_t align);
void shim_free(void *p);
/* Let the @nth allocation from now on fail, once (0: none). */
void shim_fail_alloc(long nth);
/* Whether that failure has happened. */
bool shim_alloc_failed(void);
long shim_live_allocs(void);

/* Bytes that printk() printed are shown as TAP comments unless this is set. */
extern bool shim_printk_quiet;
extern unsigned long shim_printk_lines;

#endif
