/*
 * test/host/mm/phys/machine.h - machines for the tests of mm/phys and mm/slab.
 *
 * MODEL     A scenario runs in a process of its own, for the allocator starts only once: run_scenario()
 *           forks, and turns the exit status into a TAP line.  Memory is described to memblock, then
 *           machine_boot() makes harts and starts mm/phys.
 *           Every frame has an owner tag in shadow[]; take() and give() keep it and check that no
 *           frame has two owners, that it is memory, and that nothing reserved is handed out.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_PHYS_MACHINE_H
#define TEST_PHYS_MACHINE_H

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/host/arch/host.h"
#include "test/host/tap.h"
#include "mm/phys/buddy.h"
#include "mm/phys/init.h"
#include "mm/phys/memblock.h"
#include "lib/printk.h"
#include "mm/phys/page_alloc.h"

#define SHADOW_PAGES	(HOST_PHYS_MAX >> PAGE_SHIFT)
#define MiB		(1ul << 20)

static u8 *shadow;			/* 0: nobody's, else a tag */
static __maybe_unused unsigned long oom_calls;

/* The killer chooses the caller. */
__weak struct page *out_of_memory(__maybe_unused gfp_t gfp, __maybe_unused unsigned order,
				  __maybe_unused const struct alloc_context *ac)
{
	oom_calls++;
	current_base()->flags |= PF_OOM_VICTIM;
	return NULL;
}

#ifndef TEST_SEQ_PRINTF
__weak void seq_printf(__maybe_unused struct seq_file *m, const char *fmt, ...)
{
	va_list args;
	char buf[256];

	va_start(args, fmt);
	CHECK(vsnprintf(buf, sizeof(buf), fmt, args) < (int)sizeof(buf));
	va_end(args);
}
#endif

__weak struct mm_struct init_mm;
__weak u64 arch_time_ticks(void) { return 1; }
__weak u64 arch_time_hz = 10000000;
__weak bool __ratelimit(__maybe_unused struct ratelimit_state *rs, __maybe_unused unsigned burst) { return true; }

#ifndef TEST_STACK_TRACE
unsigned stack_trace_save(__maybe_unused unsigned long *calls, __maybe_unused unsigned max) { return 0; }
#endif

/* Each hart in turn, as if it took the call. */
__weak void arch_call_on(hartmask_t harts, void (*fn)(void *), void *arg)
{
	unsigned here = this_hart();

	CHECK(!arch_irqs_disabled());
	for_each_hart_in(h, harts) {
		host_run_on(h);
		fn(arg);
	}
	host_run_on(here);
}

static __maybe_unused void machine_begin(void)
{
	host_arch_init(3, 1);
	shim_printk_quiet = true;
	if (!shadow)
		shadow = calloc(SHADOW_PAGES, 1);
	memblock_allow_resize();
}

static __maybe_unused void machine_boot(unsigned harts)
{
	host_arch_init(3, harts);
	mm_init_phys();
}

static __maybe_unused void check_all(void)
{
	for_each_populated_zone(z) {
		CHECK(buddy_verify(z));
		CHECK(pcp_verify(z));
	}
}

static __maybe_unused void run_scenario(void (*fn)(void), const char *name)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* Of its own time: what others use of the machine does not count. */
		setrlimit(RLIMIT_CPU, &(struct rlimit){ .rlim_cur = 50, .rlim_max = 50 });
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "%s", name);
}

static __maybe_unused void take(struct page *page, unsigned order, u8 tag)
{
	pfn_t pfn = page_to_pfn(page);

	CHECK(IS_ALIGNED(pfn, 1ul << order));
	for (pfn_t p = pfn; p < pfn + (1ul << order); p++) {
		CHECK(!shadow[p]);
		shadow[p] = tag;
		CHECK(pfn_valid(p) && !memblock_is_reserved(PFN_PHYS(p)));
		CHECK(page_mapcount(pfn_to_page(p)) == 0 && !pfn_to_page(p)->mapping);
	}
	CHECK(page_count(page) == 1 && !page->private);
}

static __maybe_unused void give(struct page *page, unsigned order)
{
	for (pfn_t p = page_to_pfn(page); p < page_to_pfn(page) + (1ul << order); p++)
		shadow[p] = 0;
}

#endif
