/*
 * Readahead over a store that counts: what is read, in how many pieces, and how often a reader had to wait; streams,
 * strides, mappings, advice.  A request is carried out when somebody waits for its page, as a slow disk would.
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
// SRCS: mm/cache/file_mmap.c mm/cache/truncate.c mm/cache/writeback.c mm/cache/seals.c mm/cache/shmem.c
// SRCS: mm/cache/readahead.c
// SRCS: mm/rmap/vma_prio_tree.c mm/fault/anon.c mm/fault/cow.c mm/fault/fault.c mm/fault/file.c
// SRCS: mm/entry/copy.c mm/fault/gup.c mm/entry/pfnmap.c mm/entry/protect.c mm/entry/zap.c mm/pt/asid.c
// SRCS: mm/pt/flush.c mm/pt/gather.c mm/pt/init_mm.c mm/pt/pgalloc.c mm/pt/walk.c fs/iov.c
#include "test/host/mm/space/space_world.h"
#include "mm/cache/readahead.h"

#define NPAGES	2048ul
#define BYTES	(NPAGES * PAGE_SIZE - 100)
#define MAPPED	0x60000000ul
#define LIMIT	32u

static unsigned requests, singles, pages_read, largest;
static bool read_before[NPAGES];
static char buf[64 * PAGE_SIZE];

static void fill(struct page *page)
{
	memset(page_to_virt(page), (int)page->index % 251, PAGE_SIZE);
	SetPageUptodate(page);
	unlock_page(page);
}

static int count_readpage(__maybe_unused struct file *file, struct page *page)
{
	CHECK(page->index < NPAGES);
	singles++;
	pages_read++;
	fill(page);
	return 0;
}

static void count_readahead(__maybe_unused struct file *f, struct address_space *mapping, pgoff_t start, unsigned nr)
{
	unsigned n = 0;

	CHECK(nr && start + nr <= NPAGES);				/* R1: ends with the file */
	for (; nr; nr--, start++) {
		struct page *page = find_get_page(mapping, start);

		if (!page) {
			page = alloc_page(mapping->gfp_mask);
			CHECK(page && !add_to_page_cache_inside(page, mapping, start));
			CHECK(!read_before[start]);			/* nothing is read twice */
			read_before[start] = true;
			fill(page);
			n++;
		}
		put_page(page);
	}
	requests += n > 0;
	pages_read += n;
	largest = max(largest, n);
}

static const struct address_space_operations count_aops = {
	.readpage = count_readpage, .readahead = count_readahead,
};
static const struct file_operations count_fops = { .read = generic_file_read, .mmap = generic_file_mmap };

static struct inode inode = { .i_mode = S_IFREG, .i_sb = &world_sb, .i_mapping = &inode.i_data, .i_size = BYTES };
static struct file file = {
	.f_mode = FMODE_READ, .f_op = &count_fops, .f_inode = &inode, .f_mapping = &inode.i_data,
};

/* An empty cache, a file that was just opened. */
static void start(void)
{
	invalidate_mapping_pages(&inode.i_data, 0, ~0ul);
	CHECK(!inode.i_data.nrpages);
	memset(read_before, 0, sizeof(read_before));
	requests = singles = pages_read = largest = 0;
	file.f_ra = (struct file_ra_state){ .ra_pages = LIMIT };
}

static void read_at(unsigned long index, unsigned npages)
{
	loff_t pos = index * PAGE_SIZE;
	size_t n = min(npages * PAGE_SIZE, (size_t)(BYTES - pos));
	struct iov_iter it;

	iov_iter_kernel(&it, buf, n);
	CHECK(generic_file_read(&file, &it, &pos) == (ssize_t)n);
	for (size_t i = 0; i < n; i += PAGE_SIZE)
		CHECK((u8)buf[i] == (index + i / PAGE_SIZE) % 251);
}

static void streams(void)
{
	start();
	for (unsigned i = 0; i < NPAGES; i++)
		read_at(i, 1);
	ok(requests <= NPAGES / LIMIT + 6 && !singles, "one stream: %u requests for %lu pages", requests, NPAGES);
	is_int(pages_read, NPAGES, "each page is read once");
	ok(largest <= LIMIT, "R1: no request is larger than the limit");

	start();
	for (unsigned i = 0; i < NPAGES / 2; i++) {
		read_at(i, 1);
		read_at(NPAGES / 2 + i, 1);
	}
	ok(pages_read == NPAGES && singles <= 2 && requests <= 2 * (NPAGES / LIMIT + 12),
	   "two streams in one file: %u requests, %u pages alone", requests, singles);

	start();
	for (unsigned i = 0; i + 16 <= NPAGES; i += 16)
		read_at(i, 16);
	ok(requests <= NPAGES / LIMIT + 2 && !singles, "64 KiB a call: %u requests", requests);

	start();
	for (unsigned i = 0; i + 64 <= NPAGES; i += 64)
		read_at(i, 64);
	ok(requests <= NPAGES / LIMIT + 2 && largest == 64, "256 KiB a call: what is asked for comes at once");
}

static void seeks(void)
{
	unsigned at = 1000;

	start();
	for (unsigned i = 0; i < 300; i++, at = (at + 779) % NPAGES)
		read_at(at, 1);
	ok(pages_read <= 320, "random reads bring little else: %u pages for 300", pages_read);

	start();
	for (unsigned i = 0; i + 8 <= NPAGES; i += 8)
		read_at(i, 1);
	ok(pages_read <= NPAGES / 4, "a stride of eight pages brings at most twice what it uses: %u", pages_read);
}

static unsigned fault_all(unsigned long step)
{
	u64 got;

	for (unsigned long i = 0; i < NPAGES; i += step)
		CHECK(!host_load8(MAPPED + i * PAGE_SIZE, &got) && (u8)got == i % 251);
	return requests;
}

static void mapping(void)
{
	start();
	CHECK(CALL(mmap, MAPPED, BYTES, 1, MAP_SHARED | MAP_FIXED, 3, 0) == (long)MAPPED);
	fault_all(1);
	ok(pages_read == NPAGES && requests + singles <= NPAGES / LIMIT + 4, "a mapping, front to back: %u requests",
	   requests + singles);
	CHECK(!CALL(munmap, MAPPED, BYTES, 0, 0, 0, 0));

	start();
	CHECK(CALL(mmap, MAPPED, BYTES, 1, MAP_SHARED | MAP_FIXED, 3, 0) == (long)MAPPED);
	CHECK(!CALL(madvise, MAPPED, BYTES, MADV_RANDOM, 0, 0, 0));
	fault_all(64);
	is_int(pages_read, NPAGES / 64, "MADV_RANDOM: what is touched, and no more");
	CHECK(!CALL(munmap, MAPPED, BYTES, 0, 0, 0, 0));

	start();
	CHECK(CALL(mmap, MAPPED, BYTES, 1, MAP_SHARED | MAP_FIXED, 3, 0) == (long)MAPPED);
	CHECK(!CALL(madvise, MAPPED, BYTES, MADV_SEQUENTIAL, 0, 0, 0));
	fault_all(1);
	ok(pages_read == NPAGES && requests + singles <= NPAGES / LIMIT + 6, "MADV_SEQUENTIAL: %u requests",
	   requests + singles);
	CHECK(!CALL(munmap, MAPPED, BYTES, 0, 0, 0, 0));

	start();
	file.f_ra.mmap_miss = 200;		/* so far nothing that was read around was used */
	CHECK(CALL(mmap, MAPPED, BYTES, 1, MAP_SHARED | MAP_FIXED, 3, 0) == (long)MAPPED);
	fault_all(64);
	is_int(pages_read, NPAGES / 64, "who never uses what lies around gets single pages");
	CHECK(!CALL(munmap, MAPPED, BYTES, 0, 0, 0, 0));
}

static void advice(void)
{
	start();
	file.f_ra.random = true;
	for (unsigned i = 0; i < 100; i++)
		read_at(i, 1);
	is_int(requests, 100, "POSIX_FADV_RANDOM: page by page");

	start();
	file.f_ra.sequential = true;
	for (unsigned i = 0; i < NPAGES; i++)
		read_at(i, 1);
	ok(largest == 2 * LIMIT, "POSIX_FADV_SEQUENTIAL: windows of twice the size");

	start();
	file.f_ra.ra_pages = 0;
	for (unsigned i = 0; i < 50; i++)
		read_at(i, 2);
	ok(pages_read == 51, "a limit of 0: nothing is read ahead");

	start();
	force_page_cache_readahead(&inode.i_data, &file, 100, NPAGES * 4);
	is_int(pages_read, NPAGES - 100, "on demand: up to the end of the file");
	ok(largest <= RA_MAX_REQUEST, "R1: in pieces");
}

/* Whatever is read, each byte is right, and nothing is asked for beyond the end. */
static void anything(void)
{
	start();
	for (unsigned i = 0; i < 20000; i++) {
		unsigned long at = rnd_below(NPAGES);

		if (rnd_one_in(500))
			start();
		file.f_ra.random = rnd_one_in(20);
		read_at(at, 1 + rnd_below(min(40ul, NPAGES - at)));
	}
	ok(true, "20000 reads of any size anywhere");
}

int main(void)
{
	struct mm_struct *mm;

	world_init(4, 1);
	mm = world_mm();
	address_space_init(&inode.i_data, &inode, &count_aops);
	init_rwsem(&inode.i_rwsem, RANK_VFS);
	atomic_set(&file.f_count, 1000);
	world_fd3 = &file;
	streams();
	seeks();
	mapping();
	advice();
	anything();
	truncate_inode_pages(&inode.i_data, 0);
	world_mm_end(mm);
	world_end();
	return done_testing();
}
