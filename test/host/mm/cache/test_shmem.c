/*
 * A tmpfs file against an array of bytes: random writes, reads, truncations, holes, preallocation, loads and
 * stores through a shared mapping; then limits, seals and allocation failures.
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
#include "kernel/sync/rcu.h"

#define MAXSIZE	(40 * PAGE_SIZE)
#define MAPPED	0x50000000ul

static u8 shadow[MAXSIZE];
static loff_t size;
static struct file *f;
static u8 buf[MAXSIZE];

/* Was the page at @pos mapped executable since it was written?  First it is as if it had been. */
static bool executed(loff_t pos, bool set)
{
	struct page *page = find_get_page(f->f_mapping, pos >> PAGE_SHIFT);
	bool was;

	if (!page)
		return false;
	if (set)
		set_bit(PG_arch_icache, &page->flags);
	was = test_bit(PG_arch_icache, &page->flags);
	put_page(page);
	return was;
}

static void op_write(void)
{
	loff_t pos = rnd_below(MAXSIZE - 1), at = pos;
	size_t n = 1 + rnd_below(min((size_t)(rnd_one_in(4) ? 5 * PAGE_SIZE : 100), (size_t)(MAXSIZE - pos)));
	struct iov_iter it;

	if (rnd_one_in(3))
		at = pos = ALIGN_DOWN(pos, (loff_t)PAGE_SIZE);
	for (size_t i = 0; i < n; i++)
		buf[i] = rnd();
	iov_iter_kernel(&it, buf, n);
	executed(pos, true);
	CHECK(shmem_file_write(f, &it, &at) == (ssize_t)n && at == pos + (loff_t)n);
	CHECK(!executed(pos, false));
	memcpy(shadow + pos, buf, n);
	size = max(size, pos + (loff_t)n);
	CHECK(f->f_inode->i_size == size);
}

static void check_read(loff_t pos, size_t n)
{
	ssize_t want = pos >= size ? 0 : min_t(loff_t, n, size - pos);
	struct iov_iter it;
	loff_t at = pos;

	iov_iter_kernel(&it, buf, n);
	CHECK(shmem_file_read(f, &it, &at) == want);
	CHECK(!memcmp(buf, shadow + pos, want));
}

static void op_truncate(void)
{
	loff_t to = rnd_below(MAXSIZE);

	CHECK(!world_truncate(f->f_inode, to));
	if (to < size)
		memset(shadow + to, 0, MAXSIZE - to);
	size = to;
}

static void op_punch(void)
{
	loff_t pos = rnd_below(MAXSIZE - 1), n = 1 + rnd_below(MAXSIZE - pos);

	CHECK(!shmem_fallocate(f, 3, pos, n));
	memset(shadow + pos, 0, min_t(loff_t, n, MAXSIZE - pos));
}

static void op_mapped(void)
{
	loff_t pos = ALIGN_DOWN(rnd_below(MAXSIZE), 8ul);
	u64 v = rnd(), got;
	bool there = pos < ALIGN(size, (loff_t)PAGE_SIZE);

	if (rnd_one_in(2)) {
		CHECK(host_load8(MAPPED + pos, &got) == (there ? 0 : 7));
		if (there && pos + 8 <= size)
			CHECK(!memcmp(&got, shadow + pos, 8));
	} else if (pos + 8 <= size) {
		CHECK(host_store8(MAPPED + pos, v) == 0);
		memcpy(shadow + pos, &v, 8);
	}
}

static void check_holes(void)
{
	struct address_space *m = f->f_mapping;

	CHECK((unsigned long)xa_verify(&m->i_pages) == m->nrpages);
	CHECK(f->f_inode->i_blocks == m->nrpages * 8);
	CHECK(global_node_page_state(NR_SHMEM) == m->nrpages);
	CHECK(vm_memory_committed() == m->nrpages);
}

static void storm(void)
{
	memset(shadow, 0, sizeof(shadow));
	size = 0;
	for (unsigned i = 0; i < 6000; i++) {
		switch (rnd_below(10)) {
		case 0: case 1: case 2: op_write(); break;
		case 3: op_truncate(); break;
		case 4: op_punch(); break;
		case 5: if (rnd_one_in(4)) CHECK(!shmem_fallocate(f, 1, rnd_below(MAXSIZE), 5000)); break;
		case 6: case 7: op_mapped(); break;
		default: check_read(rnd_below(MAXSIZE), 1 + rnd_below(MAXSIZE / 2));
		}
		if (i % 64 == 0) {
			check_holes();
			check_read(0, MAXSIZE);
		}
	}
	ok(true, "6000 random steps agree with the shadow");
}

static void test_limits(void)
{
	struct shmem_sb_info sbi = { .max_blocks = 4 };
	struct iov_iter it;
	loff_t pos = 0;
	u64 total, avail;

	SHMEM_I(f->f_inode)->sbinfo = &sbi;
	iov_iter_kernel(&it, buf, 6 * PAGE_SIZE);
	is_int(shmem_file_write(f, &it, &pos), 4 * PAGE_SIZE, "a write stops at the instance's limit");
	iov_iter_kernel(&it, buf, 10);
	is_int(shmem_file_write(f, &it, &pos), -ENOSPC, "then ENOSPC");
	shmem_statfs(&sbi, &total, &avail);
	ok(total == 4 && avail == 0, "statfs says full");
	CHECK(!world_truncate(f->f_inode, 0));
	shmem_statfs(&sbi, &total, &avail);
	ok(total == 4 && avail == 4, "and empty after truncation");
	is_int(shmem_fallocate(f, 0, 0, 5 * PAGE_SIZE), -ENOSPC, "too large a preallocation");
	SHMEM_I(f->f_inode)->sbinfo = NULL;
}

static void test_seals(void)
{
	struct iov_iter it;
	loff_t pos = 0;

	is_int(shmem_add_seals(f, F_SEAL_GROW), -EPERM, "a file that is not a memfd is sealed for sealing");
	SHMEM_I(f->f_inode)->seals = 0;
	CHECK(!world_truncate(f->f_inode, 100));
	is_int(shmem_add_seals(f, F_SEAL_GROW), 0, "F_SEAL_GROW");
	iov_iter_kernel(&it, buf, 101);
	is_int(shmem_file_write(f, &it, &pos), -EPERM, "no growth by write");
	is_int(world_truncate(f->f_inode, 101), -EPERM, "nor by truncate");
	is_int(shmem_add_seals(f, F_SEAL_WRITE), -EBUSY, "no F_SEAL_WRITE while mapped writable");
	CALL(munmap, MAPPED, MAXSIZE, 0, 0, 0, 0);
	is_int(shmem_add_seals(f, F_SEAL_WRITE | F_SEAL_SEAL), 0, "F_SEAL_WRITE");
	iov_iter_kernel(&it, buf, 1);
	is_int(shmem_file_write(f, &it, &pos), -EPERM, "no write");
	is_int(CALL(mmap, MAPPED, PAGE_SIZE, 3, MAP_SHARED | MAP_FIXED, 3, 0), -EPERM, "no writable mapping");
	is_int(CALL(mmap, MAPPED, PAGE_SIZE, 1, MAP_SHARED | MAP_FIXED, 3, 0), MAPPED, "a read-only one");
	is_int(CALL(mprotect, MAPPED, PAGE_SIZE, 3, 0, 0, 0), -EACCES, "that stays so");
	is_int(shmem_get_seals(f), F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL, "F_GET_SEALS");
}

/* Nodes of the cache that left it are freed later: now. */
static void free_what_waits(void)
{
	for (unsigned i = 0; i < 4; i++) {
		rcu_hurry();
		rcu_quiet();
	}
}

static void test_alloc_failures(void)
{
	FOR_EACH_ALLOC_FAILURE({
		struct file *g = shmem_file_setup("g", 0, VM_NORESERVE);

		if (!IS_ERR(g)) {
			struct iov_iter it;
			loff_t pos = 70 * PAGE_SIZE;
			ssize_t n;

			iov_iter_kernel(&it, buf, 3 * PAGE_SIZE);
			n = shmem_file_write(g, &it, &pos);
			CHECK(n == 3 * PAGE_SIZE || shim_alloc_failed());
			CHECK(g->f_inode->i_blocks == g->f_mapping->nrpages * 8);
			fput(g);
		}
		free_what_waits();
	}, true);
	is_int(vm_memory_committed(), 0, "allocation failures leave no promise behind");
}

int main(void)
{
	struct mm_struct *mm;

	world_init(3, 1);
	mm = world_mm();
	test_alloc_failures();
	f = world_fd3 = shmem_file_setup("f", 0, VM_NORESERVE);
	CHECK(CALL(mmap, MAPPED, MAXSIZE, 3, MAP_SHARED | MAP_FIXED, 3, 0) == (long)MAPPED);
	storm();
	CHECK(!world_truncate(f->f_inode, 0));
	test_limits();
	test_seals();
	world_mm_end(mm);
	world_fd3 = NULL;
	fput(f);
	is_int(world_files, 0, "no file is left");
	is_int(vm_memory_committed(), 0, "no promise is left");
	is_int(host_stale, 0, "no stale translation was used");
	world_end();
	return done_testing();
}
