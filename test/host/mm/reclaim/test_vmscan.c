/*
 * test/host/mm/reclaim/test_vmscan.c - pages of files: which go, which stay, what is counted.
 *
 * MODEL     The page cache is real, over a store that any page can be read from again.  Each page is in one
 *           state that reclaim must respect; which of them may go is written down by hand.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/entry/age.c mm/reclaim/pageout.c
// SRCS: mm/entry/nonlinear.c
// SRCS: mm/region/vma_lock.c
// SRCS: mm/rmap/anon_vma.c mm/rmap/migration.c mm/rmap/walk.c
// SRCS: mm/reclaim/vmscan.c mm/region/vma.c mm/space/mm.c mm/region/layout.c mm/policy/account.c mm/space/mmap.c
// SRCS: mm/space/brk.c mm/space/munmap.c mm/region/stack.c mm/space/mprotect.c mm/space/mremap.c
// SRCS: mm/space/mlock.c mm/space/madvise.c mm/space/sync.c mm/cache/filemap.c mm/cache/high_copy.c
// SRCS: mm/cache/file_io.c mm/cache/file_mmap.c mm/cache/truncate.c mm/cache/writeback.c mm/cache/seals.c
// SRCS: mm/cache/readahead.c
// SRCS: mm/cache/shmem.c
// SRCS: mm/rmap/vma_prio_tree.c mm/fault/anon.c mm/fault/cow.c mm/fault/fault.c mm/fault/file.c
// SRCS: mm/entry/copy.c mm/fault/gup.c mm/entry/pfnmap.c mm/entry/protect.c mm/entry/zap.c mm/pt/asid.c
// SRCS: mm/pt/flush.c mm/pt/gather.c mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c fs/iov.c
#include "test/host/mm/space/space_world.h"
#include <sys/wait.h>
#include <unistd.h>
#include "mm/cache/pagemap.h"
#include "mm/reclaim/compact.h"
#include "mm/reclaim/shrinker.h"
#include "mm/reclaim/vmscan.h"

#define NPAGES	512
#define MAPPED	0x60000000ul

static int store_readpage(__maybe_unused struct file *file, struct page *page)
{
	for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
		((u64 *)page_to_virt(page))[i] = page->index << 16 | i;
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

static int store_writepage(struct page *page, __maybe_unused struct writeback_control *wbc)
{
	unlock_page(page);
	return 0;
}

static const struct address_space_operations store_aops = {
	.readpage = store_readpage, .writepage = store_writepage, .set_page_dirty = __set_page_dirty_nobuffers,
};
static const struct file_operations store_fops = { .read = generic_file_read, .mmap = generic_file_mmap };

#define NR_FILES 3
static struct inode inode[NR_FILES];
static struct file file[NR_FILES];
static unsigned long held;

/* The files in turn; a file that is held is not lost. */
struct address_space *next_cached_mapping(struct address_space *prev)
{
	unsigned next = prev ? container_of(prev, struct inode, i_data) - inode + 1 : 0;

	held += !prev;
	while (next < NR_FILES && !inode[next].i_data.nrpages)
		next++;
	held -= next == NR_FILES;
	return next < NR_FILES ? &inode[next].i_data : NULL;
}
void put_cached_mapping(__maybe_unused struct address_space *mapping) { held--; }

static unsigned long slab_gives, slab_priority_sum;
unsigned long shrink_slab(__maybe_unused gfp_t gfp, __maybe_unused int nid, int priority)
{
	slab_priority_sum += priority;
	current_base()->reclaim_state->reclaimed += slab_gives;
	return slab_gives;
}
static bool ready;
bool compaction_ready(__maybe_unused struct zone *z, __maybe_unused unsigned order, __maybe_unused enum zone_type h)
{
	return ready;
}
__weak unsigned long node_page_state(__maybe_unused pg_data_t *pgdat, enum node_stat_item item)
{
	return global_node_page_state(item);
}
static unsigned long events(enum vm_event_item item)
{
	unsigned long sum = 0;

	for_each_hart(h)
		sum += per_hart_ptr(&vm_event_states, h)->event[item];
	return sum;
}

static void begin(void)
{
	u8 buf[PAGE_SIZE];

	world_init(3, 1);
	for (unsigned f = 0; f < NR_FILES; f++) {
		inode[f] = (struct inode){ .i_mode = S_IFREG, .i_sb = &world_sb, .i_size = NPAGES * PAGE_SIZE };
		inode[f].i_mapping = &inode[f].i_data;
		address_space_init(&inode[f].i_data, &inode[f], &store_aops);
		init_rwsem(&inode[f].i_rwsem, RANK_VFS);
		file[f] = (struct file){ .f_mode = FMODE_READ | FMODE_WRITE, .f_op = &store_fops,
					 .f_inode = &inode[f], .f_mapping = &inode[f].i_data };
		atomic_set(&file[f].f_count, 1);
		for (loff_t pos = 0; pos < (loff_t)(NPAGES * PAGE_SIZE); ) {
			struct iov_iter it;

			iov_iter_kernel(&it, buf, PAGE_SIZE);
			CHECK(generic_file_read(&file[f], &it, &pos) == (ssize_t)PAGE_SIZE);
			CHECK(*(u64 *)buf == ((pos >> PAGE_SHIFT) - 1) << 16);
		}
		CHECK(inode[f].i_data.nrpages == NPAGES);
	}
}

static struct page *page_of(unsigned f, pgoff_t index)
{
	struct page *page = find_get_page(&inode[f].i_data, index);

	if (page)
		put_page(page);
	return page;
}

static struct scan_control control(int priority)
{
	return (struct scan_control){
		.gfp_mask = GFP_KERNEL, .priority = priority, .reclaim_idx = MAX_NR_ZONES - 1, .nr_to_reclaim = ~0ul,
	};
}

static void forget_uses(void)
{
	for (unsigned f = 0; f < NR_FILES; f++)
		for (pgoff_t i = 0; i < NPAGES; i++)
			if (page_of(f, i))
				ClearPageReferenced(page_of(f, i));
}

/* Gently: a part only, in proportion; at last everything. */
static void proportion(void)
{
	struct scan_control sc = control(DEF_PRIORITY);
	unsigned long total = NR_FILES * NPAGES, before = host_pages_used();

	forget_uses();
	shrink_file_cache(NODE_DATA(0), &sc);
	CHECK(sc.nr_scanned == SWAP_CLUSTER_MAX && sc.nr_reclaimed == sc.nr_scanned);
	sc = control(3);
	shrink_file_cache(NODE_DATA(0), &sc);
	CHECK(sc.nr_scanned >= (total - 32) >> 3 && sc.nr_scanned < ((total - 32) >> 3) + 16);
	sc = control(0);
	shrink_file_cache(NODE_DATA(0), &sc);
	for (unsigned f = 0; f < NR_FILES; f++)
		CHECK(!inode[f].i_data.nrpages);
	CHECK((long)before - host_pages_used() >= (long)total);
	CHECK(events(PGSCAN_DIRECT) == total && events(PGSTEAL_DIRECT) == total && !events(PGSCAN_KSWAPD));
	CHECK(events(PGSCAN_FILE) == total && events(PGSTEAL_FILE) == total && !held);
	CHECK(!global_node_page_state(NR_FILE_PAGES));
	shrink_file_cache(NODE_DATA(0), &sc);
	CHECK(events(PGSCAN_DIRECT) == total);
}

enum state { CLEAN, USED, DIRTY, LOCKED, PINNED, WRITTEN, MLOCKED, NR_STATES };

static void respect(void)
{
	struct scan_control sc = control(DEF_PRIORITY - 1);
	unsigned long gone = 0;

	forget_uses();
	sc.kswapd = true;
	for (pgoff_t i = 0; i < NPAGES; i++) {
		struct page *page = page_of(0, i);

		switch ((enum state)(i % NR_STATES)) {
		case USED: SetPageReferenced(page); break;
		case DIRTY: lock_page(page); set_page_dirty(page); unlock_page(page); break;
		case LOCKED: lock_page(page); break;
		case PINNED: get_page(page); break;
		case WRITTEN: lock_page(page); set_page_writeback(page); unlock_page(page); break;
		case MLOCKED: SetPageMlocked(page); break;
		default: break;
		}
	}
	for (unsigned round = 0; round < 40; round++) {	/* gently: what was used has its second chance */
		sc.priority = round ? DEF_PRIORITY / 2 : DEF_PRIORITY;
		shrink_file_cache(NODE_DATA(0), &sc);
		if (!round)
			CHECK(page_of(0, USED) && !PageReferenced(page_of(0, USED)) && !page_of(0, CLEAN));
	}
	sc.priority = 0;
	shrink_file_cache(NODE_DATA(0), &sc);
	for (pgoff_t i = 0; i < NPAGES; i++) {
		CHECK(!page_of(0, i) == (i % NR_STATES == CLEAN || i % NR_STATES == USED));
		gone += !page_of(0, i);
	}
	CHECK(sc.nr_reclaimed == gone + 2 * NPAGES && events(PGSTEAL_KSWAPD) == sc.nr_reclaimed);
	CHECK(events(PGSCAN_KSWAPD) == sc.nr_scanned && sc.nr_scanned > sc.nr_reclaimed);
	CHECK(!events(PGSCAN_DIRECT) && !held);
	/* Another node's, or a zone that is too high: not looked at. */
	unlock_page(page_of(0, LOCKED));
	sc = control(0);
	sc.reclaim_idx = 0;
	if (page_zonenum(page_of(0, LOCKED)))
		shrink_file_cache(NODE_DATA(0), &sc);
	CHECK(!sc.nr_scanned);
}

/* A page that a program has locked stays; one that is only mapped goes, and comes back when it is used. */
static void mapped(void)
{
	struct mm_struct *mm = mm_alloc();
	struct scan_control sc = control(0);
	u64 word;

	forget_uses();
	CHECK(mm);
	host_enter_mm(mm);
	world_fd3 = &file[1];
	CHECK(CALL(mmap, MAPPED, 8 * PAGE_SIZE, PROT_READ, MAP_SHARED | MAP_FIXED, 3, 0) == (long)MAPPED);
	for (unsigned i = 0; i < 8; i++)
		CHECK(!host_load8(MAPPED + i * PAGE_SIZE, &word) && word == (u64)i << 16);
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		vma->vm_flags |= VM_LOCKED;
	shrink_file_cache(NODE_DATA(0), &sc);
	for (unsigned i = 0; i < 8; i++)
		CHECK(page_of(1, i) && !host_load8(MAPPED + i * PAGE_SIZE, &word) && word == (u64)i << 16);
	CHECK(!inode[0].i_data.nrpages && inode[1].i_data.nrpages < 64);	/* fault-around maps neighbours */
	for (struct vm_area_struct *vma = mm->mmap; vma; vma = vma->vm_next)
		vma->vm_flags &= ~VM_LOCKED;
	sc = control(0);
	shrink_file_cache(NODE_DATA(0), &sc);
	CHECK(!inode[1].i_data.nrpages && !get_mm_counter(mm, MM_FILEPAGES));
	CHECK(!host_load8(MAPPED, &word) && word == 0 && page_of(1, 0));
	CHECK(!CALL(munmap, MAPPED, 8 * PAGE_SIZE, 0, 0, 0, 0));
	sc = control(0);
	shrink_file_cache(NODE_DATA(0), &sc);
	CHECK(!inode[1].i_data.nrpages && !host_stale);
	host_enter_mm(NULL);
	mmput(mm);
}

/* A task in need takes as much as it was told to, from the gentlest priority on. */
static void direct(void)
{
	struct zone *z = &NODE_DATA(0)->node_zones[ZONE_NORMAL];
	struct zoneref refs[2] = { { z, ZONE_NORMAL } };
	struct zonelist list = { refs };
	struct alloc_context ac = { .zonelist = &list, .highest_zoneidx = ZONE_MOVABLE };
	nodemask_t elsewhere = { 2 };
	unsigned long n;

	z->pgdat = NODE_DATA(0);
	forget_uses();
	n = try_to_free_pages(&ac, 0, GFP_KERNEL);
	CHECK(n >= SWAP_CLUSTER_MAX && n < 4 * SWAP_CLUSTER_MAX);
	CHECK(slab_priority_sum == DEF_PRIORITY);	/* the first pass was enough */
	ac.nodemask = &elsewhere;
	CHECK(!try_to_free_pages(&ac, 0, GFP_KERNEL));
	ac.nodemask = NULL;
	ready = true;				/* compaction can make the block: nothing is thrown away for it */
	CHECK(try_to_free_pages(&ac, 9, GFP_KERNEL) == 1);
	ready = false;
	drop_pagecache();
	for (unsigned f = 0; f < NR_FILES; f++)
		CHECK(!inode[f].i_data.nrpages);
	/* Nothing left of files: what slabs give back is counted as pages, through all priorities. */
	slab_gives = 2;
	slab_priority_sum = 0;
	CHECK(try_to_free_pages(&ac, 0, GFP_KERNEL) == 2 * (DEF_PRIORITY + 1));
	CHECK(slab_priority_sum == DEF_PRIORITY * (DEF_PRIORITY + 1) / 2 && !current_base()->reclaim_state);
	slab_gives = 0;
	CHECK(!try_to_free_pages(&ac, 0, GFP_KERNEL) && !held);
}

static void run(void (*fn)(void), const char *name)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		begin();
		fn();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "%s", name);
}

int main(void)
{
	run(proportion, "as much as the priority says, at last everything");
	run(respect, "dirty, locked, pinned, written, mlocked pages stay; used ones have a second chance");
	run(mapped, "locked pages stay, mapped ones come back");
	run(direct, "direct reclaim: enough and no more; slabs count as pages");
	return done_testing();
}
