/*
 * kernel/signal/send.c - making a signal pending, and choosing who takes it.
 *
 * MODEL     prepare_signal()   does what a signal does at the moment it is sent: a stop signal and
 *                              SIGCONT cancel each other, SIGCONT wakes; decides if it is dropped.
 *           __send_signal()    queues it on the thread or the process.
 *           complete_signal()  finds a thread that can take it, and wakes that.  A deadly one ends the
 *                              whole group from here: every thread gets SIGKILL.
 *           The thread that was named is asked first: kill() names the leader, a timer the running thread.
 * INVARIANTS
 *   G1  A signal that is pending and not blocked by thread t has WORK_SIGNAL set in some thread that can
 *       take it, unless it is queued during that thread's own recalc_sigpending().
 *   G2  SIGNAL_GROUP_EXIT is never cleared; from then on no signal is queued.
 * LOCKING   sighand->lock of the target.
 *
 * SPDX-License-Identifier: MIT
 */
#include "kernel/sched/sched.h"
#include "kernel/signal/queue.h"
#include "kernel/signal/signalfd.h"
#include "kernel/task/cred.h"
#include "lib/string.h"
#include "mm/slab/slab.h"

static inline bool thread_group_empty(const struct task_struct *t)
{
	return t->signal->nr_threads <= 1;
}

static inline __sighandler_t sig_handler(const struct task_struct *t, int sig)
{
	return t->sighand->action[sig - 1].sa.sa_handler;
}

/* Is @sig without effect on @t, if it came now?  @force: the kernel means it. */
static bool sig_task_ignored(const struct task_struct *t, int sig, bool force)
{
	__sighandler_t handler = sig_handler(t, sig);

	if (unlikely(t->flags & PF_KTHREAD))
		return true;
	if (unlikely(t->signal->flags & SIGNAL_UNKILLABLE) && handler == SIG_DFL &&
	    !(force && sig_kernel_only(sig)))
		return true;
	return handler == SIG_IGN || (handler == SIG_DFL && sig_kernel_ignore(sig));
}

static bool sig_ignored(const struct task_struct *t, int sig, bool force)
{
	/* Blocked: its action may be another one when it is taken. */
	if (sigismember(&t->blocked, sig) || sigismember(&t->real_blocked, sig))
		return false;
	return sig_task_ignored(t, sig, force);
}

bool signal_is_void(const struct task_struct *t, int sig)
{
	return sig_ignored(t, sig, false) && !sig_kernel_stop(sig) && sig != SIGCONT;
}

bool is_ignored(int sig)
{
	return sigismember(&current->blocked, sig) || sig_handler(current, sig) == SIG_IGN;
}

/* Flag work for @t and end its sleep: an interruptible one, or with @fatal a killable or stopped one. */
void signal_wake_up(struct task_struct *t, bool fatal)
{
	int states = TASK_INTERRUPTIBLE;

	if (fatal)
		states |= TASK_WAKEKILL | TASK_STOPPED | TASK_TRACED;
	set_task_work(t, WORK_SIGNAL);
	/* The bit before the state: wake_up_task() has the barrier; pairs with sleep_or_stay(). */
	if (!wake_up_task((struct task_base *)t, states) && t != current)
		kick_process(t);
}

/* ---- what sending does at once --------------------------------------------------------------- */

static void flush_everywhere(unsigned long mask, struct task_struct *p)
{
	struct task_struct *t;

	flush_sigqueue_mask(mask, &p->signal->shared_pending);
	for_each_thread(t, p)
		flush_sigqueue_mask(mask, &t->pending);
}

/* SIGCONT goes on with a stopped group even if it is blocked or ignored. */
static void continue_group(struct task_struct *p)
{
	struct signal_struct *sig = p->signal;
	struct task_struct *t;
	unsigned why = 0;

	flush_everywhere(SIG_KERNEL_STOP_MASK, p);
	for_each_thread(t, p) {
		t->jobctl &= ~(JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME | JOBCTL_STOP_DEQUEUED);
		wake_up_task((struct task_base *)t, TASK_STOPPED);
	}
	/* The first thread that runs tells the parent: we may not take its lock here. */
	if (sig->flags & SIGNAL_STOP_STOPPED)
		why = SIGNAL_CLD_CONTINUED;
	else if (sig->group_stop_count)
		why = SIGNAL_CLD_STOPPED;
	if (why) {
		sig->flags = (sig->flags & ~SIGNAL_STOP_MASK) | why | SIGNAL_STOP_CONTINUED;
		sig->group_stop_count = 0;
		sig->stop_code = 0;
	}
}

/* Side effects of sending @sig; should it be queued? */
static bool prepare_signal(int sig, struct task_struct *p, bool force)
{
	if (unlikely(p->signal->flags & SIGNAL_GROUP_EXIT))
		return false;						/* G2 */
	if (sig_kernel_stop(sig))
		flush_everywhere(sigmask(SIGCONT), p);
	else if (sig == SIGCONT)
		continue_group(p);
	return !sig_ignored(p, sig, force);
}

/* ---- who takes it ---------------------------------------------------------------------------- */

static bool wants_signal(int sig, struct task_struct *t)
{
	if (sigismember(&t->blocked, sig) || (t->flags & PF_EXITING))
		return false;
	if (sig == SIGKILL)
		return true;
	if (t->state & (TASK_STOPPED | TASK_TRACED))
		return false;
	return task_curr(t) || !task_sigpending(t);
}

static struct task_struct *find_taker(int sig, struct task_struct *p, bool group)
{
	struct task_struct *t;

	if (wants_signal(sig, p))
		return p;
	if (!group || thread_group_empty(p))
		return NULL;
	for_each_thread(t, p)
		if (wants_signal(sig, t))
			return t;
	return NULL;
}

static bool sig_fatal(const struct task_struct *t, int sig)
{
	return !(sigmask(sig) & (SIG_KERNEL_IGNORE_MASK | SIG_KERNEL_STOP_MASK)) &&
	       sig_handler(t, sig) == SIG_DFL;
}

static void kill_group(struct task_struct *p, int sig)
{
	struct task_struct *t;

	p->signal->flags |= SIGNAL_GROUP_EXIT;				/* G2 */
	p->signal->group_exit_code = sig;
	p->signal->group_stop_count = 0;
	for_each_thread(t, p) {
		t->jobctl &= ~(JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME);
		sigaddset(&t->pending.signal, SIGKILL);
		signal_wake_up(t, true);
	}
}

static void complete_signal(int sig, struct task_struct *p, bool group)
{
	struct task_struct *t = find_taker(sig, p, group);

	if (!t)
		return;		/* the one that unblocks it will see it (G1) */
	/* If the death is to be logged, the thread that takes the signal ends the others: its registers count. */
	if (sig_fatal(p, sig) && !(p->signal->flags & (SIGNAL_GROUP_EXIT | SIGNAL_UNKILLABLE)) &&
	    !sigismember(&t->real_blocked, sig) && !(print_fatal_signals && sig_kernel_coredump(sig)))
		kill_group(p, sig);
	else
		signal_wake_up(t, sig == SIGKILL);
}

/* ---- sending --------------------------------------------------------------------------------- */

static inline bool is_si_special(const siginfo_t *info)
{
	return info <= SEND_SIG_PRIV;
}

static void fill_info(siginfo_t *to, int sig, const siginfo_t *info)
{
	if (!is_si_special(info)) {
		*to = *info;
		return;
	}
	memset(to, 0, sizeof(*to));
	to->si_signo = sig;
	to->si_code = info == SEND_SIG_PRIV ? SI_KERNEL : SI_USER;
	if (info == SEND_SIG_NOINFO) {
		to->si_pid = current->tgid;
		to->si_uid = current_uid();
	}
}

int send_signal_locked(int sig, siginfo_t *info, struct task_struct *t, bool group)
{
	struct sigpending *pending = group ? &t->signal->shared_pending : &t->pending;
	bool override;
	struct sigqueue *q;

	if (!prepare_signal(sig, t, info == SEND_SIG_PRIV))
		return 0;
	if (sig < SIGRTMIN && sigismember(&pending->signal, sig))
		return 0;
	if (sig != SIGKILL) {
		override = sig < SIGRTMIN && (is_si_special(info) || info->si_code >= 0);
		q = sigqueue_alloc(t, GFP_ATOMIC, override);
		if (q) {
			fill_info(&q->info, sig, info);
			list_add_tail(&q->list, &pending->list);
		} else if (sig >= SIGRTMIN && !is_si_special(info) && info->si_code != SI_USER) {
			return -EAGAIN;		/* who queues wants it all or not at all */
		}
	}
	sigaddset(&pending->signal, sig);
	signalfd_notify();
	complete_signal(sig, t, group);
	return 0;
}

struct sighand_struct *lock_task_sighand(struct task_struct *t, unsigned long *flags) NO_LOCK_ANALYSIS
{
	struct sighand_struct *sighand;

	for (;;) {
		sighand = READ_ONCE(t->sighand);
		if (unlikely(!sighand))
			return NULL;
		spin_lock_irqsave(&sighand->lock, *flags);
		if (likely(sighand == t->sighand))
			return sighand;
		spin_unlock_irqrestore(&sighand->lock, *flags);
	}
}

int do_send_sig_info(int sig, siginfo_t *info, struct task_struct *t, bool group)
{
	unsigned long flags;
	struct sighand_struct *sighand;
	int rc = -ESRCH;

	kick_defer();
	sighand = lock_task_sighand(t, &flags);
	if (sighand) {
		spin_assert_held(&sighand->lock);
		rc = send_signal_locked(sig, info, t, group);
		spin_unlock_irqrestore(&sighand->lock, flags);
	}
	kick_flush();
	return rc;
}

int send_sig_info(int sig, siginfo_t *info, struct task_struct *t)
{
	return valid_signal(sig) ? do_send_sig_info(sig, info, t, false) : -EINVAL;
}

int send_sig(int sig, struct task_struct *t, int priv)
{
	return send_sig_info(sig, priv ? SEND_SIG_PRIV : SEND_SIG_NOINFO, t);
}

/*
 * Who a timer's signal is for.  One for the process is offered to the running thread first if it is of that
 * process: nobody else need be woken, and where all are busy each gets its share of the signals.
 */
static struct task_struct *timer_target(struct task_struct *t, bool group)
{
	return group && current->signal == t->signal && !current->exit_state ? current : t;
}

int send_sigqueue_locked(struct sigqueue *q, struct task_struct *t, bool group)
{
	struct sigpending *pending = group ? &t->signal->shared_pending : &t->pending;
	int sig = q->info.si_signo;

	t = timer_target(t, group);
	if (!prepare_signal(sig, t, false))
		return 1;
	if (!list_empty(&q->list)) {
		q->info.si_overrun++;
		return 0;
	}
	q->info.si_overrun = 0;
	list_add_tail(&q->list, &pending->list);
	sigaddset(&pending->signal, sig);
	signalfd_notify();
	complete_signal(sig, t, group);
	return 0;
}

int send_sigqueue(struct sigqueue *q, struct task_struct *t, bool group)
{
	unsigned long flags;
	struct sighand_struct *sighand = lock_task_sighand(t, &flags);
	int rc;

	if (!sighand)
		return -1;
	spin_assert_held(&sighand->lock);
	rc = send_sigqueue_locked(q, t, group);
	spin_unlock_irqrestore(&sighand->lock, flags);
	return rc;
}

/* ---- to the running task, by force ----------------------------------------------------------- */

enum force_how { FORCE_CURRENT_HANDLER, FORCE_EXIT };

static void force_info(siginfo_t *info, enum force_how how)
{
	struct task_struct *t = current;
	int sig = info->si_signo;
	struct k_sigaction *ka;
	unsigned long flags;
	bool blocked;

	spin_lock_irqsave(&t->sighand->lock, flags);
	ka = &t->sighand->action[sig - 1];
	blocked = sigismember(&t->blocked, sig);
	if (blocked || ka->sa.sa_handler == SIG_IGN || how == FORCE_EXIT) {
		ka->sa.sa_handler = SIG_DFL;
		sigdelset(&t->blocked, sig);
	}
	/* Even init dies of its own fault. */
	if (ka->sa.sa_handler == SIG_DFL)
		t->signal->flags &= ~SIGNAL_UNKILLABLE;
	send_signal_locked(sig, info, t, false);
	if (!task_sigpending(t))
		signal_wake_up(t, false);	/* it was pending, blocked, before */
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}

void force_sig_info(siginfo_t *info)
{
	force_info(info, FORCE_CURRENT_HANDLER);
}

static void kernel_info(siginfo_t *info, int sig)
{
	memset(info, 0, sizeof(*info));
	info->si_signo = sig;
	info->si_code = SI_KERNEL;
}

void force_sig(int sig)
{
	siginfo_t info;

	kernel_info(&info, sig);
	force_info(&info, FORCE_CURRENT_HANDLER);
}

void force_fatal_sig(int sig)
{
	siginfo_t info;

	kernel_info(&info, sig);
	force_info(&info, FORCE_EXIT);
}

void force_sig_fault(int sig, int code, unsigned long addr)
{
	siginfo_t info;

	show_unhandled_signal(sig, code, addr);
	kernel_info(&info, sig);
	info.si_code = code;
	info.si_addr = (void __user *)addr;
	force_info(&info, FORCE_CURRENT_HANDLER);
}

/* ---- threads that end ------------------------------------------------------------------------ */

int zap_other_threads(struct task_struct *p)
{
	struct task_struct *t;
	int n = 0;

	p->signal->group_stop_count = 0;
	for_each_thread(t, p) {
		if (t == p)
			continue;
		n++;
		t->jobctl &= ~(JOBCTL_STOP_PENDING | JOBCTL_STOP_CONSUME);
		if (t->exit_state)
			continue;
		sigaddset(&t->pending.signal, SIGKILL);
		signal_wake_up(t, true);
	}
	return n;
}

/* Process signals of the set @which, which @t will not take, go to threads that can (G1). */
void retarget_shared_pending(struct task_struct *t, unsigned long which)
{
	unsigned long left = t->signal->shared_pending.signal.sig[0] & which;
	struct task_struct *o;

	if (!left)
		return;
	for_each_thread(o, t) {
		if (o == t || (o->flags & PF_EXITING) || !(left & ~o->blocked.sig[0]))
			continue;
		left &= o->blocked.sig[0];
		if (!task_sigpending(o))
			signal_wake_up(o, false);
		if (!left)
			break;
	}
}

void exit_signals(struct task_struct *t)
{
	bool notify = false;
	unsigned long flags;

	if (thread_group_empty(t) || (t->signal->flags & SIGNAL_GROUP_EXIT)) {
		t->flags |= PF_EXITING;
		return;
	}
	spin_lock_irqsave(&t->sighand->lock, flags);
	t->flags |= PF_EXITING;
	if (task_sigpending(t))
		retarget_shared_pending(t, ~t->blocked.sig[0]);
	if (t->jobctl & JOBCTL_STOP_PENDING)
		notify = task_participate_group_stop(t);
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	if (notify)
		notify_parent_cldstop(t, CLD_STOPPED);
}

void flush_signal_handlers(struct task_struct *t, bool force_default)
{
	for (int i = 0; i < _NSIG; i++) {
		struct sigaction *sa = &t->sighand->action[i].sa;

		if (force_default || sa->sa_handler != SIG_IGN)
			sa->sa_handler = SIG_DFL;
		sa->sa_flags = 0;
		sigemptyset(&sa->sa_mask);
	}
}
