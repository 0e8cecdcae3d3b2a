/*
 * mm/phys/slowpath.c - when no zone has memory above its low watermark.
 *
 * MODEL     Stages, each followed by another look at the free lists:
 *             1 wake kswapd of each node; look again down to min, deeper for atomic callers;
 *             2 give up, if the caller cannot sleep; a caller that frees memory takes the reserve;
 *             3 compaction, for high orders;
 *             4 direct reclaim; then pages that other harts hold on their lists;
 *             5 the OOM killer, for low orders; then again from 1.
 *           An order above PAGE_ALLOC_COSTLY_ORDER is tried once each; lower orders that may reclaim
 *           fail only when nothing was left to kill, or the caller said __GFP_NORETRY.
 * INVARIANTS
 *   S1  Who reclaims for himself is marked (PF_MEMALLOC), and does not reclaim again for what that needs.
 *   S2  Who may not sleep does not come to a stage that does.
 * FAILURE   NULL, after a report (not with __GFP_NOWARN).  __GFP_NOFAIL waits and tries for ever.
 * TESTS     test/host/mm/phys/test_page_alloc.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/machine.h"
#include "kernel/sync/wait.h"
#include "lib/printk.h"
#include "mm/phys/page_alloc.h"
#include "mm/phys/show_mem.h"

#define MAX_RECLAIM_RETRIES	16

static const struct reclaim_ops *reclaim;

void register_reclaim_ops(const struct reclaim_ops *ops) { reclaim = ops; }

static unsigned gfp_to_alloc_flags(gfp_t gfp, unsigned order)
{
	unsigned flags = ALLOC_WMARK_MIN;

	if (gfp & __GFP_HIGH)
		flags |= ALLOC_MIN_RESERVE;
	if (gfp & __GFP_KSWAPD_RECLAIM)
		flags |= ALLOC_KSWAPD;
	if (!(gfp & __GFP_DIRECT_RECLAIM) && gfp & __GFP_HIGH && !(gfp & __GFP_NOMEMALLOC)) {
		flags |= ALLOC_NON_BLOCK;
		if (order)
			flags |= ALLOC_HIGHATOMIC;
	}
	return flags;
}

/* Was the running task killed for memory, or is it being killed and found none? */
static bool oom_victim(void)
{
	const struct task_base *me = current_base();

	return me->flags & PF_OOM_VICTIM || (me->mm && READ_ONCE(me->mm->oom_flags) & MMF_OOM_VICTIM);
}

/* The reserve flags of one who frees memory, or is about to die and will; 0 for others. */
static unsigned reserve_flags(gfp_t gfp)
{
	unsigned long pf = current_base()->flags;

	if (gfp & __GFP_NOMEMALLOC)
		return 0;
	if (gfp & __GFP_MEMALLOC || pf & PF_MEMALLOC)
		return ALLOC_NO_WATERMARKS;
	return oom_victim() ? ALLOC_OOM : 0;
}

static void wake_all_kswapds(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	pg_data_t *last = NULL;

	if (!reclaim || !reclaim->wakeup_kswapd)
		return;
	for (struct zoneref *z = ac->zonelist->refs; z->zone; z++)
		if (z->zone_idx <= ac->highest_zoneidx && z->zone->pgdat != last) {
			last = z->zone->pgdat;
			reclaim->wakeup_kswapd(z->zone, gfp, order, ac->highest_zoneidx);
		}
}

static struct page *direct_compact(gfp_t gfp, unsigned order, unsigned alloc_flags,
				   const struct alloc_context *ac)
{
	struct page *page = NULL;

	if (!order || !reclaim || !reclaim->try_to_compact_pages)
		return NULL;
	if (!reclaim->try_to_compact_pages(ac, order, gfp))
		return NULL;
	count_vm_event(COMPACTSTALL);
	page = get_page_from_freelist(gfp, order, alloc_flags, ac);
	count_vm_event(page ? COMPACTSUCCESS : COMPACTFAIL);
	return page;
}

/* Pages that idle on hart lists or in the atomic reserve become ordinary free pages. */
static void collect_strays(const struct alloc_context *ac)
{
	for (struct zoneref *z = ac->zonelist->refs; z->zone; z++)
		if (z->zone_idx <= ac->highest_zoneidx)
			unreserve_highatomic_pageblock(z->zone, false);
	if (!arch_irqs_disabled())
		drain_all_pages(NULL);
	else
		drain_local_pages(NULL);
}

static struct page *direct_reclaim(gfp_t gfp, unsigned order, unsigned alloc_flags,
				   const struct alloc_context *ac, unsigned long *progress)
{
	struct page *page;

	*progress = 0;
	count_vm_event(ALLOCSTALL_DMA32 + ac->highest_zoneidx);
	if (reclaim && reclaim->try_to_free_pages) {
		INV(S1, !(current_base()->flags & PF_MEMALLOC));
		current_base()->flags |= PF_MEMALLOC;
		*progress = reclaim->try_to_free_pages(ac, order, gfp);
		INV(S1, current_base()->flags & PF_MEMALLOC);
		current_base()->flags &= ~PF_MEMALLOC;
		cond_resched();
	}
	page = get_page_from_freelist(gfp, order, alloc_flags, ac);
	if (!page) {
		collect_strays(ac);
		page = get_page_from_freelist(gfp, order, alloc_flags, ac);
	}
	return page;
}

static bool oom_helps(gfp_t gfp, unsigned order)
{
	if (order > PAGE_ALLOC_COSTLY_ORDER || gfp & (__GFP_NORETRY | __GFP_RETRY_MAYFAIL | __GFP_THISNODE))
		return false;
	return true;
}

static bool may_retry(gfp_t gfp, unsigned order, unsigned long progress, unsigned *fruitless)
{
	if (gfp & __GFP_NORETRY || (order > PAGE_ALLOC_COSTLY_ORDER && !(gfp & __GFP_RETRY_MAYFAIL)))
		return false;
	*fruitless = progress && order <= PAGE_ALLOC_COSTLY_ORDER ? 0 : *fruitless + 1;
	return progress && *fruitless < MAX_RECLAIM_RETRIES;
}

/* What reclaim may do for the running task: one that others wait for to write must not wait for them. */
static gfp_t current_gfp_context(gfp_t gfp)
{
	unsigned long flags = current_base()->flags;

	if (flags & PF_MEMALLOC_NOIO)
		gfp &= ~(__GFP_IO | __GFP_FS);
	return flags & PF_MEMALLOC_NOFS ? gfp & ~__GFP_FS : gfp;
}

struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned order, const struct alloc_context *ac)
{
	unsigned alloc_flags = gfp_to_alloc_flags(gfp, order), fruitless = 0;
	unsigned long progress;
	struct page *page;

	gfp = current_gfp_context(gfp);
	for (;;) {
		if (alloc_flags & ALLOC_KSWAPD)
			wake_all_kswapds(gfp, order, ac);
		page = get_page_from_freelist(gfp, order, alloc_flags | reserve_flags(gfp), ac);
		if (page)
			return page;
		if (!(gfp & __GFP_DIRECT_RECLAIM) || current_base()->flags & PF_MEMALLOC)
			break;
		INV(S2, gfp & __GFP_DIRECT_RECLAIM && !arch_irqs_disabled());
		might_sleep();
		page = direct_compact(gfp, order, alloc_flags, ac);
		if (!page)
			page = direct_reclaim(gfp, order, alloc_flags, ac, &progress);
		if (page)
			return page;
		if (may_retry(gfp, order, progress, &fruitless))
			continue;
		/* Its way out needs no page of it: failing is quicker than waiting for its own death. */
		if (oom_victim() && !(gfp & __GFP_NOFAIL))
			break;
		if (oom_helps(gfp, order)) {
			page = out_of_memory(gfp, order, ac);
			if (page)
				return page;
			fruitless = 0;
			continue;
		}
		if (!(gfp & __GFP_NOFAIL))
			break;
		schedule_timeout(10 * 1000 * 1000);
	}
	warn_alloc(gfp, order, "page allocation failure");
	return NULL;
}

/* ---- reports --------------------------------------------------------------------------------- */

void warn_alloc(gfp_t gfp, unsigned order, const char *why)
{
	static struct ratelimit_state rs;
	char flags[128];

	if (gfp & __GFP_NOWARN || !__ratelimit(&rs, 10))
		return;
	gfp_to_str(flags, sizeof(flags), gfp);
	pr_warn("%s: %s: order:%u, mode:%#x(%s), nodemask=(null)\n", task_name(), why, order, gfp, flags);
	show_mem();
}
