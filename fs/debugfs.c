/*
 * fs/debugfs.c - what looks into the kernel and upsets it on purpose; mounted on /sys/kernel/debug.
 *
 * MODEL     page_owner             who allocated each live page (page_owner=on)
 *           tlb                    fences, switches of address spaces, roll-overs of their identifiers
 *           fault_locks            locks that page faults took, by rank, and how many of them another hart had taken
 *                                  last (debug builds)
 *           fail_page_alloc/       allocations that fail on purpose (mm/phys/page_debug.c), with the files of
 *                                  Linux: probability interval times space verbose task-filter
 *                                  ignore-gfp-wait ignore-gfp-highmem min-order
 *           slab/CACHE/            alloc_traces, free_traces of each cache with tracks (slab_debug=U) that there is
 *                                  when the tree is made
 *           failslab/              the same for objects (mm/slab/failslab.c), with cache-filter
 *           The tree is made at the first mount: a machine that never asks does not pay for it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/debugfs.h"
#include "fs/attrfs.h"
#include "fs/file.h"
#include "fs/seq_file.h"
#include "include/arch/tlb_stat.h"
#include "include/uapi/statfs.h"
#include "kernel/sync/lockstat.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "mm/phys/page_debug.h"
#include "mm/slab/failslab.h"
#include "mm/slab/slab.h"

static struct super_block *debugfs_sb;
static DEFINE_MUTEX(debugfs_mutex, RANK_NONE);

/* ---- page_owner ------------------------------------------------------------------------------ */

/* The position is a frame's number: a record is shown as it is when its turn comes. */
static void *owner_at(loff_t *pos)
{
	pfn_t pfn = page_owner_next(*pos);

	*pos = pfn == PFN_NONE ? *pos : (loff_t)pfn;
	return pfn == PFN_NONE ? NULL : (void *)(pfn + 1);
}

static void *owners_start(__maybe_unused struct seq_file *m, loff_t *pos) { return owner_at(pos); }
static void owners_stop(__maybe_unused struct seq_file *m, __maybe_unused void *v) {}
static void *owners_next(__maybe_unused struct seq_file *m, __maybe_unused void *v, loff_t *pos)
{
	cond_resched();
	++*pos;
	return owner_at(pos);
}

static int owners_show(struct seq_file *m, void *v)
{
	page_owner_show(m, (pfn_t)v - 1);
	return 0;
}

static const struct seq_operations owners_ops = { owners_start, owners_stop, owners_next, owners_show };
static int page_owner_open(__maybe_unused struct inode *inode, struct file *f) { return seq_open(f, &owners_ops); }

static const struct file_operations page_owner_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = page_owner_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = seq_release,
};

/* ---- slab ------------------------------------------------------------------------------------ */

/* The cache is the directory of the file. */
static int show_slab_traces(struct seq_file *m, __maybe_unused void *v)
{
	const struct dentry *d = ((struct file *)m->private)->f_path.dentry;
	char cache[64];

	snprintf(cache, sizeof(cache), "%.*s", (int)d->d_parent->d_len, d->d_parent->d_name);
	return slab_traces_show(m, cache, d->d_name[0] == 'f');
}

static int slab_traces_open(__maybe_unused struct inode *inode, struct file *f)
{
	return single_open_size(f, show_slab_traces, f, 32 * PAGE_SIZE);
}

static const struct file_operations slab_traces_fops = {
	.fop_flags = FOP_NO_SPLICE,
	.open = slab_traces_open, .read = seq_read, .llseek = no_seek_end_llseek, .release = single_release,
};

static int create_slab_traces(struct super_block *sb, const char *cache)
{
	char path[96];
	int rc;

	snprintf(path, sizeof(path), "slab/%s/alloc_traces", cache);
	rc = attrfs_create_fops(sb, path, 0400, &slab_traces_fops);
	snprintf(path, sizeof(path), "slab/%s/free_traces", cache);
	return rc | attrfs_create_fops(sb, path, 0400, &slab_traces_fops);
}

struct nth_cache { unsigned nr; char name[64]; };

static int find_nth_tracked(struct kmem_cache *s, void *data)
{
	struct nth_cache *n = data;

	if (!(kmem_cache_debug_flags(s) & SLAB_STORE_USER) || n->nr--)
		return 0;
	snprintf(n->name, sizeof(n->name), "%s", kmem_cache_name(s));
	return 1;
}

/* One at a time, for names need memory and the list of caches is locked. */
static int create_slab_dirs(struct super_block *sb)
{
	int rc = 0;

	for (unsigned i = 0; !rc; i++) {
		struct nth_cache n = { .nr = i };

		if (!for_each_cache(find_nth_tracked, &n))
			break;
		rc = create_slab_traces(sb, n.name);
	}
	return rc;
}

/* ---- failures on purpose --------------------------------------------------------------------- */

static ssize_t show_unsigned(void *data, char *buf) { return scnprintf(buf, PAGE_SIZE, "%u\n", *(unsigned *)data); }
static ssize_t show_long(void *data, char *buf) { return scnprintf(buf, PAGE_SIZE, "%ld\n", *(long *)data); }
static ssize_t show_bool(void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%c\n", *(unsigned *)data ? 'Y' : 'N');
}

/* What fails must know, for it looks at these values only if something is to fail. */
static void faults_changed(void)
{
	fail_page_alloc_changed();
	failslab_changed();
}

static ssize_t store_unsigned(void *data, const char *buf, size_t n)
{
	int rc = kstrtouint(buf, 0, data);

	faults_changed();
	return rc ? rc : (ssize_t)n;
}

static ssize_t store_long(void *data, const char *buf, size_t n)
{
	int rc = kstrtol(buf, 0, data);

	faults_changed();
	return rc ? rc : (ssize_t)n;
}

static ssize_t store_bool(void *data, const char *buf, size_t n)
{
	bool value;
	int rc = kstrtobool(buf, &value);

	if (!rc)
		*(unsigned *)data = value;
	return rc ? rc : (ssize_t)n;
}

struct fault_file {
	const char *name;
	attr_show_fn show;
	attr_store_fn store;
	void *data;
};

static int create_fault_file(struct super_block *sb, const char *dir, const struct fault_file *f)
{
	char path[48];

	snprintf(path, sizeof(path), "%s/%s", dir, f->name);
	return attrfs_create_file(sb, path, 0600, f->show, f->store, f->data);
}

/* The files that all have. */
static int create_fault_files(struct super_block *sb, const char *dir, struct fault_attr *a)
{
	const struct fault_file files[] = {
		{ "probability", show_unsigned, store_unsigned, &a->probability },
		{ "interval", show_unsigned, store_unsigned, &a->interval },
		{ "times", show_long, store_long, &a->times },
		{ "space", show_long, store_long, &a->space },
		{ "verbose", show_unsigned, store_unsigned, &a->verbose },
		{ "task-filter", show_bool, store_bool, &a->task_filter },
		{ "ignore-gfp-wait", show_bool, store_bool, &a->ignore_reclaim },
	};
	int rc = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
		rc |= create_fault_file(sb, dir, &files[i]);
	return rc;
}

static ssize_t show_tlb(__maybe_unused void *data, char *buf) { return arch_tlb_stat_show(buf, PAGE_SIZE); }

#ifdef VELLUM_DEBUG
static ssize_t show_fault_locks(__maybe_unused void *data, char *buf)
{
	static const char *const names[] = {
		[RANK_NONE] = "none", [RANK_MMAP] = "mmap", [RANK_VMA] = "region", [RANK_PAGE] = "page",
		[RANK_I_MMAP] = "i_mmap", [RANK_ANON_VMA] = "anon_vma", [RANK_PGTABLE] = "page_table",
		[RANK_MAPPING] = "mapping", [RANK_LRU] = "lru", [RANK_SLAB] = "slab", [RANK_ZONE] = "zone",
	};
	struct lock_stat sum;
	int n = 0;

	lock_stat_sum(&sum);
	for (unsigned r = 0; r < NR_LOCKRANKS; r++) {
		if (r < ARRAY_SIZE(names) && names[r])
			n += scnprintf(buf + n, PAGE_SIZE - n, "%s", names[r]);
		else
			n += scnprintf(buf + n, PAGE_SIZE - n, "rank%u", r);
		n += scnprintf(buf + n, PAGE_SIZE - n, " %lu %lu\n", sum.taken[r], sum.moved[r]);
	}
	return n;
}

static int create_fault_locks(struct super_block *sb)
{
	return attrfs_create_file(sb, "fault_locks", 0400, show_fault_locks, NULL, NULL);
}
#else
static int create_fault_locks(__maybe_unused struct super_block *sb) { return 0; }
#endif

static int create_files(struct super_block *sb)
{
	const struct fault_file of_pages[] = {
		{ "ignore-gfp-highmem", show_bool, store_bool, &fail_page_alloc.ignore_highmem },
		{ "min-order", show_unsigned, store_unsigned, &fail_page_alloc.min_order },
	};
	const struct fault_file of_slab = { "cache-filter", show_bool, store_bool, &failslab_cache_filter };
	int rc = attrfs_create_fops(sb, "page_owner", 0400, &page_owner_fops);

	rc |= attrfs_create_file(sb, "tlb", 0400, show_tlb, NULL, NULL);
	rc |= create_fault_locks(sb);
	rc |= create_fault_files(sb, "fail_page_alloc", &fail_page_alloc);
	for (unsigned i = 0; i < ARRAY_SIZE(of_pages); i++)
		rc |= create_fault_file(sb, "fail_page_alloc", &of_pages[i]);
	rc |= create_slab_dirs(sb);
	return rc | create_fault_files(sb, "failslab", &failslab) | create_fault_file(sb, "failslab", &of_slab);
}

/* ---- the file system ------------------------------------------------------------------------- */

static struct super_block *make_super(struct file_system_type *type)
{
	struct super_block *sb = attrfs_super(type, DEBUGFS_MAGIC);

	if (!sb)
		return ERR_PTR(-ENOMEM);
	if (create_files(sb)) {
		put_super(sb);
		return ERR_PTR(-ENOMEM);
	}
	return debugfs_sb = sb;
}

static struct super_block *debugfs_mount(struct file_system_type *type, __maybe_unused unsigned long flags,
					 __maybe_unused const char *dev, __maybe_unused char *data)
{
	struct super_block *sb;

	mutex_lock(&debugfs_mutex);
	sb = debugfs_sb ? debugfs_sb : make_super(type);
	if (!IS_ERR(sb))
		atomic_inc(&sb->s_count);	/* the tree stays: one reference is ours */
	mutex_unlock(&debugfs_mutex);
	return sb;
}

struct file_system_type debugfs_fs_type = { .name = "debugfs", .mount = debugfs_mount };
