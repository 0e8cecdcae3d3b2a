/*
 * kernel/signal/deliver.c - the way back to user space: reschedule, take signals, restart calls.
 *
 * MODEL     exit_to_user_work() loops until nothing is left to do.  get_signal() takes pending signals one
 *           by one and carries default actions out; one with a handler gets a frame on the user stack.
 *           A system call that a signal ended says by its result what is to happen to it:
 *                              no handler ran     handler, SA_RESTART   handler
 *             ERESTARTSYS      again              again                 EINTR
 *             ERESTARTNOINTR   again              again                 again
 *             ERESTARTNOHAND   again              EINTR                 EINTR
 *             RESTARTBLOCK     restart_syscall    EINTR                 EINTR
 * INVARIANTS
 *   V1  A call is restarted at most once: syscall_forget() follows every decision.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/signal.h"
#include "include/syscall.h"
#include "include/uapi/unistd.h"
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "kernel/task/rseq.h"
#include "kernel/time/itimer.h"

#define USER_WORK	(WORK_RESCHED | WORK_SIGNAL | WORK_NOTIFY | WORK_RSEQ)

bool signal_pending(void)
{
	return READ_ONCE(current->work) & WORK_SIGNAL;
}

bool fatal_signal_pending(void)
{
	return signal_pending() && task_fatal_signal_pending(current);
}

/* ---- taking ---------------------------------------------------------------------------------- */

static bool has_pending(const struct task_struct *t)
{
	unsigned long set = t->pending.signal.sig[0] | t->signal->shared_pending.signal.sig[0];

	return (set & ~t->blocked.sig[0]) || (t->jobctl & JOBCTL_STOP_PENDING);
}

void recalc_sigpending(void)
{
	if (has_pending(current))
		set_task_work(current, WORK_SIGNAL);
	else if (task_sigpending(current))
		clear_task_work(current, WORK_SIGNAL);
}

/* A POSIX timer's signal was taken: the timer may expire again.  => lock dropped in between */
static void timer_goes_on(struct sighand_struct *sighand, siginfo_t *info) REQUIRES(sighand->lock)
{
	spin_unlock_irq(&sighand->lock);
	posixtimer_rearm(info);
	spin_lock_irq(&sighand->lock);
}

int dequeue_signal(const sigset_t *mask, siginfo_t *info)
{
	struct task_struct *me = current;
	struct sigpending *from = &me->pending;
	int sig = next_signal(from, mask);

	spin_assert_held(&me->sighand->lock);
	if (!sig) {
		from = &me->signal->shared_pending;
		sig = next_signal(from, mask);
		if (!sig) {
			recalc_sigpending();
			return 0;
		}
	}
	collect_signal(sig, from, info);
	recalc_sigpending();
	if (sig_kernel_stop(sig))
		me->jobctl |= JOBCTL_STOP_DEQUEUED;
	if (unlikely(sig == SIGALRM))
		itimer_real_rearm(me->signal);
	if (unlikely(info->si_code == SI_TIMER && info->si_sys_private))
		timer_goes_on(me->sighand, info);
	return sig;
}

/* The group owes its parent a report: a SIGCONT came, and its sender could not tell.  => lock dropped in between */
static void report_continue(struct sighand_struct *sighand) REQUIRES(sighand->lock)
{
	struct signal_struct *sig = current->signal;
	int why = sig->flags & SIGNAL_CLD_CONTINUED ? CLD_CONTINUED : CLD_STOPPED;

	sig->flags &= ~SIGNAL_CLD_MASK;
	spin_unlock_irq(&sighand->lock);
	notify_parent_cldstop(current, why);
	spin_lock_irq(&sighand->lock);
}

/*
 * The default action of @sig, which is not to end the process: ignore or stop.
 * => lock dropped in between; false: it is deadly
 */
static bool default_action_survived(struct sighand_struct *sighand, int sig) REQUIRES(sighand->lock)
{
	if (sig_kernel_ignore(sig))
		return true;
	if (unlikely(current->signal->flags & SIGNAL_UNKILLABLE) && !sig_kernel_only(sig))
		return true;
	if (!sig_kernel_stop(sig))
		return false;
	if (sig != SIGSTOP) {
		bool orphaned;

		spin_unlock_irq(&sighand->lock);
		orphaned = is_current_pgrp_orphaned();
		spin_lock_irq(&sighand->lock);
		if (orphaned)
			return true;
	}
	do_signal_stop(sighand, sig);
	return true;
}

bool get_signal(struct ksignal *ks)
{
	struct task_struct *me = current;
	struct sighand_struct *sighand = me->sighand;
	struct signal_struct *signal = me->signal;
	struct k_sigaction *ka;
	int sig;

	spin_lock_irq(&sighand->lock);
	for (;;) {
		if (unlikely(signal->flags & SIGNAL_CLD_MASK))
			report_continue(sighand);
		if (unlikely((signal->flags & SIGNAL_GROUP_EXIT) || signal->group_exit_task)) {
			sigdelset(&me->pending.signal, SIGKILL);
			recalc_sigpending();
			sig = SIGKILL;
			break;
		}
		if (unlikely(me->jobctl & JOBCTL_STOP_PENDING)) {
			do_signal_stop(sighand, 0);
			continue;
		}
		sig = dequeue_signal(&me->blocked, &ks->info);
		if (!sig) {
			spin_unlock_irq(&sighand->lock);
			ks->sig = 0;
			return false;
		}
		ka = &sighand->action[sig - 1];
		if (ka->sa.sa_handler == SIG_IGN)
			continue;
		if (ka->sa.sa_handler != SIG_DFL) {
			ks->ka = *ka;
			ks->sig = sig;
			if (ka->sa.sa_flags & SA_RESETHAND)
				ka->sa.sa_handler = SIG_DFL;
			spin_unlock_irq(&sighand->lock);
			return true;
		}
		if (!default_action_survived(sighand, sig))
			break;
	}
	spin_unlock_irq(&sighand->lock);
	show_fatal_signal(sig);
	do_group_exit(sig);
}

/* ---- frames and restarts --------------------------------------------------------------------- */

void signal_setup_done(int failed, struct ksignal *ks)
{
	sigset_t blocked = current->blocked;

	if (failed) {
		if (ks->sig == SIGSEGV)
			force_fatal_sig(SIGSEGV);
		else
			force_sig(SIGSEGV);
		return;
	}
	if (current->restore_sigmask) {
		current->restore_sigmask = false;	/* the frame restores it */
		clear_task_work(current, WORK_NOTIFY);
	}
	sigorsets(&blocked, &blocked, &ks->ka.sa.sa_mask);
	if (!(ks->ka.sa.sa_flags & SA_NODEFER))
		sigaddset(&blocked, ks->sig);
	set_current_blocked(&blocked);
	if (current->sas.ss_flags & SS_AUTODISARM)
		sas_ss_reset(current);
}

static void handle_signal(struct ksignal *ks, struct pt_regs *regs)
{
	if (in_syscall(regs)) {
		switch (syscall_get_return(regs)) {
		case -ERESTARTSYS:
			if (ks->ka.sa.sa_flags & SA_RESTART)
				syscall_restart(regs);
			else
				syscall_set_return(regs, -EINTR);
			break;
		case -ERESTARTNOINTR:
			syscall_restart(regs);
			break;
		case -ERESTARTNOHAND:
		case -ERESTART_RESTARTBLOCK:
			syscall_set_return(regs, -EINTR);
			break;
		}
		syscall_forget(regs);				/* V1 */
	}
	if (current->rseq)
		rseq_signal_deliver(ks->sig, regs);
	signal_setup_done(arch_setup_rt_frame(ks->sig, ks, sigmask_to_save(), regs), ks);
}

static void restart_without_handler(struct pt_regs *regs)
{
	switch (syscall_get_return(regs)) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		syscall_restart(regs);
		break;
	case -ERESTART_RESTARTBLOCK:
		syscall_restart(regs);
		regs->a7 = __NR_restart_syscall;
		break;
	}
	syscall_forget(regs);					/* V1 */
}

static void do_signal(struct pt_regs *regs)
{
	struct ksignal ks;

	if (get_signal(&ks)) {
		handle_signal(&ks, regs);
		return;
	}
	if (in_syscall(regs))
		restart_without_handler(regs);
	restore_saved_sigmask();
}

void exit_to_user_work(struct pt_regs *regs)
{
	unsigned long work;

	while ((work = READ_ONCE(current->work)) & USER_WORK) {
		arch_irq_enable();
		if (work & WORK_RESCHED)
			schedule();
		if (work & (WORK_SIGNAL | WORK_NOTIFY))
			do_signal(regs);
		if (work & WORK_RSEQ)
			rseq_handle_work(regs);
		arch_irq_disable();
	}
}

SYSCALL_DEFINE0(restart_syscall)
{
	struct restart_block *rb = &current->restart_block;

	return rb->fn ? rb->fn(rb) : -EINTR;
}
