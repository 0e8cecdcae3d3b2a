/*
 * kernel/signal/signal.h - sending, masking and taking signals.
 *
 * MODEL     A signal is pending on a thread (task->pending) or on the process
 *           (signal->shared_pending).  A queue entry carries the siginfo; the set bit alone is enough
 *           when memory or RLIMIT_SIGPENDING is short.  WORK_SIGNAL in task->work says that something
 *           may be deliverable: it is a hint that recalc_sigpending() makes exact.
 * LOCKING   sighand->lock, interrupts off everywhere: timers send from interrupt context.  Whoever sends to
 *           another process holds tasklist_lock (interrupts off too) or otherwise keeps the target
 *           from being released, for that is what keeps p->sighand alive.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_SIGNAL_H
#define VELLUM_SIGNAL_H

#include "kernel/task/task.h"

struct ksignal {
	int sig;			/* 0: nothing to deliver */
	struct k_sigaction ka;
	siginfo_t info;
};

/* More signal_struct.flags than task.h names: a report to the parent that the group owes. */
#define SIGNAL_CLD_STOPPED	0x10
#define SIGNAL_CLD_CONTINUED	0x20
#define SIGNAL_CLD_MASK		(SIGNAL_CLD_STOPPED | SIGNAL_CLD_CONTINUED)
#define SIGNAL_STOP_MASK	(SIGNAL_CLD_MASK | SIGNAL_STOP_STOPPED | SIGNAL_STOP_CONTINUED)

/* task->jobctl (H): the low byte is the signal that stops it. */
#define JOBCTL_STOP_SIGMASK	0xffff
#define JOBCTL_STOP_DEQUEUED	BIT(16)		/* a stop signal was taken; SIGCONT takes it back */
#define JOBCTL_STOP_PENDING	BIT(17)		/* must stop for the group */
#define JOBCTL_STOP_CONSUME	BIT(18)		/* counts in group_stop_count */

#define SEND_SIG_NOINFO	((siginfo_t *)0)	/* from the running task: SI_USER */
#define SEND_SIG_PRIV	((siginfo_t *)1)	/* from the kernel: SI_KERNEL */

void signals_init(void);

/* ---- sending: 0, -EAGAIN (queue full), -EINVAL, -EPERM, -ESRCH ------------------------------- */
int send_sig_info(int sig, siginfo_t *info, struct task_struct *p);	/* to one thread */
int group_send_sig_info(int sig, siginfo_t *info, struct task_struct *p);	/* checks permission */
int do_send_sig_info(int sig, siginfo_t *info, struct task_struct *p, bool group); /* does not */
/* Would @sig, from a task, change nothing if it were sent to @t now?  sighand->lock of @t held. */
bool signal_is_void(const struct task_struct *t, int sig);
/* sighand->lock of @p held. */
int send_signal_locked(int sig, siginfo_t *info, struct task_struct *p, bool group);
void force_sig(int sig);			/* the running task; cannot be blocked or ignored */
void force_sig_info(siginfo_t *info);
void force_fatal_sig(int sig);			/* and no handler will see it */
/* A group may be large: => may sleep. */
int kill_pgrp(pid_t pgrp, int sig, int priv);
/* The same from any context where there are few tasks.  False: there are many, and none got it. */
bool kill_pgrp_few(pid_t pgrp, int sig);
int kill_pid_info(int sig, siginfo_t *info, pid_t pid);		/* any context */
/*
 * Tell @p's parent of its death with @sig; true when nobody will wait for it (reap it now).
 * => tasklist_lock held, interrupts off
 */
bool do_notify_parent(struct task_struct *p, int sig);
/* The same for a stop or a continue: CLD_STOPPED, CLD_CONTINUED. */
void do_notify_parent_cldstop(struct task_struct *p, int why);

/* ---- taking ---------------------------------------------------------------------------------- */
/* Next pending signal of current outside @mask with its info, 0 for none.
 * => sighand->lock held, by spin_lock_irq(); dropped for a moment when a POSIX timer goes on */
int dequeue_signal(const sigset_t *mask, siginfo_t *info);
/* Next signal that has a handler; default actions are done here, so it may not return. */
bool get_signal(struct ksignal *ks);
/* Put current's mask and stack into the handler's state; kill it if the frame @failed. */
void signal_setup_done(int failed, struct ksignal *ks);
void recalc_sigpending(void);			/* sighand->lock held */
void signal_wake_up(struct task_struct *t, bool fatal);		/* sighand->lock held */
/* Is @sig, sent by nobody special, without effect on current: blocked or ignored (tty's question). */
bool is_ignored(int sig);

/* ---- masks ----------------------------------------------------------------------------------- */
void set_current_blocked(sigset_t *set);	/* SIGKILL and SIGSTOP are taken out */
int sigprocmask(int how, sigset_t *set, sigset_t *old);
/* ppoll & co: use *@umask from now, the old one back on the way to user space.  NULL: nothing. */
int set_user_sigmask(const sigset_t __user *umask, size_t size);
void set_restore_sigmask(void);			/* saved_sigmask is to come back */
void restore_saved_sigmask(void);
void restore_saved_sigmask_unless(bool interrupted);
/* Which mask a handler's frame has to restore. */
sigset_t *sigmask_to_save(void);

/* ---- alternate stack ------------------------------------------------------------------------- */
bool on_sig_stack(unsigned long sp);
int sas_ss_flags(unsigned long sp);
/* Where a frame for @ks begins when the user's stack pointer is @sp. */
unsigned long sigsp(unsigned long sp, struct ksignal *ks);
int restore_altstack(const stack_t __user *uss);	/* sigreturn; only -EFAULT is an error */
int save_altstack(stack_t __user *uss, unsigned long sp);
void sas_ss_reset(struct task_struct *t);
int copy_siginfo_to_user(siginfo_t __user *to, const siginfo_t *from);

/* ---- life of a task -------------------------------------------------------------------------- */
static inline void init_sigpending(struct sigpending *p)
{
	sigemptyset(&p->signal);
	INIT_LIST_HEAD(&p->list);
}
void flush_sigqueue(struct sigpending *p);	/* drop all; lock held or private */
void flush_signal_handlers(struct task_struct *t, bool force_default);	/* exec, kernel threads */
/* Kill the other threads of @p's group; how many there are.  sighand->lock held. */
int zap_other_threads(struct task_struct *p);
/* current sets PF_EXITING: hand shared signals to other threads, take no part in a group stop. */
void exit_signals(struct task_struct *t);

/* ---- process groups -------------------------------------------------------------------------- */
/*
 * No member of @pgrp (@ignored apart) has a parent in another group of its session: nobody is left to continue
 * it.  => tasklist_lock held
 */
bool will_become_orphaned_pgrp(pid_t pgrp, const struct task_struct *ignored) REQUIRES_SHARED(tasklist_lock);
bool is_current_pgrp_orphaned(void);		/* takes tasklist_lock itself */
/*
 * @t exits (@parent NULL), or its parent @parent does: the group that this orphans with stopped members, which is
 * to have SIGHUP and SIGCONT; or 0.  => tasklist_lock held
 */
pid_t orphaned_pgrp(struct task_struct *t, struct task_struct *parent) REQUIRES_SHARED(tasklist_lock);

/* fatal_signal_pending() for any task. */
static inline bool task_fatal_signal_pending(const struct task_struct *t)
{
	return sigismember(&t->pending.signal, SIGKILL);
}

/* Signals that leave a core, where cores are written. */
static inline bool sig_kernel_coredump(int sig)
{
	const u64 set = sigmask(SIGQUIT) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGABRT) | sigmask(SIGFPE) |
			sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGSYS) | sigmask(SIGXCPU) | sigmask(SIGXFSZ);

	return set & sigmask(sig);
}

/* unhandled.c: a fault's signal is about to be sent; a signal ends the program.  => no lock held */
extern int show_unhandled_signals, print_fatal_signals;		/* sysctls */
void show_unhandled_signal(int sig, int code, unsigned long addr);
void show_fatal_signal(int sig);

#endif
