/*
 * test/kernel/test_compact.c - pages that move: migration, compaction, ranges of frames; kswapd's counters.
 *
 * MODEL     A user address space is made without a program: pages are touched and read back through
 *           access_remote_vm(), so that what moves is real anonymous memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/uapi/mman.h"
#include "kernel/sched/sched.h"
#include "kernel/task/task.h"
#include "kernel/time/time.h"
#include "lib/string.h"
#include "mm/kmap/highmem.h"
#include "mm/fault/fault.h"
#include "mm/kmap/vmalloc.h"
#include "mm/phys/buddy.h"
#include "mm/pt/walk.h"
#include "mm/policy/account.h"
#include "mm/reclaim/compact.h"
#include "mm/reclaim/migrate.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

#define BASE	0x10000000ul

/* A space with one private writable region of @nr pages. */
static struct mm_struct *make_space(unsigned long nr)
{
	struct mm_struct *mm = mm_alloc();
	struct vm_area_struct *vma = mm ? vm_area_alloc(mm) : NULL;

	if (!vma) {
		if (mm)
			mmput(mm);
		return NULL;
	}
	vma->vm_start = BASE;
	vma->vm_end = BASE + nr * PAGE_SIZE;
	vma->vm_flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_NOHUGEPAGE;
	vma->vm_pgoff = BASE >> PAGE_SHIFT;
	vma_set_page_prot(vma);
	mmap_write_lock(mm);
	vma_link(mm, vma, NULL);
	vm_stat_account(mm, vma->vm_flags, nr);
	mmap_write_unlock(mm);
	return mm;
}

static bool put_word(struct mm_struct *mm, unsigned long n, u64 word)
{
	return access_remote_vm(mm, BASE + n * PAGE_SIZE, &word, sizeof(word), FOLL_WRITE) == sizeof(word);
}

static u64 get_word(struct mm_struct *mm, unsigned long n)
{
	u64 word = ~0ull;

	access_remote_vm(mm, BASE + n * PAGE_SIZE, &word, sizeof(word), 0);
	return word;
}

static struct page *page_at(struct mm_struct *mm, unsigned long n)
{
	pte_t *ptep = pt_lookup(mm, BASE + n * PAGE_SIZE);
	pte_t pte = ptep ? pte_load(ptep) : pte_empty();

	return pte_present(pte) ? pfn_to_page(pte_pfn(pte)) : NULL;
}

static struct page *any_page(__maybe_unused struct migrate_target *t, __maybe_unused struct page *old)
{
	return alloc_page(GFP_HIGHUSER_MOVABLE);
}

static bool move_away(struct page *page)
{
	struct migrate_target t = { .alloc = any_page };
	unsigned left;

	if (!isolate_movable_page(page))
		return false;
	left = migrate_pages(&page, 1, &t, NULL);
	return !left;
}

KTEST(an_anonymous_page_moves)
{
	struct mm_struct *mm = make_space(4);
	struct page *old, *fresh;

	KCHECK(mm);
	KCHECK(put_word(mm, 1, 0x1234));
	old = page_at(mm, 1);
	KCHECK(old && move_away(old));
	fresh = page_at(mm, 1);
	KCHECK(fresh && fresh != old);
	KCHECK_EQ(get_word(mm, 1), 0x1234);
	KCHECK(PageAnon(fresh) && !PageLocked(fresh));
	KCHECK_EQ(page_mapcount(fresh), 1);
	KCHECK_EQ(page_count(fresh), 1);
	KCHECK(put_word(mm, 1, 0x5678));
	KCHECK_EQ(page_at(mm, 1) == fresh, 1);
	mmput(mm);
}

KTEST(a_pinned_page_stays)
{
	struct mm_struct *mm = make_space(4);
	struct page *page;

	KCHECK(mm);
	KCHECK(put_word(mm, 0, 7));
	page = page_at(mm, 0);
	get_page(page);
	KCHECK(!move_away(page));
	KCHECK_EQ(page_at(mm, 0) == page, 1);
	put_page(page);
	KCHECK(move_away(page));
	KCHECK_EQ(get_word(mm, 0), 7);
	mmput(mm);
}

KTEST(a_page_of_two_spaces_moves_in_both)
{
	struct mm_struct *mm = make_space(4), *child = mm ? mm_alloc() : NULL;
	struct page *old;

	KCHECK(child);
	KCHECK(put_word(mm, 2, 99));
	KCHECK_EQ(dup_mmap(child, mm), 0);
	old = page_at(mm, 2);
	KCHECK_EQ(page_mapcount(old), 2);
	KCHECK(move_away(old));
	KCHECK(page_at(mm, 2) != old && page_at(mm, 2) == page_at(child, 2));
	KCHECK_EQ(page_mapcount(page_at(mm, 2)), 2);
	KCHECK(put_word(child, 2, 100));	/* still copied on write */
	KCHECK_EQ(get_word(mm, 2), 99);
	KCHECK_EQ(get_word(child, 2), 100);
	mmput(child);
	mmput(mm);
}

/* ---- pages that move while they are in use --------------------------------------------------- */

#define RACE_PAGES	64
#define RACE_MOVES	2000
#define RACE_NS		20000000000ull	/* a host that gives too little time ends it too */

static struct mm_struct *race_mm;
static atomic_t race_running, race_bad, race_moved;
static bool race_over;

/* Everybody gives way now and then: with one hart they take turns only if they do. */
static void race_writer(void *arg)
{
	unsigned long first = (unsigned long)arg, mine[RACE_PAGES / 2] = { 0 };

	for (unsigned long i = 1; !READ_ONCE(race_over); i++) {
		unsigned long n = i * 7 % (RACE_PAGES / 2);

		if (mine[n] && get_word(race_mm, first + n) != mine[n])
			atomic_inc(&race_bad);
		mine[n] = first << 32 | i;
		if (!put_word(race_mm, first + n, mine[n]))
			atomic_inc(&race_bad);
		if (!(i & 63))
			yield();
	}
	atomic_dec(&race_running);
}

static void race_forker(__maybe_unused void *arg)
{
	for (unsigned i = 0; !READ_ONCE(race_over); i++) {
		struct mm_struct *child = mm_alloc();

		if (child && !dup_mmap(child, race_mm))
			get_word(child, i % RACE_PAGES);
		if (child)
			mmput(child);
		yield();
	}
	atomic_dec(&race_running);
}

/* Ends the race when enough has moved. */
static void race_mover(__maybe_unused void *arg)
{
	u64 end = ktime_get() + RACE_NS;

	while (atomic_read(&race_moved) < RACE_MOVES && ktime_get() < (ktime_t)end) {
		for (unsigned n = 0; n < RACE_PAGES; n++) {
			struct page *page = page_at(race_mm, n);

			if (page && move_away(page))
				atomic_inc(&race_moved);
		}
		yield();
	}
	WRITE_ONCE(race_over, true);
	atomic_dec(&race_running);
}

KTEST(pages_move_under_writers_and_forks)
{
	race_mm = make_space(RACE_PAGES);
	KCHECK(race_mm);
	race_over = false;
	atomic_set(&race_bad, 0);
	atomic_set(&race_moved, 0);
	atomic_set(&race_running, 4);
	KCHECK(kthread_run(race_writer, (void *)0, "ktest/writer0"));
	KCHECK(kthread_run(race_writer, (void *)(RACE_PAGES / 2ul), "ktest/writer1"));
	KCHECK(kthread_run(race_forker, NULL, "ktest/forker"));
	KCHECK(kthread_run(race_mover, NULL, "ktest/mover"));
	while (atomic_read(&race_running)) {
		set_current_state(TASK_UNINTERRUPTIBLE);
		schedule_timeout(1000 * 1000);
	}
	pr_info("# %d pages moved\n", atomic_read(&race_moved));
	KCHECK_EQ(atomic_read(&race_bad), 0);
	KCHECK(atomic_read(&race_moved) >= RACE_PAGES);
	mmput(race_mm);
}

/* ---- compaction ------------------------------------------------------------------------------ */

static unsigned long free_in_blocks(unsigned order)
{
	unsigned long pages = 0;

	for_each_populated_zone(z)
		for (unsigned o = order; o < NR_PAGE_ORDERS; o++)
			pages += READ_ONCE(z->free_area[o].nr_free) << o;
	return pages;
}

/* Unmap all pages but each @step-th. */
static void thin_out(struct mm_struct *mm, unsigned long nr, unsigned step)
{
	struct vm_area_struct *vma = find_vma(mm, BASE);

	mmap_read_lock(mm);
	for (unsigned long n = 0; n < nr; n++)
		if (n % step)
			zap_page_range(vma, BASE + n * PAGE_SIZE, PAGE_SIZE);
	mmap_read_unlock(mm);
}

KTEST(compaction_makes_blocks)
{
	unsigned long nr = nr_free_pages() / 2, before, after, moved = vm_event(PGMIGRATE_SUCCESS);
	struct mm_struct *mm = make_space(nr);

	KCHECK(mm);
	for (unsigned long n = 0; n < nr; n++)
		KCHECK(put_word(mm, n, n));
	thin_out(mm, nr, 4);
	drain_all_pages(NULL);
	before = free_in_blocks(pageblock_order);
	compact_nodes();
	after = free_in_blocks(pageblock_order);
	for (unsigned long n = 0; n < nr; n += 4)
		KCHECK_EQ(get_word(mm, n), n);
	for_each_populated_zone(z)
		KCHECK(buddy_verify(z));
	pr_info("# free in blocks of order 9: %lu pages before, %lu after, of %lu; %lu moved\n", before, after,
		nr_free_pages(), vm_event(PGMIGRATE_SUCCESS) - moved);
	KCHECK(after > before + nr / 4);
	KCHECK_EQ(vm_event(PGMIGRATE_SUCCESS) > moved, 1);
	mmput(mm);
}

/* vm.compact_unevictable_allowed: locked pages move, or they do not. */
KTEST(locked_pages_move_only_if_allowed)
{
	unsigned long nr = nr_free_pages() / 4, moved[2] = { 0 };
	struct mm_struct *mm = make_space(nr);
	struct page **was = vmalloc(nr * sizeof(*was));

	KCHECK(mm && was);
	for (unsigned long n = 0; n < nr; n++)
		KCHECK(put_word(mm, n, n));
	find_vma(mm, BASE)->vm_flags |= VM_LOCKED;
	thin_out(mm, nr, 4);
	for (int allowed = 0; allowed <= 1; allowed++) {
		sysctl_compact_unevictable_allowed = allowed;
		for (unsigned long n = 0; n < nr; n += 4)
			was[n] = page_at(mm, n);
		compact_nodes();
		for (unsigned long n = 0; n < nr; n += 4)
			moved[allowed] += page_at(mm, n) != was[n];
	}
	find_vma(mm, BASE)->vm_flags &= ~VM_LOCKED;
	KCHECK_EQ(moved[0], 0);
	KCHECK(moved[1] > nr / 16);
	for (unsigned long n = 0; n < nr; n += 4)
		KCHECK_EQ(get_word(mm, n), n);
	vfree(was);
	mmput(mm);
}

KTEST(a_large_allocation_compacts)
{
	unsigned long nr = nr_free_pages() * 9 / 10;
	struct mm_struct *mm = make_space(nr);
	struct page *block;

	KCHECK(mm);
	for (unsigned long n = 0; n < nr; n++)
		KCHECK(put_word(mm, n, n));
	thin_out(mm, nr, 3);
	drain_all_pages(NULL);
	for (unsigned i = 0; i < 20; i++) {
		block = alloc_pages(GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_RETRY_MAYFAIL, pageblock_order);
		KCHECK(block);
		__free_pages(block, pageblock_order);
	}
	mmput(mm);
}

KTEST(a_range_of_frames_is_emptied)
{
	unsigned long nr = 4 * pageblock_nr_pages, moved = 0;
	struct mm_struct *mm = make_space(nr);
	pfn_t start;
	int rc;

	KCHECK(mm);
	for (unsigned long n = 0; n < nr; n++)
		KCHECK(put_word(mm, n, n + 1));
	start = ALIGN_DOWN(page_to_pfn(page_at(mm, nr / 2)), pageblock_nr_pages);
	rc = alloc_contig_range(start, start + pageblock_nr_pages / 2, MIGRATE_MOVABLE, GFP_KERNEL);
	if (rc) {	/* a page of the kernel lies there: any other range, then */
		struct page *page = alloc_contig_pages(pageblock_nr_pages / 2, GFP_KERNEL, 0);

		KCHECK(page);
		start = page_to_pfn(page);
	}
	for (pfn_t pfn = start; pfn < start + pageblock_nr_pages / 2; pfn++) {
		void *va = kmap_local_page(pfn_to_page(pfn));

		memset(va, 0xee, PAGE_SIZE);
		kunmap_local(va);
		KCHECK_EQ(page_count(pfn_to_page(pfn)), 1);
	}
	for (unsigned long n = 0; n < nr; n++) {
		KCHECK_EQ(get_word(mm, n), n + 1);
		moved += page_to_pfn(page_at(mm, n)) - start < pageblock_nr_pages / 2;
	}
	KCHECK_EQ(moved, 0);
	free_contig_range(start, pageblock_nr_pages / 2);
	for_each_populated_zone(z) {
		KCHECK_EQ(z->nr_isolate_pageblock, 0);
		KCHECK(buddy_verify(z));
	}
	mmput(mm);
}
