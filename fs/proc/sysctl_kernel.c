/*
 * fs/proc/sysctl_kernel.c - /proc/sys/kernel, /proc/sys/debug and /proc/sys/kernel/random.  Theory: sysctl.c
 *
 * MODEL     Left out, for there is nothing that they would steer: modules, core files by pipe, hung-task and
 *           soft-lockup watchdogs, perf events, BPF, namespaces' keys, programs that the kernel starts itself
 *           (modprobe, poweroff_cmd, usermodehelper/), timers that move to busy harts (timer_migration), fixing up
 *           of misaligned accesses, which is firmware's or the hart's (unaligned-trap), the root of an initrd
 *           (real-root-dev).
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "drivers/char/random.h"
#include "include/uapi/utsname.h"
#include "kernel/panic.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall/reboot.h"
#include "kernel/syscall/table.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include "mm/space/mmap.h"

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
	for (unsigned i = 0; i < 4 && ctl_next_number(&buf, &v, &rc); i++)
		if (value[i])
			*value[i] = v;
	return rc;
}

static int do_tainted(__maybe_unused const struct ctl_table *t, __maybe_unused bool write, char *buf, size_t *len)
{
	return ctl_show_long(buf, len, taint_flags);
}

static int do_threads_max(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	long v;

	if (!write)
		return ctl_show_long(buf, len, max_threads);
	if (ctl_parse_one(buf, &v) || v < 20)
		return -EINVAL;
	max_threads = v;
	return 0;
}

/* What real-time tasks may have of all time: never less than what was promised to some. */
static int do_rt_limit(const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	static DEFINE_MUTEX(limits_mutex, RANK_SLEEP_LEAF);
	int v = *(int *)t->data, rc;
	const struct ctl_table one = { .data = &v, .maxlen = sizeof(v), .min = t->min, .max = t->max };

	mutex_lock(&limits_mutex);
	rc = proc_dointvec(&one, write, buf, len);
	if (write && !rc)
		rc = t->data == &sysctl_sched_rt_period_us ? sched_rt_set_limits(sysctl_sched_rt_runtime_us, v) :
							     sched_rt_set_limits(v, sysctl_sched_rt_period_us);
	mutex_unlock(&limits_mutex);
	return rc;
}

/* Nothing, or less, is the value of the beginning again. */
static void check_rr_timeslice(void)
{
	if (sysctl_sched_rr_timeslice <= 0)
		sysctl_sched_rr_timeslice = RR_TIMESLICE;
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

/* Who is told of ctrl-alt-del where C_A_D is 0: a process that there is. */
static int do_cad_pid(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	struct task_struct *p;
	long v;

	if (!write)
		return ctl_show_long(buf, len, cad_pid);
	if (ctl_parse_one(buf, &v))
		return -EINVAL;
	p = v == (pid_t)v ? find_get_task(v) : NULL;
	if (!p)
		return -ESRCH;
	put_task_struct(p);
	cad_pid = v;
	return 0;
}

/* Which of on, off and ratelimit; what the command line said stays. */
static int do_devkmsg(__maybe_unused const struct ctl_table *t, bool write, char *buf, size_t *len)
{
	if (!write) {
		*len = scnprintf(buf, PAGE_SIZE, "%s\n", devkmsg_names[devkmsg_mode]);
		return 0;
	}
	buf[strcspn(buf, "\n")] = 0;
	return devkmsg_set(buf);
}

static int entropy_avail = RANDOM_POOL_BITS, poolsize = RANDOM_POOL_BITS;

static struct ctl_table kernel_table[] = {
	CTL_STR("ostype", utsname.sysname, 0444), CTL_STR("osrelease", utsname.release, 0444),
	CTL_STR("version", utsname.version, 0444), CTL_STR("arch", utsname.machine, 0444),
	CTL_STR("hostname", utsname.nodename, 0644), CTL_STR("domainname", utsname.domainname, 0644),
	CTL_INT("pid_max", pid_max, 0644, RESERVED_PIDS + 1, PID_MAX_DEFAULT),	/* its table has no more */
	CTL_FN("threads-max", do_threads_max, 0644),
	CTL_FN("printk", do_printk, 0644), CTL_FN("tainted", do_tainted, 0444),
	CTL_INT("panic", panic_timeout, 0644, 0, 0), CTL_INT("panic_on_oops", panic_on_oops, 0644, 0, 1),
	CTL_INT("panic_on_warn", panic_on_warn, 0644, 0, 1), CTL_STR("core_pattern", core_pattern, 0644),
	CTL_INT("randomize_va_space", randomize_va_space, 0644, 0, 2),
	CTL_INT("ngroups_max", ngroups_max, 0444, 0, 0),
	CTL_INT("cap_last_cap", cap_last_cap, 0444, 0, 0), CTL_INT("overflowuid", overflowuid, 0644, 0, 65535),
	CTL_INT("overflowgid", overflowgid, 0644, 0, 65535),
	CTL_INT("sched_deadline_period_max_us", sysctl_sched_dl_period_max_us, 0644, 100, 0x7fffffff),
	CTL_INT("sched_deadline_period_min_us", sysctl_sched_dl_period_min_us, 0644, 100, 0x7fffffff),
	{ .name = "sched_rr_timeslice_ms", .data = &sysctl_sched_rr_timeslice, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .changed = check_rr_timeslice },
	{ .name = "sched_rt_period_us", .data = &sysctl_sched_rt_period_us, .mode = 0644,
	  .handler = do_rt_limit, .min = 1, .max = 0x7fffffff },
	{ .name = "sched_rt_runtime_us", .data = &sysctl_sched_rt_runtime_us, .mode = 0644,
	  .handler = do_rt_limit, .min = -1, .max = 0x7fffffff },
	{ .name = "dmesg_restrict", .data = &dmesg_restrict, .maxlen = sizeof(int), .mode = 0644,
	  .handler = do_sysadmin_int, .min = 0, .max = 1 },
	{ .name = "kptr_restrict", .data = &kptr_restrict, .maxlen = sizeof(int), .mode = 0644,
	  .handler = do_sysadmin_int, .min = 0, .max = 2 },
	{ .name = "ns_last_pid", .data = &last_pid, .maxlen = sizeof(int), .mode = 0666, .handler = do_last_pid },
	CTL_INT("oops_limit", oops_limit, 0644, 0, 0x7fffffff),
	CTL_ULONG("panic_print", panic_print, 0644),
	CTL_INT("warn_limit", warn_limit, 0644, 0, 0x7fffffff),
	CTL_INT("sysrq", sysrq, 0644, 0, 511),
	CTL_INT("print-fatal-signals", print_fatal_signals, 0644, 0, 0),
	CTL_FN("cad_pid", do_cad_pid, 0600), CTL_INT("ctrl-alt-del", C_A_D, 0644, 0, 0),
	CTL_INT("printk_delay", printk_delay_msec, 0644, 0, 10000),
	CTL_INT("printk_ratelimit", printk_ratelimit_seconds, 0644, 0, INT32_MAX / 1000),
	CTL_INT("printk_ratelimit_burst", printk_ratelimit_burst, 0644, 0, 0),
	CTL_FN("printk_devkmsg", do_devkmsg, 0644),
	CTL_INT("sysctl_writes_strict", sysctl_writes_strict, 0644, SYSCTL_WRITES_LEGACY, SYSCTL_WRITES_STRICT),
};

static struct ctl_table debug_table[] = { CTL_INT("exception-trace", show_unhandled_signals, 0644, 0, 0) };

static struct ctl_table random_table[] = {
	CTL_FN("uuid", do_uuid, 0444), CTL_FN("boot_id", do_boot_id, 0444),
	CTL_INT("entropy_avail", entropy_avail, 0444, 0, 0), CTL_INT("poolsize", poolsize, 0444, 0, 0),
};

void __init proc_sysctl_kernel_init(void)
{
	(void)register_sysctl("kernel", kernel_table, ARRAY_SIZE(kernel_table));
	(void)register_sysctl("debug", debug_table, ARRAY_SIZE(debug_table));
	(void)register_sysctl("kernel/random", random_table, ARRAY_SIZE(random_table));
}
