/*
 * kernel/task/task.h - a task (thread), and what tasks of a process share.
 *
 * MODEL     task_struct     one thread: kernel stack, registers, scheduling state, own signal mask.
 *           signal_struct   one process (thread group): pending signals, limits, timers, session.
 *           sighand_struct  the table of signal actions; shared with CLONE_SIGHAND.
 *           files_struct, fs_struct, cred: descriptors; root, cwd, umask; identity.
 *           pid             a number that names a thread, a group (tgid), a process group, a session.
 * LOCKING   tasklist_lock (T) guards parent, children and pid links; sighand->lock (H) guards signal
 *           state and thread lists; pi_lock (P) PI futexes; alloc_lock (A) which mm, files and fs the task
 *           has.  In this order.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_H
#define VELLUM_TASK_H

#include "include/fs.h"
#include "include/uapi/resource.h"
#include "include/uapi/signal.h"
#include "kernel/sync/rwlock.h"
#include "kernel/sync/rwsem.h"
#include "kernel/time/cpu_timer.h"
#include "mm/kmap/stack.h"
#include <asm/ptrace.h>
#include <asm/thread.h>

#define TASK_COMM_LEN	16

struct tty_struct;
struct pi_waiter;
struct rseq;
struct task_struct;
struct sem_undo_list;
struct user_struct;

struct sigpending {
	struct list_head list;		/* (H) struct sigqueue */
	sigset_t signal;		/* (H) */
};

struct sighand_struct {
	atomic_t count;
	spinlock_t lock;		/* rank sighand */
	struct k_sigaction action[_NSIG];	/* (H) */
};

/* A group-wide interval or POSIX timer is in kernel/time/itimer.h. */
struct itimer_state { u64 value_ns, interval_ns; };

struct signal_struct {
	atomic_t count;			/* users of the struct */
	atomic_t live;			/* threads not yet exiting */
	int nr_threads;			/* (H) */
	struct list_head thread_head;	/* (H) task->thread_node */
	struct task_struct *group_leader;
	struct sigpending shared_pending;	/* (H) */
	wait_queue_head_t wait_chldexit;
	int group_exit_code;		/* (H) */
	struct task_struct *group_exit_task;	/* exec waits for the others */
	unsigned flags;			/* (H) SIGNAL_* */
	int group_stop_count, stop_code;	/* (H) */
	pid_t pgrp, session;		/* (T) */
	struct hlist_node pgrp_link;	/* (T) among those of its group, and of some others (pid.c) */
	pid_t ppid;			/* (T) the parent's tgid, for who only wants the number */
	bool leader;			/* session leader */
	struct tty_struct *tty;		/* (T) controlling terminal */
	struct rlimit rlim[RLIM_NLIMITS];
	struct hrtimer *real_timer;	/* ITIMER_REAL */
	struct itimer_state it_real, it_virt, it_prof;
	struct xarray posix_timers;
	int next_posix_timer_id;
	struct cpu_timers cpu_timers;
	u64 utime, stime;		/* (A) ns of all threads, the dead too, as far as charged (cpu_timer.c) */
	u64 cutime, cstime;		/* (H) ns of waited-for children */
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt, nvcsw, nivcsw, cnvcsw, cnivcsw;
	unsigned long maxrss, cmaxrss;
	struct task_io io;		/* (H) of dead threads */
	u64 exec_id;			/* how many programs it has started: a child's exit_signal is for one */
	int oom_score_adj;		/* (oom_adj_mutex to write) */
	int oom_score_adj_min;		/* the least that it may go back to unprivileged */
	struct mm_struct *oom_mm;	/* of a victim, counted: until it is free, nobody else is killed */
	bool is_child_subreaper;
	struct rw_semaphore exec_update_lock;	/* rank task: the steps of an exec (access.c) */
};
#define SIGNAL_STOP_STOPPED	0x01
#define SIGNAL_STOP_CONTINUED	0x02
#define SIGNAL_GROUP_EXIT	0x04
#define SIGNAL_UNKILLABLE	0x40	/* init */

struct cred {
	atomic_t count;
	unsigned long id;		/* no two have the same */
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	u64 cap_effective, cap_permitted, cap_inheritable, cap_bset, cap_ambient;
	unsigned securebits;
	int ngroups;
	gid_t *groups;
	struct user_struct *user;	/* of uid */
};

struct fs_struct {
	atomic_t count;			/* references */
	atomic_t users;			/* tasks that have it; they hold a reference each */
	spinlock_t lock;
	struct path root, pwd;
	int umask;
};

struct fdtable_bits;
struct files_struct {
	atomic_t count;
	spinlock_t lock;		/* rank files */
	unsigned max_fds;
	unsigned next_fd;		/* no free descriptor below it */
	struct file **fd;		/* [max_fds] */
	unsigned long *open_fds, *close_on_exec;	/* bitmaps of max_fds bits */
};

struct restart_block {
	long (*fn)(struct restart_block *);
	u64 arg[6];
};

struct sched_entity {
	struct rb_node run_node;	/* (run queue) */
	struct list_head run_list;
	u64 vruntime, exec_start, sum_exec_ns, slice_ns;
	u64 urgency;			/* the lesser of the two: URGENCY_FAIR, or the place among real-time tasks */
	u64 own_urgency, inherited;	/* by policy and priority; from who waits for its PI locks */
	bool on_rq, on_hart;
	unsigned weight;
	u32 inv_weight;			/* 2^32 / weight */
	struct sched_dl *dl;		/* own, made when it first asks for a deadline (deadline.c) */
};

/* Which of a thread's calls become signals (kernel/syscall/dispatch.c). */
struct syscall_dispatch {
	unsigned long offset, len;	/* calls from there are let through */
	u8 __user *selector;		/* SYSCALL_DISPATCH_FILTER_* for all others, or NULL: block */
};

struct task_struct {
	struct task_base;		/* first: tp and entry.S rely on it */
	struct thread_struct thread;	/* saved context */
	void *stack;			/* base of the kernel stack */
	struct syscall_dispatch dispatch;	/* own thread only */
	hartmask_t stack_harts;		/* own hart: harts that may run on it (K1 of mm/kmap/stack.c) */
	int exit_state;			/* (T) 0, EXIT_ZOMBIE, EXIT_DEAD; a reader may claim a zombie */
	int exit_code, exit_signal;
	atomic_t usage;
	struct sched_entity se;
	int nice;
	int policy, rt_priority;
	bool sched_reset_on_fork;
	u64 cpus_allowed;		/* hartmask bits */
	struct list_head wake_entry;

	pid_t pid, tgid;
	char comm[TASK_COMM_LEN];
	struct task_struct *real_parent, *parent;	/* (T) */
	struct list_head children, sibling;	/* (T) */
	struct list_head thread_node;	/* (H) in signal->thread_head */
	struct list_head tasks;		/* (T) group leaders */
	struct hlist_node pid_link;	/* (T, pid hash) */
	struct task_struct *group_leader;

	struct signal_struct *signal;
	struct sighand_struct *sighand;
	sigset_t blocked, real_blocked, saved_sigmask;	/* (H) */
	bool restore_sigmask;
	struct sigpending pending;	/* (H) */
	stack_t sas;			/* alternate signal stack */
	unsigned jobctl;		/* (H) */
	int pdeath_signal;
	u64 parent_exec_id;		/* (I) the parent's signal->exec_id when it asked for exit_signal */
	struct restart_block restart_block;

	spinlock_t alloc_lock;		/* rank pid: (A) */
	const struct cred *cred;	/* (T, H) */
	struct files_struct *files;	/* (A) */
	bool shm_made;			/* own: exit_shm() has to look */
	struct sem_undo_list *sysvsem;	/* own; NULL: no SEM_UNDO so far */
	struct fs_struct *fs;		/* (A) */
	bool icache_ctx;		/* as mm->icache_ctx, but this thread alone */
	u8 mce_kill;			/* PR_MCE_KILL_*: when a page of its memory breaks */
	bool no_new_privs, in_execve, did_exec;
	unsigned personality;		/* personality(2) */
	unsigned short ioprio;			/* kernel/sched/ioprio.c */
	bool in_fput;				/* closing a file; those that this lets go are closed after it */
	struct file *fput_list;
	u64 timer_slack_ns, default_timer_slack_ns;	/* how late its timers may be: never used up */

	int __user *set_child_tid, *clear_child_tid;
	void __user *robust_list;
	struct rseq __user *rseq;	/* own: its area, or NULL (rseq.c) */
	u32 rseq_len, rseq_sig;
	u32 mm_cid;			/* (mm->rseq.lock) its concurrency id, unless they are the harts' */
	struct list_head rseq_link;	/* (mm->rseq.lock) */
	struct completion *vfork_done;
	int futex_state;		/* (P) enum futex_task_state */
	struct rb_root pi_owned;	/* (P) PI locks of its own that others wait for */
	struct pi_waiter *pi_blocked_on;	/* (P) the PI lock it waits for, or NULL */

	u64 start_time;			/* ns since boot */
	u64 utime, stime;		/* ns */
	struct cpu_timer_base cpu_timers[NR_CPU_CLOCKS];	/* on its own clocks */
	u64 acct_stamp;			/* when utime/stime were last brought up */
	unsigned long nvcsw, nivcsw;
	void (*kthread_fn)(void *);
	void *kthread_arg;
};

static inline void task_io_add(struct task_io *sum, const struct task_io *io)
{
	sum->rchar += io->rchar;
	sum->wchar += io->wchar;
	sum->syscr += io->syscr;
	sum->syscw += io->syscw;
	sum->read_bytes += io->read_bytes;
	sum->write_bytes += io->write_bytes;
	sum->cancelled_write_bytes += io->cancelled_write_bytes;
}

#define current	((struct task_struct *)current_base())
static inline struct pt_regs *task_pt_regs(struct task_struct *t)
{ return (struct pt_regs *)((char *)t->stack + THREAD_SIZE) - 1; }
#define current_pt_regs() task_pt_regs(current)

extern rwlock_t tasklist_lock;
extern struct task_struct init_task;	/* hart 0's idle task */
extern struct list_head task_list;	/* (T) group leaders, by ->tasks */

/* The task keeps its mm, files and fs.  => interrupts off, for it is also taken inside tasklist_lock */
static inline void task_lock(struct task_struct *t) ACQUIRE(t->alloc_lock) { spin_lock(&t->alloc_lock); }
static inline void task_unlock(struct task_struct *t) RELEASE(t->alloc_lock) { spin_unlock(&t->alloc_lock); }
#define task_lock_irqsave(t, flags)		spin_lock_irqsave(&(t)->alloc_lock, flags)
#define task_unlock_irqrestore(t, flags)	spin_unlock_irqrestore(&(t)->alloc_lock, flags)
static inline void get_task_struct(struct task_struct *t) { atomic_inc(&t->usage); }
void put_task_struct(struct task_struct *t);
/* Counted reference, or NULL. */
struct task_struct *find_get_task(pid_t pid);
#define for_each_thread(t, p) list_for_each_entry(t, &(p)->signal->thread_head, thread_node)
#define for_each_process(p) list_for_each_entry(p, &task_list, tasks)

/* ---- kernel/task ----------------------------------------------------------------------------- */
struct kernel_clone_args {
	u64 flags;			/* CLONE_* without the signal */
	int exit_signal;
	unsigned long stack, tls;
	int __user *child_tid, *parent_tid, *pidfd;
	void (*fn)(void *);		/* kernel thread */
	void *fn_arg;
	const char *name;
	void (*kthread_fn)(void *);	/* what fn is to call */
	pid_t set_tid;			/* the number it is to have; 0: any */
	struct task_struct **created;	/* gets the task before it runs */
};
pid_t kernel_clone(const struct kernel_clone_args *args);
int kernel_execve(const char *filename, const char *const *argv, const char *const *envp);
__noreturn void do_exit(long code);
__noreturn void do_group_exit(int code);
/* mm of @t with mm_users held, or NULL; mmput() ends it.  Of another task only after a check: mm_access(). */
struct mm_struct *get_task_mm(struct task_struct *t);

#endif
