/*
 * mm/kasan/check.c - KASAN=1: is this access of the kernel's inside something that is allocated?
 *
 * MODEL     The compiler calls __asan_loadN(), __asan_storeN() before each access of C code.  Each eight bytes of
 *           kernel addresses, a granule, have one byte of shadow, at (address >> 3) + KASAN_SHADOW_OFFSET, that
 *           says how many of them are good: so the shadow of all ends at the same address in each paging mode, and
 *           takes an eighth of the kernel's half below it.
 *             pages     bad while they are free                     mm/phys/page_alloc.c
 *             objects   good for as many bytes as were asked for; their slot's rest, with who allocated and
 *                       who freed it, is the red zone               mm/slab/slub.c
 *             vmalloc   bad behind the bytes asked for, and after   mm/kmap/vm_area.c
 *             globals   the compiler pads them, and tells us where  mm/kasan/globals.c
 *             stacks    the compiler pads their variables, and writes the shadow itself
 *           Shadow of what has no memory (holes, vmemmap, most of the vmalloc window) is one zero page, mapped
 *           read-only by tables that are shared as well.
 *           Not checked: assembly; mm/slab and mm/kasan, which write what is bad; lib/string.c, whose callers
 *           check the ranges before (lib/string.h); pages beyond the direct map.
 * INVARIANTS
 *   K1  Before kasan_on, and on a hart that reports, every access is taken for good.
 *   K2  A granule with shadow 1..7 is good from its start.
 * COST      About 12 instructions for an access.  A debug build.
 * TESTS     test/kernel/test_kasan.c: a planted bug of each kind
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/kasan/kasan.h"
#include "include/arch/arch.h"
#include "include/current.h"
#include "lib/string.h"
#include "mm/phys/gfp.h"

bool kasan_on;

/* ---- asking ---------------------------------------------------------------------------------- */

/* The first bad byte of [@addr, @addr + @n), or its end. */
static unsigned long first_bad(unsigned long addr, size_t n)
{
	unsigned long end = addr + n;

	while (addr < end) {
		s8 good = *kasan_shadow((void *)addr);
		unsigned long next = (addr | (KASAN_GRANULE - 1)) + 1;

		if (unlikely(good) && (good < 0 || (long)((min(end, next) - 1) & 7) >= good))
			return good < 0 ? addr : max(addr, next - KASAN_GRANULE + good);
		addr = next;
	}
	return end;
}

static __always_inline bool check(unsigned long addr, size_t n, bool write, unsigned long ip)
{
	if (unlikely(!kasan_on))						/* K1 */
		return true;
	if (unlikely(addr < page_offset || addr + n < addr))
		return kasan_bad_access(addr, addr, n, write, ip);
	if (likely(n <= 8 && !*kasan_shadow((void *)addr) && !*kasan_shadow((void *)(addr + n - 1))))
		return true;
	if (first_bad(addr, n) == addr + n)
		return true;
	return kasan_bad_access(addr, first_bad(addr, n), n, write, ip);
}

#define RETURN_IP	((unsigned long)__builtin_return_address(0))

bool kasan_check_read(const void *p, size_t n) { return !n || check((unsigned long)p, n, false, RETURN_IP); }
bool kasan_check_write(void *p, size_t n) { return !n || check((unsigned long)p, n, true, RETURN_IP); }

/* ---- what the compiler calls ----------------------------------------------------------------- */

#define ASAN_ACCESS(n) \
	void __asan_load##n##_noabort(unsigned long addr); \
	void __asan_store##n##_noabort(unsigned long addr); \
	void __asan_load##n##_noabort(unsigned long addr) { check(addr, n, false, RETURN_IP); } \
	void __asan_store##n##_noabort(unsigned long addr) { check(addr, n, true, RETURN_IP); }
ASAN_ACCESS(1)
ASAN_ACCESS(2)
ASAN_ACCESS(4)
ASAN_ACCESS(8)
ASAN_ACCESS(16)

void __asan_loadN_noabort(unsigned long addr, size_t n);
void __asan_storeN_noabort(unsigned long addr, size_t n);
void __asan_loadN_noabort(unsigned long addr, size_t n) { check(addr, n, false, RETURN_IP); }
void __asan_storeN_noabort(unsigned long addr, size_t n) { check(addr, n, true, RETURN_IP); }

/* Frames of functions that are left for good keep their red zones: forget those of the whole stack. */
void __asan_handle_no_return(void);
void __asan_handle_no_return(void)
{
	unsigned long top = current_base()->kernel_sp, here = (unsigned long)__builtin_frame_address(0);

	if (here < top && here >= top - THREAD_SIZE)
		kasan_unpoison((void *)(top - THREAD_SIZE), THREAD_SIZE);
}

void __asan_poison_stack_memory(const void *p, size_t n);
void __asan_unpoison_stack_memory(const void *p, size_t n);
void __asan_poison_stack_memory(const void *p, size_t n) { kasan_poison(p, ALIGN(n, 8ul), KASAN_STACK_SCOPE); }
void __asan_unpoison_stack_memory(const void *p, size_t n) { kasan_unpoison(p, n); }

/* ---- telling --------------------------------------------------------------------------------- */

void kasan_poison(const void *p, size_t n, u8 why)
{
	if (kasan_on && n)
		memset(kasan_shadow(p), why, ALIGN(n, KASAN_GRANULE) / KASAN_GRANULE);
}

void kasan_unpoison(const void *p, size_t n)
{
	if (!kasan_on)
		return;
	memset(kasan_shadow(p), 0, n / KASAN_GRANULE);
	if (n % KASAN_GRANULE)
		kasan_shadow(p)[n / KASAN_GRANULE] = n % KASAN_GRANULE;		/* K2 */
}

void kasan_alloc_pages(struct page *page, unsigned order)
{
	if (!PageHighMem(page))
		kasan_unpoison(page_to_virt(page), PAGE_SIZE << order);
}

void kasan_free_pages(struct page *page, unsigned order)
{
	if (!PageHighMem(page))
		kasan_poison(page_to_virt(page), PAGE_SIZE << order, KASAN_PAGE_FREE);
}

void kasan_slab_alloc(const void *object, size_t size, size_t held)
{
	size_t used = ALIGN(size, KASAN_GRANULE);

	if (held > used)
		kasan_poison((const char *)object + used, held - used, KASAN_SLAB_REDZONE);
	kasan_unpoison(object, size);
}

bool kasan_slab_free(const struct kmem_cache *s, const void *object, size_t size)
{
	s8 good = kasan_on ? *kasan_shadow(object) : 0;

	if (unlikely(good < 0 || (unsigned long)object % KASAN_GRANULE))
		return kasan_bad_free(s, object, (u8)good, RETURN_IP);
	kasan_poison(object, size, KASAN_SLAB_FREE);
	return true;
}
