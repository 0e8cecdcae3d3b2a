/*
 * test/host/mm/space/space_world.h - just enough of files and tasks for tests of mm/space and mm/cache over
 * the real mm/fault, mm/pt and the host ISA.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TEST_SPACE_WORLD_H
#define TEST_SPACE_WORLD_H

#include "test/host/tap.h"
#include "test/host/arch/host.h"
#include "include/fs.h"
#include "include/uapi/errno.h"
#include "include/uapi/mman.h"
#include "mm/cache/shmem.h"
#include "mm/fault/fault.h"
#include "mm/phys/zone.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"
#include "mm/policy/account.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

long sys_mmap(long, long, long, long, long, long);
long sys_munmap(long, long, long, long, long, long);
long sys_mprotect(long, long, long, long, long, long);
long sys_mremap(long, long, long, long, long, long);
long sys_brk(long, long, long, long, long, long);
long sys_madvise(long, long, long, long, long, long);
long sys_mlock(long, long, long, long, long, long);
long sys_munlock(long, long, long, long, long, long);
long sys_msync(long, long, long, long, long, long);
long sys_mseal(long, long, long, long, long, long);
long sys_remap_file_pages(long, long, long, long, long, long);
#define CALL(name, a, b, c, d, e, f) \
	sys_##name((long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* ---- files ----------------------------------------------------------------------------------- */
static struct super_block world_sb = { .s_maxbytes = ~0ull >> 1 };
static long world_files;

struct file *shmem_alloc_file(__maybe_unused const char *name, umode_t mode)
{
	struct inode *inode = shim_alloc(sizeof(*inode));
	struct file *f = shim_alloc(sizeof(*f));

	if (!inode || !f || (memset(inode, 0, sizeof(*inode)), inode->i_mapping = &inode->i_data,
			     address_space_init(&inode->i_data, inode, NULL),
			     shmem_init_mapping(inode, NULL))) {
		shim_free(inode);
		shim_free(f);
		return ERR_PTR(-ENOMEM);
	}
	inode->i_mode = mode;
	inode->i_sb = &world_sb;
	init_rwsem(&inode->i_rwsem, RANK_VFS);
	*f = (struct file){ .f_mode = FMODE_READ | FMODE_WRITE, .f_op = inode->i_fop, .f_inode = inode,
			    .f_mapping = inode->i_mapping };
	atomic_set(&f->f_count, 1);
	world_files++;
	return f;
}

void fput(struct file *f)
{
	if (!atomic_dec_and_test(&f->f_count))
		return;
	shmem_evict_inode(f->f_inode);
	shim_free(f->f_inode);
	shim_free(f);
	world_files--;
}

static struct file *world_fd3;
struct file *fget(unsigned fd) { return fd == 3 && world_fd3 ? get_file(world_fd3) : NULL; }
void file_accessed(__maybe_unused struct file *f) { }
void file_update_time(__maybe_unused struct file *f) { }
int file_remove_privs(__maybe_unused struct file *f) { return 0; }
bool may_see_residency(__maybe_unused struct inode *inode) { return true; }
bool path_noexec(__maybe_unused const struct path *p) { return false; }
int send_sig(__maybe_unused int s, __maybe_unused struct task_struct *t, __maybe_unused int p) { return 0; }
unsigned task_personality(void) { return 0; }
unsigned long get_random_long(void) { return rnd(); }
bool thread_stack_guard(__maybe_unused vaddr_t addr) { return false; }
loff_t generic_file_llseek_size(__maybe_unused struct file *f, loff_t off, __maybe_unused int whence,
				__maybe_unused loff_t max, __maybe_unused loff_t eof) { return off; }

void split_page(__maybe_unused struct page *page, unsigned order) { CHECK(!order); }	/* blocks are never had */
struct ratelimit_state;
bool __ratelimit(__maybe_unused struct ratelimit_state *rs, __maybe_unused unsigned burst) { return true; }
unsigned long arch_clear_user(void __user *to, unsigned long n) { memset(to, 0, n); return 0; }

/* ftruncate(2) and fallocate(2) hold the file's lock. */
static inline void world_setsize(struct inode *inode, loff_t size)
{
	down_write(&inode->i_rwsem);
	truncate_setsize(inode, size);
	up_write(&inode->i_rwsem);
}

static inline int world_truncate(struct inode *inode, loff_t size)
{
	int rc;

	down_write(&inode->i_rwsem);
	rc = shmem_truncate(inode, size);
	up_write(&inode->i_rwsem);
	return rc;
}

/* ---- address spaces -------------------------------------------------------------------------- */
/* What is left cached is given back. */
static inline void world_end(void)
{
	if (!zero_page)
		return;
	pt_cache_drain();
	__ClearPageReserved(zero_page);
	__free_page(zero_page);
	zero_page = NULL;
}

/* May be called again, for other levels. */
static inline void world_init(unsigned levels, unsigned harts)
{
	static bool caches;

	world_end();
	host_arch_init(levels, harts);
	fault_init();
	if (!caches) {
		mm_init_space();
		page_cache_init();
		shmem_init();
		caches = true;
	}
}

/* A space for the executing hart, laid out as exec does. */
static inline struct mm_struct *world_mm(void)
{
	struct mm_struct *mm = mm_alloc();

	CHECK(mm);
	arch_pick_mmap_layout(mm);
	host_enter_mm(mm);
	current_base()->vma_seen_nr = 0;	/* of its former space */
	return mm;
}

static inline void world_mm_end(struct mm_struct *mm)
{
	host_enter_mm(NULL);
	mmput(mm);
}

#endif
