/*
 * test/host/mm/reclaim/test_kswapd.c - when kswapd wakes, how long it works, when it gives up.
 *
 * MODEL     kswapd runs on a stack of its own; when it sleeps, the test goes on.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/reclaim/kswapd.c mm/pt/asid.c mm/phys/memblock.c mm/phys/buddy.c mm/phys/mobility.c
// SRCS: mm/phys/page_alloc.c mm/phys/slowpath.c mm/phys/pcp.c mm/phys/watermark.c mm/phys/node.c
// SRCS: mm/phys/movable.c mm/phys/memmap.c mm/phys/deferred.c mm/phys/init.c mm/phys/vmstat.c
// SRCS: mm/phys/vmstat_show.c mm/phys/page_owner.c mm/phys/page_debug.c
#include "test/host/mm/phys/machine.h"
#include "mm/reclaim/compact.h"
#include "mm/reclaim/internal.h"
#include <ucontext.h>

static ucontext_t main_context, thread_context;
static char thread_stack[256 << 10];
static void (*thread_fn)(void *);
static void *thread_arg;
static bool asleep, woken;

static void thread_start(void) { thread_fn(thread_arg); }

struct task_struct *kthread_run(void (*fn)(void *), void *arg, __maybe_unused const char *fmt, ...)
{
	if (fn == kcompactd)
		return (struct task_struct *)1;
	thread_fn = fn;
	thread_arg = arg;
	getcontext(&thread_context);
	thread_context.uc_stack.ss_sp = thread_stack;
	thread_context.uc_stack.ss_size = sizeof(thread_stack);
	makecontext(&thread_context, thread_start, 0);
	asleep = woken = true;
	return (struct task_struct *)1;
}

void schedule(void)
{
	asleep = true;
	swapcontext(&thread_context, &main_context);
}

bool wake_up_task(__maybe_unused struct task_base *t, __maybe_unused int mask)
{
	return woken = true;
}

/* Let kswapd run until it sleeps, if it was woken. */
static bool run_thread(void)
{
	if (!woken)
		return false;
	woken = asleep = false;
	swapcontext(&main_context, &thread_context);
	CHECK(asleep);
	return true;
}

/* ---- what kswapd calls ----------------------------------------------------------------------- */

static struct page *hoard[70000];
static unsigned long hoarded, cache, shrinks, hopeless;
static int lowest;
static unsigned kcompactd_wakes, kcompactd_order;

void kcompactd(__maybe_unused void *arg) { }
void lower_shrinkers_init(void) { }
void droppable_init(void) { }
void drain_hart_caches(__maybe_unused pg_data_t *pgdat) { }
void node_bind_current(__maybe_unused pg_data_t *pgdat) { }
void set_current_harts(__maybe_unused u64 harts) { }
unsigned long try_to_free_pages(__maybe_unused const struct alloc_context *ac, __maybe_unused unsigned order,
				__maybe_unused gfp_t gfp) { return 0; }
bool try_to_compact_pages(__maybe_unused const struct alloc_context *ac, __maybe_unused unsigned order,
			  __maybe_unused gfp_t gfp) { return false; }
void wakeup_kcompactd(__maybe_unused pg_data_t *pgdat, unsigned order, __maybe_unused enum zone_type highest)
{
	kcompactd_wakes += order > 0;
	kcompactd_order = order;
}

/* The last @cache pages that were allocated can be reclaimed, more of them the lower the priority. */
void shrink_node(__maybe_unused pg_data_t *pgdat, struct scan_control *sc)
{
	unsigned long want = (cache >> sc->priority) + 8;

	shrinks++;
	lowest = sc->priority;
	CHECK(sc->kswapd && sc->nr_to_reclaim && current_base()->flags & PF_MEMALLOC);
	for (; want && cache; want--, cache--, sc->nr_reclaimed++)
		__free_page(hoard[--hoarded]);
	drain_all_pages(NULL);
}

static struct zone *z;

static void begin(void)
{
	machine_begin();
	memblock_add(0x80000000, 64 * MiB);
	machine_boot(1);
	z = first_populated_zone();
	reclaim_init();
	CHECK(run_thread());		/* nothing to do yet */
	CHECK(!shrinks && !woken);
}

/* Take pages down to @left free ones. */
static void take_until(unsigned long left)
{
	while (z->nr_free > left) {
		hoard[hoarded] = __alloc_pages(GFP_NOWAIT & ~__GFP_KSWAPD_RECLAIM, 0, 0, NULL);
		CHECK(hoard[hoarded++]);
		drain_all_pages(NULL);
	}
}

static void balance(void)
{
	begin();
	take_until(low_wmark_pages(z) + 10);
	CHECK(!woken && !pgdat_balanced(NODE_DATA(0), 0, ZONE_NORMAL));	/* between low and high nobody wakes it */
	hoard[hoarded++] = alloc_page(GFP_NOWAIT);
	CHECK(!woken);
	take_until(low_wmark_pages(z));
	cache = 5000;
	hoard[hoarded++] = alloc_page(GFP_NOWAIT);
	CHECK(hoard[hoarded - 1] && woken);
	CHECK(run_thread() && shrinks);
	CHECK(pgdat_balanced(NODE_DATA(0), 0, ZONE_NORMAL) && z->nr_free > high_wmark_pages(z));
	CHECK(z->nr_free < high_wmark_pages(z) + 700);		/* and not much more than that */
	CHECK(!NODE_DATA(0)->kswapd_failures && vm_event(PAGEOUTRUN) == 1);
	CHECK(!kcompactd_wakes);
	/* Woken for nothing, it does nothing. */
	woken = true;
	shrinks = 0;
	CHECK(run_thread() && !shrinks);
}

static void gives_up(void)
{
	unsigned long runs = 0;

	begin();
	take_until(low_wmark_pages(z) - 5);
	while (runs < 100) {
		hopeless = alloc_page(GFP_NOWAIT) == NULL;
		if (!woken)
			break;
		run_thread();
		runs++;
	}
	CHECK(NODE_DATA(0)->kswapd_failures == MAX_RECLAIM_FAILURES && lowest == 1);
	CHECK(vm_event(PAGEOUTRUN) == MAX_RECLAIM_FAILURES);
	/* It is left in peace until somebody else's reclaim succeeds. */
	alloc_page(GFP_NOWAIT);
	CHECK(!woken);
	cache = 3000;
	WRITE_ONCE(NODE_DATA(0)->kswapd_failures, 0);
	for (unsigned i = 0; i < 100 && !woken; i++)		/* the hart's list may have some */
		alloc_page(GFP_NOWAIT);
	CHECK(woken && run_thread());
	CHECK(pgdat_balanced(NODE_DATA(0), 0, ZONE_NORMAL));
}

/* For a block kswapd frees pages enough to make one of; the making is kcompactd's. */
static void for_a_block(void)
{
	begin();
	take_until(100);
	/* Each 16th page stays for ever: many pages may come free, but no block. */
	for (unsigned long i = 0; i < hoarded; i++)
		if (page_to_pfn(hoard[i]) % 16 == 0)
			hoard[i--] = hoard[--hoarded];
	while (z->nr_free <= high_wmark_pages(z) + 100) {
		__free_page(hoard[--hoarded]);
		drain_all_pages(NULL);
	}
	CHECK(pgdat_balanced(NODE_DATA(0), 0, ZONE_NORMAL) && !pgdat_balanced(NODE_DATA(0), 9, ZONE_NORMAL));
	cache = 6000;
	CHECK(!alloc_pages(GFP_NOWAIT | __GFP_NOWARN, 9));
	CHECK(woken && run_thread());
	diag("%lu pages reclaimed for a block", 6000 - cache);
	CHECK(6000 - cache >= compact_gap(9) && 6000 - cache < 4 * compact_gap(9));
	CHECK(kcompactd_wakes && kcompactd_order == 9);
}

int main(void)
{
	run_scenario(balance, "woken below low, works to high, sleeps");
	run_scenario(gives_up, "gives up after fruitless runs, until there is hope");
	run_scenario(for_a_block, "for a block: as many pages as compaction needs, then kcompactd");
	return done_testing();
}
