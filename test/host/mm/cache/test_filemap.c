/*
 * The page cache over a store that is an array of bytes: reads, writes, loads and stores through mappings,
 * write-out (after which the store must hold what the cache holds), invalidation, I/O errors.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: mm/entry/nonlinear.c
// SRCS: mm/region/vma_lock.c
// SRCS: mm/rmap/anon_vma.c mm/rmap/migration.c mm/rmap/walk.c
// SRCS: mm/entry/age.c mm/reclaim/pageout.c
// SRCS: mm/region/vma.c mm/space/mm.c mm/region/layout.c mm/policy/account.c mm/space/mmap.c mm/space/brk.c
// SRCS: mm/space/munmap.c mm/region/stack.c mm/space/mprotect.c mm/space/mremap.c mm/space/mlock.c
// SRCS: mm/space/madvise.c mm/space/sync.c mm/cache/filemap.c mm/cache/high_copy.c mm/cache/file_io.c
// SRCS: mm/cache/readahead.c
// SRCS: mm/cache/file_mmap.c mm/cache/truncate.c mm/cache/writeback.c mm/cache/seals.c mm/cache/shmem.c
// SRCS: mm/rmap/vma_prio_tree.c mm/fault/anon.c mm/fault/cow.c mm/fault/fault.c mm/fault/file.c
// SRCS: mm/entry/copy.c mm/fault/gup.c mm/entry/pfnmap.c mm/entry/protect.c mm/entry/zap.c mm/pt/asid.c
// SRCS: mm/pt/flush.c mm/pt/gather.c mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c fs/iov.c
#include "test/host/mm/space/space_world.h"

#define NPAGES	48
#define BYTES	(NPAGES * PAGE_SIZE)
#define MAPPED	0x60000000ul

static u8 store[BYTES], shadow[BYTES], buf[BYTES];
static unsigned long reads, writes;
static int fail_io;
static struct page *again;		/* is made dirty once more in the midst of being written */

/* Is @page marked as dirty? */
static bool xa_marked_at(const struct page *page)
{
	void *found;

	return xa_extract_marked(&page->mapping->i_pages, &found, page->index, page->index, 1, XA_DIRTY) == 1;
}

static int ram_readpage(__maybe_unused struct file *file, struct page *page)
{
	reads++;
	if (fail_io) {
		unlock_page(page);
		return fail_io;
	}
	memcpy(page_to_virt(page), store + page->index * PAGE_SIZE, PAGE_SIZE);
	SetPageUptodate(page);
	unlock_page(page);
	return 0;
}

static int ram_writepage(struct page *page, __maybe_unused struct writeback_control *wbc)
{
	writes++;
	if (fail_io) {
		set_page_dirty(page);
		unlock_page(page);
		return fail_io;
	}
	CHECK(xa_marked_at(page));		/* who waits for what is dirty still finds it */
	if (page == again)
		set_page_dirty(page);
	set_page_writeback(page);
	CHECK(xa_marked_at(page) == (page == again));
	again = NULL;
	unlock_page(page);
	memcpy(store + page->index * PAGE_SIZE, page_to_virt(page), PAGE_SIZE);
	end_page_writeback(page);
	return 0;
}

static int ram_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned len,
			   struct page **pagep)
{
	struct page *page = grab_cache_page(mapping, pos >> PAGE_SHIFT);

	if (!page)
		return -ENOMEM;
	if (!PageUptodate(page) && len < PAGE_SIZE) {
		int rc = ram_readpage(file, page);

		if (rc) {
			put_page(page);
			return rc;
		}
		lock_page(page);
	}
	*pagep = page;
	return 0;
}

static int ram_write_end(__maybe_unused struct file *file, struct address_space *mapping, loff_t pos,
			 __maybe_unused unsigned len, unsigned copied, struct page *page)
{
	SetPageUptodate(page);
	set_page_dirty(page);
	mapping->host->i_size = max(mapping->host->i_size, pos + (loff_t)copied);
	unlock_page(page);
	put_page(page);
	return copied;
}

static const struct address_space_operations ram_aops = {
	.readpage = ram_readpage, .writepage = ram_writepage, .write_begin = ram_write_begin,
	.write_end = ram_write_end, .set_page_dirty = __set_page_dirty_nobuffers,
};
static const struct file_operations ram_fops = {
	.read = generic_file_read, .write = generic_file_write, .mmap = generic_file_mmap,
	.fsync = generic_file_fsync,
};

static struct inode inode = { .i_mode = S_IFREG, .i_sb = &world_sb, .i_mapping = &inode.i_data, .i_size = BYTES };
static struct file file = { .f_mode = FMODE_READ | FMODE_WRITE, .f_op = &ram_fops, .f_inode = &inode,
			    .f_mapping = &inode.i_data };

static void op_rw(bool write)
{
	loff_t pos = rnd_below(BYTES), at = pos;
	size_t n = 1 + rnd_below(min((size_t)(BYTES - pos), (size_t)3 * PAGE_SIZE));
	struct iov_iter it;

	iov_iter_kernel(&it, buf, n);
	if (write) {
		for (size_t i = 0; i < n; i++)
			shadow[pos + i] = buf[i] = rnd();
		CHECK(generic_file_write(&file, &it, &at) == (ssize_t)n);
	} else {
		CHECK(generic_file_read(&file, &it, &at) == (ssize_t)n);
		CHECK(!memcmp(buf, shadow + pos, n));
	}
	CHECK(at == pos + (loff_t)n);
}

static void op_mapped(void)
{
	unsigned long pos = ALIGN_DOWN(rnd_below(BYTES), 8ul);
	u64 v = rnd(), got;

	if (rnd_one_in(2)) {
		CHECK(!host_load8(MAPPED + pos, &got));
		CHECK(!memcmp(&got, shadow + pos, 8));
	} else {
		CHECK(!host_store8(MAPPED + pos, v));
		memcpy(shadow + pos, &v, 8);
	}
}

static unsigned long dirty_pages(void)
{
	unsigned long index, n = 0;
	void *entry;

	xa_for_each_marked(&inode.i_data.i_pages, index, entry, XA_DIRTY)
		n++;
	return n;
}

static void op_sync(void)
{
	CHECK(!filemap_write_and_wait_range(&inode.i_data, 0, ~0ull >> 1));
	CHECK(!memcmp(store, shadow, BYTES));
	CHECK(dirty_pages() == 0);
	CHECK(global_node_page_state(NR_WRITEBACK) == 0);
}

/* A page that becomes dirty while it is being written stays dirty, marked, and is written by the next round. */
static void dirty_again(void)
{
	int rc;
	struct page *page = read_mapping_page(&inode.i_data, 3, &file, &rc);

	lock_page(page);
	set_page_dirty(page);
	again = page;
	unlock_page(page);
	CHECK(!filemap_write_and_wait_range(&inode.i_data, 0, ~0ull >> 1));
	ok(PageDirty(page) && xa_marked_at(page), "what became dirty while it was written is dirty");
	op_sync();
	ok(!PageDirty(page) && !xa_marked_at(page), "and is clean when it was written");
	/* Cleaned without being written: the mark goes when somebody looks. */
	lock_page(page);
	set_page_dirty(page);
	CHECK(clear_page_dirty_for_io(page));
	unlock_page(page);
	CHECK(xa_marked_at(page));
	op_sync();
	ok(!xa_marked_at(page), "a mark without anything to write goes");
	put_page(page);
}

int main(void)
{
	struct mm_struct *mm;
	struct iov_iter it;
	loff_t pos = 0;

	world_init(4, 1);
	mm = world_mm();
	address_space_init(&inode.i_data, &inode, &ram_aops);
	init_rwsem(&inode.i_rwsem, RANK_VFS);
	atomic_set(&file.f_count, 1000);
	world_fd3 = &file;
	for (size_t i = 0; i < BYTES; i++)
		store[i] = shadow[i] = rnd();
	CHECK(CALL(mmap, MAPPED, BYTES, 3, MAP_SHARED | MAP_FIXED, 3, 0) == (long)MAPPED);

	iov_iter_kernel(&it, buf, 4 * PAGE_SIZE);
	CHECK(generic_file_read(&file, &it, &pos) == 4 * PAGE_SIZE);
	is_int(reads, 4, "each page is read once");
	pos = 0;
	iov_iter_kernel(&it, buf, 4 * PAGE_SIZE);
	CHECK(generic_file_read(&file, &it, &pos) == 4 * PAGE_SIZE);
	is_int(reads, 4, "and then found");
	dirty_again();
	for (unsigned i = 0; i < 8000; i++) {
		switch (rnd_below(12)) {
		case 0: case 1: op_rw(true); break;
		case 2: case 3: op_rw(false); break;
		case 4: if (rnd_one_in(4)) op_sync(); break;
		case 5:
			if (rnd_one_in(8))
				invalidate_mapping_pages(&inode.i_data, 0, ~0ul);
			break;
		case 6:
			if (rnd_one_in(8))
				CALL(madvise, MAPPED, BYTES, MADV_DONTNEED, 0, 0, 0);
			break;
		default: op_mapped();
		}
		CHECK(global_node_page_state(NR_FILE_DIRTY) == dirty_pages());
		CHECK(global_node_page_state(NR_FILE_PAGES) == inode.i_data.nrpages);
	}
	op_sync();
	ok(true, "8000 random steps: no store is lost, through files and mappings");
	CHECK(!CALL(munmap, MAPPED, BYTES, 0, 0, 0, 0));
	invalidate_mapping_pages(&inode.i_data, 0, ~0ul);
	is_int(inode.i_data.nrpages, 0, "clean pages can be dropped");

	fail_io = -EIO;
	pos = 0;
	iov_iter_kernel(&it, buf, 10);
	is_int(generic_file_read(&file, &it, &pos), -EIO, "a read error is reported");
	fail_io = 0;
	op_rw(true);
	fail_io = -EIO;
	is_int(filemap_write_and_wait_range(&inode.i_data, 0, ~0ull >> 1), -EIO, "a write error is reported");
	ok(dirty_pages() > 0, "and the page stays dirty");
	fail_io = 0;
	op_sync();
	down_write(&inode.i_rwsem);
	truncate_setsize(&inode, 100);
	up_write(&inode.i_rwsem);
	ok(inode.i_data.nrpages <= 1, "truncation empties the cache");
	truncate_inode_pages(&inode.i_data, 0);
	world_mm_end(mm);
	is_int(global_node_page_state(NR_FILE_PAGES) + global_node_page_state(NR_FILE_DIRTY), 0,
	       "counters are back");
	is_int(host_stale, 0, "no stale translation was used");
	world_end();
	return done_testing();
}
