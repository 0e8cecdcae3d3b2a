/*
 * fs/proc/sysctl.c - /proc/sys: values of the kernel as files.
 *
 * MODEL     A table names the values of one directory; a handler turns a value into text and back.  Handlers
 *           work on a kernel buffer of up to a page.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "fs/libfs.h"
#include "fs/namei.h"
#include "drivers/char/random.h"
#include "include/uapi/utsname.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/table.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/vmstat.h"
#include "mm/phys/zone.h"
#include "mm/slab/slab.h"
#include "mm/space/account.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"

/* ---- handlers -------------------------------------------------------------------------------- */

int proc_dostring(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	char *value = t->data;

	if (write) {
		size_t n = min(strcspn(buf, "\n"), (size_t)t->maxlen - 1);

		memcpy(value, buf, n);
		value[n] = 0;
		return 0;
	}
	*len = scnprintf(buf, PAGE_SIZE, "%s\n", value);
	return 0;
}

/* The next number of *@s, which moves past it; false at the end or at something else. */
static bool next_number(char **s, long *v, int *rc)
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
	for (unsigned i = 0; i < n && next_number(&buf, &v, &rc); i++) {
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
	for (unsigned i = 0; i < n && next_number(&buf, &v, &rc); i++) {
		if (v < 0 || !in_range(t, v))
			return -EINVAL;
		value[i] = v;
	}
	return rc;
}

static int show_long(char *buf, size_t *len, long v)
{
	*len = scnprintf(buf, PAGE_SIZE, "%ld\n", v);
	return 0;
}

/* One non-negative number, for handlers that do something with it. */
static int parse_one(char *buf, long *v)
{
	int rc;

	return next_number(&buf, v, &rc) && *v >= 0 ? 0 : -EINVAL;
}

/* ---- kernel ---------------------------------------------------------------------------------- */

static char core_pattern[128] = "core";
static int sysrq, ngroups_max = NGROUPS_MAX, cap_last_cap = CAP_LAST_CAP;
static int overflowuid = 65534, overflowgid = 65534;

static int do_printk(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	int *value[4] = { &console_loglevel, NULL, &console_loglevel_min, &console_loglevel_default }, rc = 0;
	long v;

	if (!write) {
		*len = scnprintf(buf, PAGE_SIZE, "%d\t%d\t%d\t%d\n", console_loglevel, LOGLEVEL_DEFAULT,
				 console_loglevel_min, console_loglevel_default);
		return 0;
	}
	for (unsigned i = 0; i < 4 && next_number(&buf, &v, &rc); i++)
		if (value[i])
			*value[i] = v;
	return rc;
}

static int do_tainted(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf, size_t *len)
{
	return show_long(buf, len, taint_flags);
}

static int do_threads_max(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	long v;

	if (!write)
		return show_long(buf, len, max_threads);
	if (parse_one(buf, &v) || v < 20)
		return -EINVAL;
	max_threads = v;
	return 0;
}

int kptr_restrict;		/* 1: addresses of the kernel for CAP_SYSLOG only; 2: for nobody */

bool kptr_shown(void)
{
	return kptr_restrict < 2 && capable(CAP_SYSLOG);
}

/* What could be made laxer by who just has the user id of root. */
static int do_sysadmin_int(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	return write && !capable(CAP_SYS_ADMIN) ? -EPERM : proc_dointvec(t, write, buf, len);
}

/* The number after which the next process's is looked for: who restores processes chooses it. */
static int do_last_pid(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	const struct ctl_table one = { .data = t->data, .maxlen = sizeof(int), .min = 0, .max = pid_max };

	return write && !may_restore() ? -EPERM : proc_dointvec(&one, write, buf, len);
}

static void format_uuid(const u8 *u, char *buf, size_t *len)
{
	*len = scnprintf(buf, PAGE_SIZE,
			 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x\n",
			 u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12],
			 u[13], u[14], u[15]);
}

static void make_uuid(u8 *u)
{
	get_random_bytes(u, 16);
	u[6] = (u[6] & 0x0f) | 0x40;	/* version 4 */
	u[8] = (u[8] & 0x3f) | 0x80;
}

static int do_uuid(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf, size_t *len)
{
	u8 u[16];

	make_uuid(u);
	format_uuid(u, buf, len);
	return 0;
}

static int do_boot_id(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf, size_t *len)
{
	static u8 id[16];
	static DEFINE_MUTEX(id_mutex, RANK_SLEEP_LEAF);

	mutex_lock(&id_mutex);
	if (!id[8])
		make_uuid(id);
	mutex_unlock(&id_mutex);
	format_uuid(id, buf, len);
	return 0;
}

static int entropy_avail = RANDOM_POOL_BITS, poolsize = RANDOM_POOL_BITS;

#define STR(n, p, m)	{ .name = n, .data = p, .maxlen = sizeof(p), .mode = m, .handler = proc_dostring }
#define INT(n, p, m, lo, hi) \
	{ .name = n, .data = &(p), .maxlen = sizeof(p), .mode = m, .handler = proc_dointvec, .min = lo, .max = hi }
#define ULONG(n, p, m)	{ .name = n, .data = &(p), .maxlen = sizeof(p), .mode = m, .handler = proc_doulongvec }
#define FN(n, f, m)	{ .name = n, .mode = m, .handler = f }

static struct ctl_table kernel_table[] = {
	STR("ostype", utsname.sysname, 0444), STR("osrelease", utsname.release, 0444),
	STR("version", utsname.version, 0444), STR("arch", utsname.machine, 0444),
	STR("hostname", utsname.nodename, 0644), STR("domainname", utsname.domainname, 0644),
	INT("pid_max", pid_max, 0644, RESERVED_PIDS + 1, PID_MAX_DEFAULT),	/* its table has no more */
	FN("threads-max", do_threads_max, 0644), FN("printk", do_printk, 0644), FN("tainted", do_tainted, 0444),
	INT("panic", panic_timeout, 0644, 0, 0), INT("panic_on_oops", panic_on_oops, 0644, 0, 1),
	INT("panic_on_warn", panic_on_warn, 0644, 0, 1), STR("core_pattern", core_pattern, 0644),
	INT("randomize_va_space", randomize_va_space, 0644, 0, 2), INT("ngroups_max", ngroups_max, 0444, 0, 0),
	INT("cap_last_cap", cap_last_cap, 0444, 0, 0), INT("overflowuid", overflowuid, 0644, 0, 65535),
	INT("overflowgid", overflowgid, 0644, 0, 65535),
	INT("sched_rt_period_us", sysctl_sched_rt_period_us, 0644, 1, 0x7fffffff),
	INT("sched_rt_runtime_us", sysctl_sched_rt_runtime_us, 0644, -1, 0x7fffffff),
	{ .name = "dmesg_restrict", .data = &dmesg_restrict, .maxlen = sizeof(int), .mode = 0644,
	  .handler = do_sysadmin_int, .min = 0, .max = 1 },
	{ .name = "kptr_restrict", .data = &kptr_restrict, .maxlen = sizeof(int), .mode = 0644,
	  .handler = do_sysadmin_int, .min = 0, .max = 2 },
	{ .name = "ns_last_pid", .data = &last_pid, .maxlen = sizeof(int), .mode = 0666, .handler = do_last_pid },
	INT("oops_limit", oops_limit, 0644, 0, 0x7fffffff), INT("warn_limit", warn_limit, 0644, 0, 0x7fffffff),
	INT("sysrq", sysrq, 0644, 0, 511),
	INT("print-fatal-signals", print_fatal_signals, 0644, 0, 0),
};

static struct ctl_table debug_table[] = { INT("exception-trace", show_unhandled_signals, 0644, 0, 0) };

static struct ctl_table random_table[] = {
	FN("uuid", do_uuid, 0444), FN("boot_id", do_boot_id, 0444),
	INT("entropy_avail", entropy_avail, 0444, 0, 0), INT("poolsize", poolsize, 0444, 0, 0),
};

/* ---- vm -------------------------------------------------------------------------------------- */

static int do_min_free_kbytes(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	long v;

	if (!write)
		return show_long(buf, len, min_free_kbytes);
	return parse_one(buf, &v) ? -EINVAL : min_free_kbytes_set(v);
}

/* Each is an other way to say how much: what was said last holds. */
static void use_overcommit_ratio(void) { sysctl_overcommit_kbytes = 0; }
static void use_overcommit_kbytes(void) { sysctl_overcommit_ratio = 0; }

static struct ctl_table vm_table[] = {
	INT("overcommit_memory", sysctl_overcommit_memory, 0644, 0, 2),
	{ .name = "overcommit_ratio", .data = &sysctl_overcommit_ratio, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .changed = use_overcommit_ratio },
	{ .name = "overcommit_kbytes", .data = &sysctl_overcommit_kbytes, .maxlen = sizeof(long), .mode = 0644,
	  .handler = proc_doulongvec, .changed = use_overcommit_kbytes },
	INT("max_map_count", sysctl_max_map_count, 0644, 0, 0x7fffffff),
	ULONG("mmap_min_addr", mmap_min_addr, 0644),
	ULONG("user_reserve_kbytes", sysctl_user_reserve_kbytes, 0644),
	ULONG("admin_reserve_kbytes", sysctl_admin_reserve_kbytes, 0644),
	FN("min_free_kbytes", do_min_free_kbytes, 0644),
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

static struct ctl_table fs_table[] = {
	ULONG("file-max", files_max, 0644),
	FN("file-nr", do_file_nr, 0444),
	FN("inode-nr", do_inode_nr, 0444), FN("inode-state", do_inode_state, 0444),
	INT("mount-max", sysctl_mount_max, 0644, 1, 0x7fffffff),
	FN("dentry-state", do_dentry_state, 0444),
	INT("nr_open", sysctl_nr_open, 0644, 64, INT32_MAX & ~63),
	INT("protected_symlinks", sysctl_protected_symlinks, 0644, 0, 1),
	INT("protected_hardlinks", sysctl_protected_hardlinks, 0644, 0, 1),
	INT("suid_dumpable", suid_dumpable, 0644, SUID_DUMP_DISABLE, SUID_DUMP_ROOT),
	INT("protected_fifos", sysctl_protected_fifos, 0644, 0, 2),
	INT("protected_regular", sysctl_protected_regular, 0644, 0, 2),
	INT("overflowuid", overflowuid, 0644, 0, 65535),
	INT("overflowgid", overflowgid, 0644, 0, 65535),
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

static ssize_t sysctl_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	const struct ctl_table *t = file_table(f);
	size_t n = from->count;
	char *buf;
	ssize_t rc;

	if (n >= PAGE_SIZE)
		return -ENOMEM;
	if (*pos || (!(t->mode & 0200) && !t->may_write))
		return *pos ? (ssize_t)n : -EPERM;	/* what is written at an offset is ignored */
	buf = (char *)__get_free_page(GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	rc = copy_from_iter(buf, n, from) == n ? 0 : -EFAULT;
	if (!rc) {
		buf[n] = 0;
		rc = t->handler(t, true, buf, &n);
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
	(void)register_sysctl("kernel", kernel_table, ARRAY_SIZE(kernel_table));
	(void)register_sysctl("debug", debug_table, ARRAY_SIZE(debug_table));
	(void)register_sysctl("kernel/random", random_table, ARRAY_SIZE(random_table));
	(void)register_sysctl("vm", vm_table, ARRAY_SIZE(vm_table));
	(void)vm_reclaim_sysctl_init();
	(void)register_sysctl("fs", fs_table, ARRAY_SIZE(fs_table));
	(void)register_sysctl("net", NULL, 0);
}
