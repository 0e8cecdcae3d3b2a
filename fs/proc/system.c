/*
 * fs/proc/system.c - files of /proc about the whole machine: stat, uptime, loadavg, cpuinfo,
 * version, kmsg and others.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/chrdev.h"
#include "fs/libfs.h"
#include "fs/locks.h"
#include "drivers/tty/tty.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "include/syscall.h"
#include "include/uapi/poll.h"
#include "kernel/irq.h"
#include "kernel/sched/sched.h"
#include "kernel/syscall/table.h"
#include "kernel/task/cred.h"
#include "kernel/task/pid.h"
#include "kernel/time/hrtimer.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

/* ---- stat ------------------------------------------------------------------------------------ */

static void show_hart_times(struct seq_file *m, const struct hart_stat *s)
{
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->user));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->nice));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->system));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->idle));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->iowait));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->irq));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->softirq));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->steal));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(s->guest));
	seq_puts(m, " 0\n");
}

static void add_hart_times(struct hart_stat *sum, const struct hart_stat *s)
{
	sum->user += s->user;
	sum->nice += s->nice;
	sum->system += s->system;
	sum->idle += s->idle;
	sum->iowait += s->iowait;
	sum->irq += s->irq;
	sum->softirq += s->softirq;
	sum->steal += s->steal;
	sum->guest += s->guest;
}

static u64 irq_line_total(int irq)
{
	u64 sum = 0;

	for_each_hart(h)
		sum += irq_count(irq, h);
	return sum;
}

static void show_intr(struct seq_file *m)
{
	u64 sum = 0;
	int last = 0;

	irq_table_lock();
	for (int i = 1; i < NR_IRQS; i++)
		if (irq_name(i)) {
			sum += irq_line_total(i);
			last = i;
		}
	for_each_hart(h)
		for (int k = 0; k < NR_IRQ_KINDS; k++)
			sum += irq_kind_total(k, h);
	seq_put_decimal_ull(m, "intr ", sum);
	for (int i = 0; i <= last; i++)
		seq_put_decimal_ull(m, " ", i && irq_name(i) ? irq_line_total(i) : 0);
	irq_table_unlock();
	seq_putc(m, '\n');
}

static void show_softirqs(struct seq_file *m)
{
	u64 of_kind[NR_SOFTIRQS] = { 0 }, sum = 0;

	for (int k = 0; k < NR_SOFTIRQS; k++) {
		for_each_hart(h)
			of_kind[k] += softirq_total(k, h);
		sum += of_kind[k];
	}
	seq_put_decimal_ull(m, "softirq ", sum);
	for (int k = 0; k < NR_SOFTIRQS; k++)
		seq_put_decimal_ull(m, " ", of_kind[k]);
	seq_putc(m, '\n');
}

static int stat_show(struct seq_file *m, __maybe_unused void *v)
{
	struct hart_stat sum = { 0 }, s;

	for_each_hart(h) {
		hart_stat_read(h, &s);
		add_hart_times(&sum, &s);
	}
	seq_puts(m, "cpu ");
	show_hart_times(m, &sum);
	for_each_hart_in(h, hart_online_mask) {
		hart_stat_read(h, &s);
		seq_put_decimal_ull(m, "cpu", h);
		show_hart_times(m, &s);
	}
	show_intr(m);
	seq_printf(m, "ctxt %llu\nbtime %lld\nprocesses %lu\nprocs_running %u\nprocs_blocked %u\n",
		   (unsigned long long)nr_context_switches(), (long long)getboottime_seconds(), total_forks,
		   nr_running(), nr_iowait());
	show_softirqs(m);
	return 0;
}

static int uptime_show(struct seq_file *m, __maybe_unused void *v)
{
	u64 up = ktime_get(), idle = 0;
	struct hart_stat s;

	for_each_hart(h) {
		hart_stat_read(h, &s);
		idle += s.idle;
	}
	seq_printf(m, "%llu.%02llu %llu.%02llu\n", (unsigned long long)(up / NSEC_PER_SEC),
		   (unsigned long long)(up % NSEC_PER_SEC / 10000000), (unsigned long long)(idle / NSEC_PER_SEC),
		   (unsigned long long)(idle % NSEC_PER_SEC / 10000000));
	return 0;
}

static int loadavg_show(struct seq_file *m, __maybe_unused void *v)
{
	unsigned long a[3];

	for (int i = 0; i < 3; i++)
		a[i] = avenrun[i] + FIXED_1 / 200;
	seq_printf(m, "%lu.%02lu %lu.%02lu %lu.%02lu %u/%d %d\n", LOAD_INT(a[0]), LOAD_FRAC(a[0]), LOAD_INT(a[1]),
		   LOAD_FRAC(a[1]), LOAD_INT(a[2]), LOAD_FRAC(a[2]), nr_running(), nr_threads, last_pid);
	return 0;
}

/* ---- the machine ----------------------------------------------------------------------------- */

static int cpuinfo_show(struct seq_file *m, __maybe_unused void *v)
{
	const size_t size = 512;
	char *isa = kmalloc(size, GFP_KERNEL);

	if (!isa)
		return -ENOMEM;
	for_each_hart_in(h, hart_online_mask) {
		const struct hart_info *i = &hart_info[h];

		arch_isa_text((hartmask_t){ ~0ul }, isa, size);		/* isa: what every hart has */
		seq_printf(m, "processor\t: %u\nhart\t\t: %lu\nisa\t\t: %s\nmmu\t\t: %s\n", (unsigned)h, i->hartid,
			   isa, mmu_type_name);
		seq_printf(m, "mvendorid\t: 0x%lx\nmarchid\t\t: 0x%lx\nmimpid\t\t: 0x%lx\n", i->mvendorid, i->marchid,
			   i->mimpid);
		arch_isa_text((hartmask_t){ BIT(h) }, isa, size);
		seq_printf(m, "hart isa\t: %s\n\n", isa);
	}
	kfree(isa);
	return 0;
}

static int cmdline_show(struct seq_file *m, __maybe_unused void *v)
{
	seq_printf(m, "%s\n", boot_command_line);
	return 0;
}

static int version_show(struct seq_file *m, __maybe_unused void *v)
{
	seq_printf(m, "%s\n", vellum_banner);
	return 0;
}

/* Addresses are for those who may know them. */
static int iomem_show(struct seq_file *m, __maybe_unused void *v)
{
	bool shown = capable(CAP_SYS_ADMIN);
	struct resource r;
	int depth;

	for (unsigned long n = 0; (depth = iomem_nth(n, &r)) >= 0; n++)
		seq_printf(m, "%*s%08lx-%08lx : %s\n", 2 * depth, "", shown ? r.start : 0, shown ? r.end : 0, r.name);
	return 0;
}

/* No swap yet: the table is empty. */
static int swaps_show(struct seq_file *m, __maybe_unused void *v)
{
	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}

/* The one personality there is. */
static int execdomains_show(struct seq_file *m, __maybe_unused void *v)
{
	seq_puts(m, "0-0\tLinux           \t[kernel]\n");
	return 0;
}

static int empty_show(__maybe_unused struct seq_file *m, __maybe_unused void *v) { return 0; }

/* ---- kmsg ------------------------------------------------------------------------------------ */

#define SYSLOG_ACTION_CLOSE		0
#define SYSLOG_ACTION_OPEN		1
#define SYSLOG_ACTION_READ		2
#define SYSLOG_ACTION_SIZE_UNREAD	9

long sys_syslog(long type, long buf, long len, long d, long e, long f);

static int kmsg_open(__maybe_unused struct inode *inode, __maybe_unused struct file *f)
{
	return sys_syslog(SYSLOG_ACTION_OPEN, 0, 0, 0, 0, 0);
}

static ssize_t kmsg_read(struct file *f, struct iov_iter *to, __maybe_unused loff_t *pos)
{
	if (!to->user)
		return -EINVAL;
	if ((f->f_flags & O_NONBLOCK) && !sys_syslog(SYSLOG_ACTION_SIZE_UNREAD, 0, 0, 0, 0, 0))
		return -EAGAIN;
	return sys_syslog(SYSLOG_ACTION_READ, (long)to->iov->iov_base + to->offset,
			  min(to->iov->iov_len - to->offset, to->count), 0, 0, 0);
}

static unsigned kmsg_poll(__maybe_unused struct file *f, __maybe_unused struct poll_table *pt)
{
	return sys_syslog(SYSLOG_ACTION_SIZE_UNREAD, 0, 0, 0, 0, 0) > 0 ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations kmsg_fops = {
	.fop_flags = FOP_NO_SPLICE, .open = kmsg_open, .read = kmsg_read, .poll = kmsg_poll,
};

void __init proc_system_init(void)
{
	static const struct { const char *name; int (*show)(struct seq_file *, void *); } files[] = {
		{ "stat", stat_show }, { "uptime", uptime_show }, { "loadavg", loadavg_show },
		{ "cpuinfo", cpuinfo_show }, { "cmdline", cmdline_show }, { "version", version_show },
		{ "devices", devices_show }, { "misc", misc_show }, { "iomem", iomem_show },
		{ "execdomains", execdomains_show },
		{ "ioports", empty_show },		/* the ISA has none */
	};

	static const char *const folders[] = { "bus", "driver", "fs", "net" };	/* drivers put things there */

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
		proc_create_single(files[i].name, 0, NULL, files[i].show);
	proc_forbid_splice(proc_create_single("swaps", 0, NULL, swaps_show));
	proc_create_seq("locks", 0, NULL, &proc_locks_ops);
	proc_create("kmsg", 0400, NULL, &kmsg_fops, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(folders); i++)
		proc_mkdir(folders[i], NULL);
	proc_interrupts_init();
	timer_list_init();
	proc_memory_init();
	proc_kallsyms_init();
	proc_tty_init();
}
