/*
 * fs/proc/sysctl.c - /proc/sys: values of the kernel as files.
 *
 * MODEL     A table names the values of one directory; a handler turns a value into text and back.  Handlers
 *           work on a kernel buffer of up to a page.
 *           What is written at an offset is not the start of a value.  sysctl_writes_strict says what becomes of it:
 *             1     numbers: it is ignored; a text grows by it, if it begins within the text or at its end
 *             0     it is taken for a start, and whoever does that is named in the log, once
 *             -1    it is taken for a start
 * TESTS     test/user/t_sysctl.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/leases.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"
#include "mm/policy/account.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"

int sysctl_writes_strict = SYSCTL_WRITES_STRICT;

/* ---- handlers -------------------------------------------------------------------------------- */

/* @buf up to a line's end becomes what stands in the value from @pos on. */
static void store_string(const struct ctl_table *t, const char *buf, size_t pos)
{
	char *value = t->data;
	size_t n = min(strcspn(buf, "\n"), (size_t)t->maxlen - 1 - pos);

	memcpy(value + pos, buf, n);
	value[pos + n] = 0;
}

int proc_dostring(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	char *value = t->data;

	if (write) {
		store_string(t, buf, 0);
		return 0;
	}
	*len = scnprintf(buf, PAGE_SIZE, "%s\n", value);
	return 0;
}

/* The next number of *@s, which moves past it; false at the end or at something else. */
bool ctl_next_number(char **s, long *v, int *rc)
{
	char *p = skip_spaces(*s), *end;

	*rc = 0;
	if (!*p)
		return false;
	*v = simple_strtol(p, &end, 0);
	if (end == p || (*end && *end != ' ' && *end != '\t' && *end != '\n')) {
		*rc = -EINVAL;
		return false;
	}
	*s = end;
	return true;
}

static bool in_range(const struct ctl_table *t, long v)
{
	return (!t->min && !t->max) || (v >= t->min && v <= t->max);
}

int proc_dointvec(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	unsigned n = t->maxlen / sizeof(int);
	int *value = t->data, rc = 0;
	long v;

	if (!write) {
		*len = 0;
		for (unsigned i = 0; i < n; i++)
			*len += scnprintf(buf + *len, PAGE_SIZE - *len, i ? "\t%d" : "%d", value[i]);
		*len += scnprintf(buf + *len, PAGE_SIZE - *len, "\n");
		return 0;
	}
	for (unsigned i = 0; i < n && ctl_next_number(&buf, &v, &rc); i++) {
		if (v != (int)v || !in_range(t, v))
			return -EINVAL;
		value[i] = v;
	}
	return rc;
}

int proc_doulongvec(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	unsigned n = t->maxlen / sizeof(long);
	unsigned long *value = t->data;
	int rc = 0;
	long v;

	if (!write) {
		*len = 0;
		for (unsigned i = 0; i < n; i++)
			*len += scnprintf(buf + *len, PAGE_SIZE - *len, i ? "\t%lu" : "%lu", value[i]);
		*len += scnprintf(buf + *len, PAGE_SIZE - *len, "\n");
		return 0;
	}
	for (unsigned i = 0; i < n && ctl_next_number(&buf, &v, &rc); i++) {
		if (v < 0 || !in_range(t, v))
			return -EINVAL;
		value[i] = v;
	}
	return rc;
}

int ctl_show_long(char *buf, size_t *len, long v)
{
	*len = scnprintf(buf, PAGE_SIZE, "%ld\n", v);
	return 0;
}

/* One non-negative number, for handlers that do something with it. */
int ctl_parse_one(char *buf, long *v)
{
	int rc;

	return ctl_next_number(&buf, v, &rc) && *v >= 0 ? 0 : -EINVAL;
}

/* ---- vm -------------------------------------------------------------------------------------- */

static int do_min_free_kbytes(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	long v;

	if (!write)
		return ctl_show_long(buf, len, min_free_kbytes);
	return ctl_parse_one(buf, &v) ? -EINVAL : min_free_kbytes_set(v);
}

/* Each is an other way to say how much: what was said last holds. */
static void use_overcommit_ratio(void) { sysctl_overcommit_kbytes = 0; }
static void use_overcommit_kbytes(void) { sysctl_overcommit_ratio = 0; }

static struct ctl_table vm_table[] = {
	CTL_INT("overcommit_memory", sysctl_overcommit_memory, 0644, 0, 2),
	{ .name = "overcommit_ratio", .data = &sysctl_overcommit_ratio, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .changed = use_overcommit_ratio },
	{ .name = "overcommit_kbytes", .data = &sysctl_overcommit_kbytes, .maxlen = sizeof(long), .mode = 0644,
	  .handler = proc_doulongvec, .changed = use_overcommit_kbytes },
	CTL_INT("max_map_count", sysctl_max_map_count, 0644, 0, 0x7fffffff),
	CTL_INT("nonlinear", sysctl_nonlinear, 0644, 0, 1),
	CTL_ULONG("mmap_min_addr", mmap_min_addr, 0644),
	CTL_ULONG("user_reserve_kbytes", sysctl_user_reserve_kbytes, 0644),
	CTL_ULONG("admin_reserve_kbytes", sysctl_admin_reserve_kbytes, 0644),
	CTL_FN("min_free_kbytes", do_min_free_kbytes, 0644),
	{ .name = "watermark_scale_factor", .data = &watermark_scale_factor, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 1, .max = 3000, .changed = setup_per_zone_wmarks },
};

/* ---- fs -------------------------------------------------------------------------------------- */

static int do_file_nr(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf, size_t *len)
{
	*len = scnprintf(buf, PAGE_SIZE, "%d\t0\t%lu\n", atomic_read(&nr_files), files_max);
	return 0;
}

static int do_inode_nr(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf, size_t *len)
{
	*len = scnprintf(buf, PAGE_SIZE, "%d\t0\n", atomic_read(&nr_inodes_total));
	return 0;
}

static int do_inode_state(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf,
			  size_t *len)
{
	*len = scnprintf(buf, PAGE_SIZE, "%d\t0\t0\t0\t0\t0\t0\n", atomic_read(&nr_inodes_total));
	return 0;
}

static int do_dentry_state(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf,
			   size_t *len)
{
	*len = scnprintf(buf, PAGE_SIZE, "%lu\t%lu\t45\t0\t0\t0\n", nr_dentry, nr_dentry_unused);
	return 0;
}

static int fs_overflowuid = 65534, fs_overflowgid = 65534;

static struct ctl_table fs_table[] = {
	CTL_ULONG("file-max", files_max, 0644),
	CTL_FN("file-nr", do_file_nr, 0444),
	CTL_FN("inode-nr", do_inode_nr, 0444), CTL_FN("inode-state", do_inode_state, 0444),
	CTL_INT("mount-max", sysctl_mount_max, 0644, 1, 0x7fffffff),
	CTL_FN("dentry-state", do_dentry_state, 0444),
	CTL_INT("nr_open", sysctl_nr_open, 0644, 64, INT32_MAX & ~63),
	CTL_INT("protected_symlinks", sysctl_protected_symlinks, 0644, 0, 1),
	CTL_INT("protected_hardlinks", sysctl_protected_hardlinks, 0644, 0, 1),
	CTL_INT("leases-enable", sysctl_leases_enable, 0644, INT32_MIN, INT32_MAX),
	CTL_INT("lease-break-time", sysctl_lease_break_time, 0644, INT32_MIN, INT32_MAX),
	CTL_INT("suid_dumpable", suid_dumpable, 0644, SUID_DUMP_DISABLE, SUID_DUMP_ROOT),
	CTL_INT("protected_fifos", sysctl_protected_fifos, 0644, 0, 2),
	CTL_INT("protected_regular", sysctl_protected_regular, 0644, 0, 2),
	CTL_INT("overflowuid", fs_overflowuid, 0644, 0, 65535),
	CTL_INT("overflowgid", fs_overflowgid, 0644, 0, 65535),
};

/* ---- files ----------------------------------------------------------------------------------- */

static const struct ctl_table *file_table(struct file *f) { return PDE(f->f_inode)->data; }

static ssize_t sysctl_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	const struct ctl_table *t = file_table(f);
	char *buf = (char *)__get_free_page(GFP_KERNEL);
	size_t len = 0;
	ssize_t rc;

	if (!buf)
		return -ENOMEM;
	rc = t->handler(t, false, buf, &len);
	if (!rc)
		rc = simple_read_from_buffer(to, pos, buf, len);
	free_page((unsigned long)buf);
	return rc;
}

/* May what is written at @pos > 0 be taken for a whole value? */
static bool write_anywhere(const struct ctl_table *t)
{
	int strict = READ_ONCE(sysctl_writes_strict);

	if (strict == SYSCTL_WRITES_WARN)
		pr_warn_once("%s wrote to %s when file position was not 0!\n", current->comm, t->name);
	return strict != SYSCTL_WRITES_STRICT;
}

/* What is written behind the start of a value. */
static int write_at(const struct ctl_table *t, char *buf, size_t *len, loff_t pos)
{
	if (write_anywhere(t))
		return t->handler(t, true, buf, len);
	if (t->handler == proc_dostring && pos <= (loff_t)strlen(t->data))
		store_string(t, buf, pos);
	return 0;
}

static ssize_t sysctl_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	const struct ctl_table *t = file_table(f);
	size_t n = from->count;
	char *buf;
	ssize_t rc;

	if (n >= PAGE_SIZE)
		return -ENOMEM;
	if (!(t->mode & 0200) && !t->may_write)
		return -EPERM;
	buf = (char *)__get_free_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	rc = copy_from_iter(buf, n, from) == n ? 0 : -EFAULT;
	if (!rc) {
		buf[n] = 0;
		rc = *pos ? write_at(t, buf, &n, *pos) : t->handler(t, true, buf, &n);
	}
	if (!rc) {
		if (t->changed)
			t->changed();
		*pos += n;
		rc = n;
	}
	free_page((unsigned long)buf);
	return rc;
}

static const struct file_operations sysctl_fops = {
	.read = sysctl_read, .write = sysctl_write, .llseek = generic_file_llseek,
};

/* The mode decides, for root too: no capability overrides it. */
static int sysctl_permission(struct inode *inode, int mask)
{
	const struct ctl_table *t = PDE(inode)->data;
	umode_t mode = inode->i_mode;

	if (t && t->may_write && t->may_write())
		mode |= S_IWUGO;
	if (!current_euid())
		mode >>= 6;
	else if (in_egroup_p(0))
		mode >>= 3;
	return mask & (MAY_READ | MAY_WRITE | MAY_EXEC) & ~mode ? -EACCES : 0;
}

static int sysctl_setattr(struct dentry *d, struct iattr *attr)
{
	if (attr->ia_valid & (ATTR_MODE | ATTR_UID | ATTR_GID))
		return -EPERM;
	return simple_setattr(d, attr);
}

static const struct inode_operations sysctl_iops = { .permission = sysctl_permission, .setattr = sysctl_setattr };
static const struct inode_operations sysctl_dir_iops = {
	.lookup = proc_static_lookup, .permission = sysctl_permission, .setattr = sysctl_setattr,
	.getattr = pde_getattr,
};

/* The directory sys/@dir, its parents made as needed. */
static struct proc_dir_entry *sysctl_dir(struct proc_dir_entry *parent, const char *name, unsigned len)
{
	struct proc_dir_entry *p;
	char buf[32];

	for (p = parent->subdir; p; p = p->next)
		if (p->namelen == len && !memcmp(p->name, name, len))
			return p;
	if (len >= sizeof(buf))
		return NULL;
	memcpy(buf, name, len);
	buf[len] = 0;
	p = proc_mkdir(buf, parent);
	if (p)
		p->iops = &sysctl_dir_iops;
	return p;
}

int register_sysctl(const char *dir, const struct ctl_table *table, unsigned n)
{
	struct proc_dir_entry *d = sysctl_dir(&proc_root, "sys", 3);

	while (d && *dir) {
		unsigned len = strcspn(dir, "/");

		d = sysctl_dir(d, dir, len);
		dir += len + (dir[len] == '/');
	}
	for (unsigned i = 0; d && i < n; i++) {
		const struct ctl_table *t = &table[i];
		struct proc_dir_entry *p = proc_create(t->name, t->mode, d, &sysctl_fops, (void *)t);

		if (!p)
			return -ENOMEM;
		p->iops = &sysctl_iops;
	}
	return d ? 0 : -ENOMEM;
}

void __init proc_sysctl_init(void)
{
	proc_sysctl_kernel_init();
	(void)register_sysctl("vm", vm_table, ARRAY_SIZE(vm_table));
	(void)vm_reclaim_sysctl_init();
	(void)register_sysctl("fs", fs_table, ARRAY_SIZE(fs_table));
	(void)register_sysctl("net", NULL, 0);
}
