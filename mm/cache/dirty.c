/*
 * mm/cache/dirty.c - how much of memory may be dirty: who writes waits for who cleans.
 *
 * MODEL     Dirtyable memory is what is free and what the page cache has of files with a store.  Above
 *           dirty_background_ratio percent of it the flusher writes; above dirty_ratio percent whoever makes more
 *           pages dirty waits until the flusher has brought it down.  So reclaim always finds clean pages.
 *           Either can be given in bytes instead: who writes the one sysctl makes the other 0.
 *           A program that cleans pages for others (PR_SET_IO_FLUSHER) has a quarter more room than they.
 *           Looking costs, so that each hart looks once in RATELIMIT pages.
 * LOCKING   None: figures are read as they are.  May sleep; may hold mmap_lock for reading, which the flusher
 *           does not need.  A fault lets go of its lock before it waits; when it comes again it does not wait.
 * FAILURE   A killed task waits no longer.
 * TESTS     test/boot/disk.py (a disk larger than memory is written)
 * SEE       Linux Documentation/admin-guide/sysctl/vm.rst, dirty_ratio
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/dirty.h"
#include "include/fs.h"
#include "kernel/sync/wait.h"
#include "mm/phys/gfp.h"
#include "mm/phys/vmstat.h"

int vm_dirty_ratio = 20, dirty_background_ratio = 10;		/* percent; 0 where bytes are said */
unsigned long vm_dirty_bytes, dirty_background_bytes;		/* 0 where percent are said */
int dirty_writeback_interval = 500, dirty_expire_interval = 3000;	/* hundredths of a second */

#define RATELIMIT		32u
#define PAUSE_NS		10000000ull

static DEFINE_PER_HART(unsigned, nr_dirtied);

static unsigned long dirtyable_pages(void)
{
	unsigned long file = global_node_page_state(NR_FILE_PAGES), shmem = global_node_page_state(NR_SHMEM);

	return nr_free_pages() + (file > shmem ? file - shmem : 0);
}

static unsigned long dirty_pages(void)
{
	return global_node_page_state(NR_FILE_DIRTY) + global_node_page_state(NR_WRITEBACK);
}

static void pause_writer(void)
{
	set_current_state(TASK_KILLABLE);
	schedule_timeout(PAUSE_NS);
}

/* The pages that @bytes, or else @percent of those that may be, stand for. */
static unsigned long share(unsigned long bytes, unsigned percent)
{
	return bytes ? DIV_ROUND_UP(bytes, PAGE_SIZE) : dirtyable_pages() / 100 * percent;
}

static unsigned long limit_for_all(void) { return share(READ_ONCE(vm_dirty_bytes), READ_ONCE(vm_dirty_ratio)); }

bool dirty_over_background(void)
{
	unsigned long some = share(READ_ONCE(dirty_background_bytes), READ_ONCE(dirty_background_ratio));
	unsigned long limit = limit_for_all();

	/* Writing begins before writers wait, whatever was said. */
	return global_node_page_state(NR_FILE_DIRTY) > (some < limit ? some : limit / 2);
}

void dirty_ratio_changed(void)
{
	if (READ_ONCE(vm_dirty_ratio))		/* 0 as before leaves the bytes, as Linux does */
		WRITE_ONCE(vm_dirty_bytes, 0);
}

void dirty_bytes_changed(void) { WRITE_ONCE(vm_dirty_ratio, 0); }
void dirty_background_ratio_changed(void) { WRITE_ONCE(dirty_background_bytes, 0); }
void dirty_background_bytes_changed(void) { WRITE_ONCE(dirty_background_ratio, 0); }

static unsigned long dirty_limit(void)
{
	unsigned long limit = limit_for_all();

	return current_base()->flags & PF_LOCAL_THROTTLE ? limit + limit / 4 : limit;
}

static bool over_limit(void) { return dirty_pages() > dirty_limit(); }

/* Does another thread of the kernel wait for what the running one cleans?  It is not held up. */
static bool cleans_for_all(void)
{
	const unsigned long both = PF_KTHREAD | PF_LOCAL_THROTTLE;

	return (current_base()->flags & both) == both;
}

static void balance_dirty_pages(void)
{
	if (cleans_for_all())
		return;
	while (over_limit() && !fatal_signal_pending()) {
		wakeup_flusher();
		pause_writer();
	}
	if (dirty_over_background())
		wakeup_flusher();
}

/* Is it this hart's turn to look? */
static bool look_is_due(const struct address_space *mapping)
{
	unsigned *n = this_hart_ptr(&nr_dirtied);

	if (!mapping->a_ops->writepages || ++*n < RATELIMIT)
		return false;
	*n = 0;
	return true;
}

void balance_dirty_pages_ratelimited(const struct address_space *mapping)
{
	if (look_is_due(mapping))
		balance_dirty_pages();
}

unsigned fault_balance_dirty_pages(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;

	if (!look_is_due(file->f_mapping) || vmf->flags & (FAULT_FLAG_TRIED | FAULT_FLAG_RETRY_NOWAIT))
		return 0;
	if (!over_limit() || !fault_may_retry(vmf)) {
		balance_dirty_pages();
		return 0;
	}
	get_file(file);			/* the region may go */
	vmf_drop_lock(vmf);
	balance_dirty_pages();
	fput(file);
	return VM_FAULT_RETRY;
}
