/*
 * kernel/signal/action.c - what a signal does: sigaction() and the alternate stack.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/signal/queue.h"

static bool action_ignores(const struct k_sigaction *ka, int sig)
{
	return ka->sa.sa_handler == SIG_IGN || (ka->sa.sa_handler == SIG_DFL && sig_kernel_ignore(sig));
}

static int do_sigaction(int sig, struct k_sigaction *act, struct k_sigaction *old)
{
	struct task_struct *me = current, *t;
	struct k_sigaction *ka;

	if (sig < 1 || sig > _NSIG || (act && sig_kernel_only(sig)))
		return -EINVAL;
	ka = &me->sighand->action[sig - 1];
	spin_lock_irq(&me->sighand->lock);
	if (old)
		*old = *ka;
	if (act) {
		act->sa.sa_flags &= UAPI_SA_FLAGS;
		sigdelsetmask(&act->sa.sa_mask, SIG_KERNEL_ONLY_MASK);
		*ka = *act;
		/* Ignoring a signal also drops what is pending of it. */
		if (action_ignores(ka, sig)) {
			flush_sigqueue_mask(sigmask(sig), &me->signal->shared_pending);
			for_each_thread(t, me)
				flush_sigqueue_mask(sigmask(sig), &t->pending);
		}
	}
	spin_unlock_irq(&me->sighand->lock);
	return 0;
}

SYSCALL_DEFINE4(rt_sigaction, int, sig, const struct sigaction __user *, uact, struct sigaction __user *, uold,
		size_t, size)
{
	struct k_sigaction act, old;
	int rc;

	if (size != sizeof(sigset_t))
		return -EINVAL;
	if (uact && copy_from_user(&act.sa, uact, sizeof(act.sa)))
		return -EFAULT;
	rc = do_sigaction(sig, uact ? &act : NULL, uold ? &old : NULL);
	if (!rc && uold && copy_to_user(uold, &old.sa, sizeof(old.sa)))
		return -EFAULT;
	return rc;
}

/* ---- alternate stack ------------------------------------------------------------------------- */

static bool in_sas(unsigned long sp)
{
	const stack_t *s = &current->sas;
	unsigned long base = (unsigned long)s->ss_sp;

	return sp > base && sp - base <= s->ss_size;
}

bool on_sig_stack(unsigned long sp)
{
	/* With AUTODISARM there is no such state: the handler runs without an alternate stack. */
	return !(current->sas.ss_flags & SS_AUTODISARM) && in_sas(sp);
}

int sas_ss_flags(unsigned long sp)
{
	if (!current->sas.ss_size)
		return SS_DISABLE;
	return on_sig_stack(sp) ? SS_ONSTACK : 0;
}

void sas_ss_reset(struct task_struct *t)
{
	t->sas.ss_sp = NULL;
	t->sas.ss_size = 0;
	t->sas.ss_flags = SS_DISABLE;
}

unsigned long sigsp(unsigned long sp, struct ksignal *ks)
{
	if ((ks->ka.sa.sa_flags & SA_ONSTACK) && !sas_ss_flags(sp))
		return (unsigned long)current->sas.ss_sp + current->sas.ss_size;
	return sp;
}

static void read_altstack(stack_t *old, unsigned long sp)
{
	old->ss_sp = current->sas.ss_sp;
	old->ss_size = current->sas.ss_size;
	old->ss_flags = sas_ss_flags(sp) | (current->sas.ss_flags & (int)SS_FLAG_BITS);
}

static int set_altstack(const stack_t *ss, unsigned long sp)
{
	int mode = ss->ss_flags & ~(int)SS_FLAG_BITS;
	stack_t *mine = &current->sas;

	if (on_sig_stack(sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		mine->ss_sp = NULL;
		mine->ss_size = 0;
	} else {
		if (ss->ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		mine->ss_sp = ss->ss_sp;
		mine->ss_size = ss->ss_size;
	}
	mine->ss_flags = ss->ss_flags;
	return 0;
}

SYSCALL_DEFINE2(sigaltstack, const stack_t __user *, uss, stack_t __user *, uold)
{
	unsigned long sp = user_stack_pointer(current_pt_regs());
	stack_t ss, old;
	int rc = 0;

	if (uss && copy_from_user(&ss, uss, sizeof(ss)))
		return -EFAULT;
	read_altstack(&old, sp);
	if (uss)
		rc = set_altstack(&ss, sp);
	if (!rc && uold && copy_to_user(uold, &old, sizeof(old)))
		return -EFAULT;
	return rc;
}

int restore_altstack(const stack_t __user *uss)
{
	stack_t ss;

	if (copy_from_user(&ss, uss, sizeof(ss)))
		return -EFAULT;
	/* What a frame says may be nonsense: then the stack stays as it is. */
	(void)set_altstack(&ss, user_stack_pointer(current_pt_regs()));
	return 0;
}

int save_altstack(stack_t __user *uss, unsigned long sp)
{
	stack_t old = { 0 };

	read_altstack(&old, sp);
	return copy_to_user(uss, &old, sizeof(old)) ? -EFAULT : 0;
}

int copy_siginfo_to_user(siginfo_t __user *to, const siginfo_t *from)
{
	return copy_to_user(to, from, sizeof(*from)) ? -EFAULT : 0;
}
