/*
 * include/kasan.h - KASAN=1: every access of the kernel's C code is checked.  Theory: mm/kasan/check.c
 *
 * What allocators and copiers tell the checker.  Without KASAN=1 all this is nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_KASAN_H
#define VELLUM_KASAN_H

#include "include/types.h"

struct page;
struct kmem_cache;

#ifdef VELLUM_KASAN
#define IS_KASAN	1

#define KASAN_SHADOW_OFFSET	0xdfffffff00000000ul	/* as the Makefile tells the compiler */
#define KASAN_SHADOW_END	0xffffffff00000000ul	/* of the last address: for every paging mode */
#define KASAN_GRANULE		8ul

/* What a byte of shadow says: 0 all eight bytes are good; 1..7 so many are; or why none is: */
enum {
	KASAN_PAGE_FREE		= 0xff,
	KASAN_PAGE_REDZONE	= 0xfe,		/* behind a kmalloc() of whole pages */
	KASAN_SLAB_REDZONE	= 0xfc,
	KASAN_SLAB_FREE		= 0xfb,
	KASAN_GLOBAL_REDZONE	= 0xf9,
	KASAN_STACK_SCOPE	= 0xf8,		/* these five are the compiler's */
	KASAN_STACK_PARTIAL	= 0xf4,
	KASAN_STACK_RIGHT	= 0xf3,
	KASAN_STACK_MID		= 0xf2,
	KASAN_STACK_LEFT	= 0xf1,
	KASAN_VMALLOC_INVALID	= 0xf7,
};

static __always_inline s8 *kasan_shadow(const void *p)
{
	return (s8 *)(((unsigned long)p >> 3) + KASAN_SHADOW_OFFSET);
}

/* ---- start ----------------------------------------------------------------------------------- */

void kasan_map_image(void);		/* before the early tables are left */
void kasan_init(void);			/* the final tables are there: checking begins */

/* ---- ranges ---------------------------------------------------------------------------------- */

void kasan_poison(const void *p, size_t n, u8 why);	/* whole granules; the last may be cut */
void kasan_unpoison(const void *p, size_t n);		/* @p on a granule */
/* Report the range if any of it is bad; false then. */
bool kasan_check_read(const void *p, size_t n);
bool kasan_check_write(void *p, size_t n);

/* ---- allocators ------------------------------------------------------------------------------ */

void kasan_alloc_pages(struct page *page, unsigned order);
void kasan_free_pages(struct page *page, unsigned order);
/* Of @object's slot @held bytes long, the first @size are the caller's. */
void kasan_slab_alloc(const void *object, size_t size, size_t held);
/* False: @object is not in use, which was reported, and must not be freed again. */
bool kasan_slab_free(const struct kmem_cache *s, const void *object, size_t size);
/* Shadow of its own for [start, end) of the vmalloc window, all good; 0 or -ENOMEM.  => may sleep */
__must_check int kasan_vmalloc_alloc(unsigned long start, unsigned long end);

/* ---- reports --------------------------------------------------------------------------------- */

struct kasan_report {
	const char *kind;		/* "slab-out-of-bounds", ... */
	const void *addr;
	size_t size;
	bool write;
	unsigned long ip;
};
/* If set, a report is told to it, and no more is done.  For tests. */
extern void (*kasan_report_hook)(const struct kasan_report *r);

#else

#define IS_KASAN	0
static inline void kasan_map_image(void) {}
static inline void kasan_init(void) {}
static inline void kasan_poison(__maybe_unused const void *p, __maybe_unused size_t n, __maybe_unused u8 why) {}
static inline void kasan_unpoison(__maybe_unused const void *p, __maybe_unused size_t n) {}
static inline bool kasan_check_read(__maybe_unused const void *p, __maybe_unused size_t n) { return true; }
static inline bool kasan_check_write(__maybe_unused void *p, __maybe_unused size_t n) { return true; }
static inline void kasan_alloc_pages(__maybe_unused struct page *page, __maybe_unused unsigned order) {}
static inline void kasan_free_pages(__maybe_unused struct page *page, __maybe_unused unsigned order) {}
static inline void kasan_slab_alloc(__maybe_unused const void *object, __maybe_unused size_t size,
				    __maybe_unused size_t held) {}
static inline bool kasan_slab_free(__maybe_unused const struct kmem_cache *s, __maybe_unused const void *object,
				   __maybe_unused size_t size) { return true; }
static inline int kasan_vmalloc_alloc(__maybe_unused unsigned long start, __maybe_unused unsigned long end)
{ return 0; }

#define KASAN_SLAB_REDZONE	0
#define KASAN_VMALLOC_INVALID	0
#define KASAN_PAGE_REDZONE	0

#endif
#endif
