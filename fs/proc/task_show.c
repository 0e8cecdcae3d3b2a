/*
 * fs/proc/task_show.c - /proc/PID/stat, status and limits, in Linux's formats.
 *
 * UNITS     stat: times in ticks of 10 ms, rss in pages, vsize in bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "drivers/tty/tty.h"
#include "fs/fdtable.h"
#include "fs/fs_struct.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "kernel/task/access.h"
#include "kernel/task/cred.h"
#include "kernel/task/fork.h"
#include "kernel/task/pid.h"
#include "kernel/time/time.h"
#include "lib/string.h"
#include "mm/phys/zone.h"
#include "mm/space/mm.h"
#include "mm/space/procmaps.h"

/* What Linux calls the flags that stat shows. */
static unsigned linux_task_flags(const struct task_struct *t)
{
	return (t->flags & PF_EXITING ? 0x4 : 0) | (t->flags & PF_FORKNOEXEC ? 0x40 : 0) |
	       (t->flags & PF_SUPERPRIV ? 0x100 : 0) | (t->flags & PF_MEMALLOC ? 0x800 : 0) |
	       (t->flags & PF_MEMALLOC_NOIO ? 0x80000 : 0) | (t->flags & PF_LOCAL_THROTTLE ? 0x100000 : 0) |
	       (t->flags & PF_KTHREAD ? 0x200000 : 0) | (t->flags & PF_RANDOMIZE ? 0x400000 : 0);
}

static const struct { char c; const char *name; } task_states[] = {
	{ 'R', "R (running)" }, { 'S', "S (sleeping)" }, { 'D', "D (disk sleep)" }, { 'T', "T (stopped)" },
	{ 't', "t (tracing stop)" }, { 'X', "X (dead)" }, { 'Z', "Z (zombie)" },
};

static unsigned task_state_index(const struct task_struct *t)
{
	int exit_state = READ_ONCE(t->exit_state), state = READ_ONCE(t->state);

	if (exit_state & EXIT_ZOMBIE)
		return 6;
	if (exit_state & EXIT_DEAD)
		return 5;
	if (state & TASK_INTERRUPTIBLE)
		return 1;
	if (state & TASK_UNINTERRUPTIBLE)
		return 2;
	if (state & TASK_STOPPED)
		return 3;
	return state & TASK_TRACED ? 4 : 0;
}

char task_state_char(const struct task_struct *t) { return task_states[task_state_index(t)].c; }

/* Signals and parentage, read under their locks. */
struct task_view {
	pid_t ppid;
	int threads;
	u64 pending, shared, blocked, ignored, caught;
};

static void collect_actions(struct task_struct *t, struct task_view *v)
{
	for (int sig = 1; sig <= _NSIG; sig++) {
		const struct k_sigaction *ka = &t->sighand->action[sig - 1];

		if (ka->sa.sa_handler == SIG_IGN)
			v->ignored |= 1ull << (sig - 1);
		else if (ka->sa.sa_handler != SIG_DFL)
			v->caught |= 1ull << (sig - 1);
	}
}

static u64 sigset_word(const sigset_t *s)
{
	u64 w;

	memcpy(&w, s, sizeof(w));
	return w;
}

static void task_view_get(struct task_struct *t, struct task_view *v)
{
	unsigned long flags;

	*v = (struct task_view){ 0 };
	read_lock_irqsave(&tasklist_lock, flags);
	v->ppid = t->real_parent ? t->real_parent->tgid : 0;
	if (t->sighand) {
		spin_lock(&t->sighand->lock);
		v->threads = t->signal->nr_threads;
		v->pending = sigset_word(&t->pending.signal);
		v->shared = sigset_word(&t->signal->shared_pending.signal);
		v->blocked = sigset_word(&t->blocked);
		collect_actions(t, v);
		spin_unlock(&t->sighand->lock);
	}
	read_unlock_irqrestore(&tasklist_lock, flags);
}

/* ---- stat ------------------------------------------------------------------------------------ */

static void stat_times(struct seq_file *m, struct task_struct *t)
{
	struct signal_struct *sig = t->signal;
	struct task_times times;
	unsigned long irq;

	if (PROC_I(((struct inode *)m->private))->thread) {
		task_cputime(t, &times.utime, &times.stime);
		times.min_flt = t->min_flt;
		times.maj_flt = t->maj_flt;
	} else {
		read_lock_irqsave(&tasklist_lock, irq);
		thread_group_times(t, &times);
		read_unlock_irqrestore(&tasklist_lock, irq);
	}
	seq_put_decimal_ull(m, " ", times.min_flt);
	seq_put_decimal_ull(m, " ", sig->cmin_flt);
	seq_put_decimal_ull(m, " ", times.maj_flt);
	seq_put_decimal_ull(m, " ", sig->cmaj_flt);
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(times.utime));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(times.stime));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(sig->cutime));
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(sig->cstime));
}

static void stat_mm(struct seq_file *m, struct task_struct *t, struct mm_struct *mm, bool allowed)
{
	seq_put_decimal_ull(m, " ", mm ? mm->total_vm << PAGE_SHIFT : 0);
	seq_put_decimal_ull(m, " ", mm ? get_mm_rss(mm) : 0);
	seq_put_decimal_ull(m, " ", t->signal->rlim[RLIMIT_RSS].rlim_cur);
	seq_put_decimal_ull(m, " ", mm ? (allowed ? mm->start_code : 1) : 0);
	seq_put_decimal_ull(m, " ", mm ? (allowed ? mm->end_code : 1) : 0);
	seq_put_decimal_ull(m, " ", mm && allowed ? mm->start_stack : 0);
	seq_puts(m, " 0 0");		/* kstkesp, kstkeip: shown for exiting tasks only */
}

static void stat_layout(struct seq_file *m, struct task_struct *t, struct mm_struct *mm, bool allowed)
{
	if (mm && allowed) {
		seq_put_decimal_ull(m, " ", mm->start_data);
		seq_put_decimal_ull(m, " ", mm->end_data);
		seq_put_decimal_ull(m, " ", mm->start_brk);
		seq_put_decimal_ull(m, " ", mm->arg_start);
		seq_put_decimal_ull(m, " ", mm->arg_end);
		seq_put_decimal_ull(m, " ", mm->env_start);
		seq_put_decimal_ull(m, " ", mm->env_end);
	} else {
		seq_puts(m, " 0 0 0 0 0 0 0");
	}
	seq_put_decimal_ll(m, " ", allowed ? t->exit_code : 0);
	seq_putc(m, '\n');
}

int proc_pid_stat(struct seq_file *m, struct task_struct *t)
{
	bool allowed = !lock_trace(t, PTRACE_MODE_READ_FSCREDS);
	struct mm_struct *mm = get_task_mm(t);
	struct task_view v;

	if (allowed)
		unlock_trace(t);
	task_view_get(t, &v);
	seq_printf(m, "%d (%s) %c %d %d %d", t->pid, t->comm, task_state_char(t), v.ppid, task_pgrp_nr(t),
		   task_session_nr(t));
	seq_put_decimal_ll(m, " ", (int)encode_dev(tty_nr(t)));
	seq_put_decimal_ll(m, " ", tty_pgrp_nr(t));
	seq_put_decimal_ull(m, " ", linux_task_flags(t));
	stat_times(m, t);
	seq_put_decimal_ll(m, " ", task_prio(t));
	seq_put_decimal_ll(m, " ", t->nice);
	seq_put_decimal_ll(m, " ", v.threads);
	seq_puts(m, " 0");		/* itrealvalue */
	seq_put_decimal_ull(m, " ", nsec_to_clock_t(t->start_time));
	stat_mm(m, t, mm, allowed);
	seq_put_decimal_ull(m, " ", v.pending & 0x7fffffff);
	seq_put_decimal_ull(m, " ", v.blocked & 0x7fffffff);
	seq_put_decimal_ull(m, " ", v.ignored & 0x7fffffff);
	seq_put_decimal_ull(m, " ", v.caught & 0x7fffffff);
	seq_puts(m, allowed && t->state ? " 1" : " 0");		/* wchan: sleeps or not */
	seq_puts(m, " 0 0");
	seq_put_decimal_ll(m, " ", t->exit_signal);
	seq_put_decimal_ll(m, " ", t->hart);
	seq_put_decimal_ull(m, " ", t->rt_priority);
	seq_put_decimal_ull(m, " ", t->policy);
	seq_puts(m, " 0 0 0");		/* block I/O delay, guest times */
	stat_layout(m, t, mm, allowed);
	if (mm)
		mmput(mm);
	return 0;
}

/* ---- status ---------------------------------------------------------------------------------- */

static void status_ids(struct seq_file *m, struct task_struct *t, const struct task_view *v)
{
	const struct cred *c = get_task_cred(t);
	struct fs_struct *fs = get_task_fs(t);

	if (fs) {
		seq_printf(m, "Umask:\t%#04o\n", fs->umask);
		put_fs_struct(fs);
	}
	seq_printf(m, "State:\t%s\n", task_states[task_state_index(t)].name);
	seq_printf(m, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n", t->tgid, t->pid, v->ppid);
	seq_printf(m, "Uid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->fsuid);
	seq_printf(m, "Gid:\t%u\t%u\t%u\t%u\n", c->gid, c->egid, c->sgid, c->fsgid);
	seq_printf(m, "FDSize:\t%u\nGroups:\t", task_max_fds(t));
	for (int i = 0; i < c->ngroups && !seq_has_overflowed(m); i++) {
		seq_printf(m, i ? " %u" : "%u", c->groups[i]);
		cond_resched();
	}
	seq_puts(m, " \n");
	seq_printf(m, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", t->tgid, t->pid, task_pgrp_nr(t),
		   task_session_nr(t));
	seq_printf(m, "Kthread:\t%d\n", !!(t->flags & PF_KTHREAD));
	put_cred(c);
}

static void status_signals(struct seq_file *m, struct task_struct *t, const struct task_view *v)
{
	const struct cred *c = get_task_cred(t);

	seq_printf(m, "Threads:\t%d\nSigQ:\t%u/%lu\n", v->threads, atomic_read(&c->user->sigpending),
		   (unsigned long)t->signal->rlim[RLIMIT_SIGPENDING].rlim_cur);
	put_cred(c);
	seq_printf(m, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		   (unsigned long long)v->pending, (unsigned long long)v->shared, (unsigned long long)v->blocked,
		   (unsigned long long)v->ignored, (unsigned long long)v->caught);
}

static void status_caps(struct seq_file *m, struct task_struct *t)
{
	const struct cred *c = get_task_cred(t);

	seq_printf(m, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
		   (unsigned long long)c->cap_inheritable, (unsigned long long)c->cap_permitted,
		   (unsigned long long)c->cap_effective, (unsigned long long)c->cap_bset,
		   (unsigned long long)c->cap_ambient);
	put_cred(c);
	seq_printf(m, "NoNewPrivs:\t%d\n", t->no_new_privs);
	seq_puts(m, "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunsupported\n");
}

static void status_sched(struct seq_file *m, struct task_struct *t)
{
	int harts = nr_harts;

	seq_printf(m, "Cpus_allowed:\t%*pb\nCpus_allowed_list:\t%*pbl\n", harts, &t->cpus_allowed, harts,
		   &t->cpus_allowed);
	/* What libnuma asks: nothing keeps a task from the memory of any node. */
	seq_printf(m, "Mems_allowed:\t%*pb\nMems_allowed_list:\t%*pbl\n", MAX_NUMNODES, &node_memory_map,
		   MAX_NUMNODES, &node_memory_map);
	seq_printf(m, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n", t->nvcsw, t->nivcsw);
}

int proc_pid_status(struct seq_file *m, struct task_struct *t)
{
	struct mm_struct *mm = get_task_mm(t);
	struct task_view v;

	task_view_get(t, &v);
	seq_puts(m, "Name:\t");
	seq_escape(m, t->comm, "\n\\");
	seq_putc(m, '\n');
	status_ids(m, t, &v);
	if (mm) {
		proc_status_vm(m, mm);
		seq_puts(m, "CoreDumping:\t0\nTHP_enabled:\t0\nuntag_mask:\t0xffffffffffffffff\n");
		mmput(mm);
	}
	status_signals(m, t, &v);
	status_caps(m, t);
	status_sched(m, t);
	return 0;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static const struct { const char *name, *unit; } limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = { "Max cpu time", "seconds" }, [RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[RLIMIT_DATA] = { "Max data size", "bytes" }, [RLIMIT_STACK] = { "Max stack size", "bytes" },
	[RLIMIT_CORE] = { "Max core file size", "bytes" }, [RLIMIT_RSS] = { "Max resident set", "bytes" },
	[RLIMIT_NPROC] = { "Max processes", "processes" }, [RLIMIT_NOFILE] = { "Max open files", "files" },
	[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" }, [RLIMIT_AS] = { "Max address space", "bytes" },
	[RLIMIT_LOCKS] = { "Max file locks", "locks" }, [RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" }, [RLIMIT_NICE] = { "Max nice priority", NULL },
	[RLIMIT_RTPRIO] = { "Max realtime priority", NULL }, [RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void put_limit(struct seq_file *m, unsigned long v)
{
	if (v == ~0ul)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20lu ", v);
}

int proc_pid_limits(struct seq_file *m, struct task_struct *t)
{
	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(m, "%-25s ", limit_names[i].name);
		put_limit(m, t->signal->rlim[i].rlim_cur);
		put_limit(m, t->signal->rlim[i].rlim_max);
		if (limit_names[i].unit)
			seq_printf(m, "%-10s\n", limit_names[i].unit);
		else
			seq_putc(m, '\n');
	}
	return 0;
}
