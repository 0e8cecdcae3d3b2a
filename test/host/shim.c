/*
 * test/host/shim.c - what the kernel's files find on the host instead of a kernel.
 *
 * MODEL     Every function that a real file may define is weak.  Nothing sleeps on the host: a call
 *           of schedule() is a failed test unless the test brings its own.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/current.h"
#include "test/host/tap.h"

/* ---- TAP ------------------------------------------------------------------------------------- */

int tap_count, tap_failures;
u64 tap_seed;
static u64 rnd_state;

void rnd_seed(u64 seed) { rnd_state = seed * 0x9e3779b97f4a7c15ull | 1; }

static void __attribute__((constructor)) tap_start(void)
{
	const char *s = getenv("TEST_SEED");

	setvbuf(stdout, NULL, _IOLBF, 0);
	tap_seed = s ? strtoull(s, NULL, 0) : 0x5eedull;
	rnd_seed(tap_seed);
}

u64 rnd(void)
{
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return rnd_state * 0x2545f4914f6cdd1dull;
}

bool tap_ok(bool cond, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", cond ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	if (!cond) {
		tap_failures++;
		printf("#   at %s:%d, TEST_SEED=%llu\n", file, line, (unsigned long long)tap_seed);
	}
	return cond;
}

void diag(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

int done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures != 0;
}

void tap_check_failed(const char *expr, const char *file, int line)
{
	printf("not ok %d - CHECK(%s)\n#   at %s:%d, TEST_SEED=%llu\n1..%d\n", tap_count + 1, expr, file,
	       line, (unsigned long long)tap_seed, tap_count + 1);
	fflush(stdout);
	_Exit(1);
}

/* ---- NUMA policy: none ----------------------------------------------------------------------- */

struct mempolicy;
struct page;
struct vm_area_struct;
__weak int mempolicy_in_use;
__weak void __mpol_put(struct mempolicy *pol) { (void)pol; }
__weak bool __mpol_equal(const struct mempolicy *a, const struct mempolicy *b) { return a == b; }
__weak bool vma_alloc_local(const struct vm_area_struct *vma) { return !vma || true; }
__weak struct page *alloc_page_task_slow(unsigned gfp) { (void)gfp; abort(); }
__weak struct page *alloc_page_vma_slow(unsigned gfp, const struct vm_area_struct *vma, unsigned long addr)
{
	(void)gfp, (void)vma, (void)addr;
	abort();
}

/* ---- reports ---------------------------------------------------------------------------------- */

__weak void show_mem(void) { }
__weak int gfp_to_str(char *buf, int size, unsigned gfp)
{
	(void)size, (void)gfp;
	return buf[0] = 0;
}

/* ---- panic, printk --------------------------------------------------------------------------- */

bool shim_panic_armed;
jmp_buf shim_panic_jmp;
bool shim_printk_quiet;
unsigned long shim_printk_lines;

static __noreturn void stop(void)
{
	if (shim_panic_armed) {
		shim_panic_armed = false;
		longjmp(shim_panic_jmp, 1);
	}
	printf("Bail out!\n");
	fflush(stdout);
	abort();
}

__weak void panic(const char *fmt, ...)
{
	va_list ap;

	if (!shim_panic_armed) {
		printf("# panic: ");
		va_start(ap, fmt);
		vprintf(fmt, ap);
		va_end(ap);
		printf("\n");
	}
	stop();
}

__weak void assert_failed(const char *kind, const char *expr, const char *file, int line)
{
	if (!shim_panic_armed)
		printf("# %s(%s) failed at %s:%d, TEST_SEED=%llu\n", kind, expr, file, line,
		       (unsigned long long)tap_seed);
	stop();
}

__weak void warn_failed(const char *expr, const char *file, int line)
{
	printf("# WARN_ON(%s) at %s:%d\n", expr, file, line);
}

__weak int printk(const char *fmt, ...)
{
	va_list ap;

	if (fmt[0] == '\001' && fmt[1])
		fmt += 2;
	shim_printk_lines++;
	if (shim_printk_quiet)
		return 0;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	return 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static long live_allocs, fail_in;
static bool failed;

void shim_fail_alloc(long nth)
{
	fail_in = nth;
	if (nth)
		failed = false;
}

bool shim_alloc_failed(void) { return failed; }
long shim_live_allocs(void) { return live_allocs; }

static bool fails_now(void)
{
	if (!fail_in || --fail_in)
		return false;
	failed = true;
	return true;
}

void *shim_alloc_aligned(size_t bytes, size_t align)
{
	void *p;

	if (fails_now() || posix_memalign(&p, align < 8 ? 8 : align, bytes ? bytes : 1))
		return NULL;
	live_allocs++;
	return p;
}

void *shim_alloc(size_t bytes) { return shim_alloc_aligned(bytes, 16); }

void shim_free(void *p)
{
	if (p)
		live_allocs--;
	free(p);
}

__weak void *kmalloc(size_t n, __maybe_unused gfp_t gfp) { return shim_alloc(n); }
__weak void kfree(const void *p) { shim_free((void *)p); }

__weak void *kzalloc(size_t n, gfp_t gfp)
{
	void *p = kmalloc(n, gfp);

	return p ? memset(p, 0, n) : NULL;
}

__weak void *kcalloc(size_t nr, size_t size, gfp_t gfp) { return kzalloc(nr * size, gfp); }

/* ---- text: libc has the rest of lib/vsprintf.h ----------------------------------------------- */

__weak int vscnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(buf, size, fmt, args);

	return !size ? 0 : n < (int)size ? n : (int)size - 1;
}

__weak int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

/* ---- the running task ------------------------------------------------------------------------ */

/* One task on one hart, for tests that do without test/host/arch. */
__weak unsigned nr_harts = 1;
__weak __thread struct task_base *host_current;
__weak __thread unsigned long host_irqs_off;

__weak struct task_base *host_default_task(void)
{
	static __thread struct task_base task;

	return &task;
}

__weak void schedule(void) { panic("schedule() on the host"); }
__weak void kick_harts(__maybe_unused unsigned long harts) { }
__weak long schedule_timeout(__maybe_unused u64 ns) { panic("schedule_timeout() on the host"); }
__weak void __cond_resched(void) { }

__weak bool wake_up_task(__maybe_unused struct task_base *t, __maybe_unused int mask) { return false; }
__weak bool signal_pending(void) { return false; }
__weak bool fatal_signal_pending(void) { return false; }
__weak bool capable(__maybe_unused int cap) { return true; }
__weak unsigned long task_rlimit(__maybe_unused unsigned resource) { return ~0ul; }
__weak const char *task_name(void) { return "host"; }
__weak int task_pid(void) { return 1; }
__weak int task_tgid(void) { return 1; }
__weak u64 printk_clock(void) { return 0; }
