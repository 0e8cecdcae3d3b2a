/*
 * fs/proc/map_files.c - /proc/PID/map_files: a link for each region that maps a file, named START-END.
 *
 * MODEL     As with /proc/PID/fd, a link is the file itself.  To read it takes the right to look into the process;
 *           to go there, a capability, for the file may be one that no path of the caller's leads to.
 *           The position in the directory is a page number: the next name is that of the first region
 *           from there on, so that a read goes on where it was whatever was mapped meanwhile.
 * LOCKING   mmap_lock of the process for reading while a region is looked at, never while user memory is written.
 * TESTS     test/user/t_procfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/dcache.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "include/uapi/dirent.h"
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "lib/kstrtox.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

struct region_name { unsigned long start, end; };

/* One hexadecimal number that ends at @stop, written in the one way that we write it.  NULL: it is none */
static const char *parse_address(const char *s, char stop, unsigned long *v)
{
	unsigned digits = 0;

	*v = 0;
	for (;; s++, digits++) {
		unsigned c = (u8)*s, low = c | 0x20;

		if (!(c - '0' < 10u) && !(low - 'a' < 6u))
			break;
		if (digits == 16 || (digits && !*v))
			return NULL;
		*v = *v << 4 | (c <= '9' ? c - '0' : low - 'a' + 10);
	}
	return digits && *s == stop ? s + 1 : NULL;
}

static bool parse_name(const struct dentry *d, struct region_name *r)
{
	const char *s = parse_address(d->d_name, '-', &r->start);

	return s && parse_address(s, 0, &r->end) && strlen(d->d_name) == d->d_len;
}

/* The file of @mm's region @r, counted; NULL: there is no such region. */
static struct file *exact_region(struct mm_struct *mm, const struct region_name *r)
{
	struct vm_area_struct *vma;
	struct file *f = NULL;

	if (mmap_read_lock_killable(mm))
		return NULL;
	vma = find_vma(mm, r->start);
	if (vma && vma->vm_start == r->start && vma->vm_end == r->end && vma->vm_file)
		f = get_file(vma->vm_file);
	mmap_read_unlock(mm);
	return f;
}

/*
 * The file that exactly the region called @d of the task of @inode maps, counted; ERR_PTR: not for us to see, or
 * no such region.
 */
static struct file *region_file(const struct inode *inode, const struct dentry *d)
{
	struct task_struct *t = get_proc_task(inode);
	struct mm_struct *mm = NULL;
	struct file *f = NULL;
	struct region_name r;

	if (t) {
		mm = mm_access(t, PTRACE_MODE_READ_FSCREDS);
		put_task_struct(t);
	}
	if (IS_ERR(mm))
		return ERR_PTR(PTR_ERR(mm));
	if (!mm)
		return ERR_PTR(-ENOENT);
	if (parse_name(d, &r))
		f = exact_region(mm, &r);
	mmput(mm);
	return f ? f : ERR_PTR(-ENOENT);
}

/* ---- links ----------------------------------------------------------------------------------- */

static int map_files_target(struct dentry *d, struct path *to)
{
	struct file *f = region_file(d->d_inode, d);

	if (IS_ERR(f))
		return PTR_ERR(f);
	*to = f->f_path;
	path_get(to);
	fput(f);
	return 0;
}

static int map_files_jump(struct dentry *d, struct path *to)
{
	if (!may_restore())
		return -EPERM;
	return map_files_target(d, to);
}

static const struct inode_operations link_iops = { .jump_link = map_files_jump, .jump_target = map_files_target };

static int link_revalidate(struct dentry *d, __maybe_unused unsigned flags)
{
	struct file *f = d->d_inode ? region_file(d->d_inode, d) : NULL;

	if (!f || IS_ERR(f))
		return 0;
	fput(f);
	return 1;
}
static const struct dentry_operations link_dentry_ops = { .revalidate = link_revalidate };

static struct dentry *map_files_lookup(struct inode *dir, struct dentry *d, __maybe_unused unsigned flags)
{
	struct file *f = region_file(dir, d);
	struct task_struct *t;
	struct inode *inode;
	umode_t mode;

	if (IS_ERR(f))
		return ERR_PTR(PTR_ERR(f));
	mode = S_IFLNK | (f->f_mode & FMODE_READ ? S_IRUSR : 0) | (f->f_mode & FMODE_WRITE ? S_IWUSR : 0);
	fput(f);
	t = get_proc_task(dir);
	if (!t)
		return ERR_PTR(-ENOENT);
	inode = proc_pid_make_inode(dir->i_sb, t, mode, false);
	put_task_struct(t);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	inode->i_size = 64;
	inode->i_op = &link_iops;
	d->d_op = &link_dentry_ops;
	d->d_flags |= DCACHE_UNCACHED;
	return proc_add(d, inode);
}

/* ---- the directory --------------------------------------------------------------------------- */

/* The first region with a file that ends above @from; false: there is none. */
static bool next_region(struct mm_struct *mm, unsigned long from, struct region_name *r)
{
	struct vm_area_struct *vma;

	if (mmap_read_lock_killable(mm))
		return false;
	vma = find_vma(mm, from);
	while (vma && !vma->vm_file)
		vma = vma->vm_next;
	if (vma)
		*r = (struct region_name){ vma->vm_start, vma->vm_end };
	mmap_read_unlock(mm);
	return vma;
}

static void emit_regions(struct file *f, struct dir_context *ctx, struct mm_struct *mm)
{
	struct region_name r;
	char name[40];

	if (!dir_emit_dots(f, ctx))
		return;
	while (next_region(mm, (unsigned long)(ctx->pos - 2) << PAGE_SHIFT, &r)) {
		int len = snprintf(name, sizeof(name), "%lx-%lx", r.start, r.end);

		ctx->pos = 2 + (r.start >> PAGE_SHIFT);
		if (!dir_emit(ctx, name, len, f->f_inode->i_ino + ctx->pos, DT_LNK))
			return;
		ctx->pos = 2 + (r.end >> PAGE_SHIFT);
		cond_resched();
	}
}

static int map_files_readdir(struct file *f, struct dir_context *ctx)
{
	struct task_struct *t = get_proc_task(f->f_inode);
	struct mm_struct *mm;

	if (!t)
		return -ENOENT;
	mm = mm_access(t, PTRACE_MODE_READ_FSCREDS);
	put_task_struct(t);
	if (IS_ERR(mm))
		return PTR_ERR(mm);
	if (!mm) {
		(void)dir_emit_dots(f, ctx);
		return 0;
	}
	emit_regions(f, ctx, mm);
	mmput(mm);
	return 0;
}

const struct inode_operations proc_map_files_iops = { .lookup = map_files_lookup, .setattr = proc_setattr };
const struct file_operations proc_map_files_fops = {
	.iterate = map_files_readdir, .read = generic_read_dir, .llseek = no_seek_end_llseek,
};
