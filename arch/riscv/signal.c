/*
 * arch/riscv/signal.c - signal frames on the user stack, in Linux's riscv64 layout.
 *
 * MODEL     The frame, from the stack pointer up: siginfo (128), ucontext = flags, link, alternate stack,
 *           mask and room to 128 bytes of it, then, 16-aligned, pc and x1..x31, then 528 bytes of
 *           floating-point state, whose D form takes the first 260; the rest is 0.
 *           The handler returns to the vDSO, which calls rt_sigreturn.
 * FAILURE   A frame that cannot be written or read back: the caller's SIGSEGV.
 * TESTS     test/user/ (handlers on both stacks, nested, with floating point)
 * SEE       Linux's arch/riscv uapi: ucontext.h, sigcontext.h, ptrace.h (layout)
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/signal.h"
#include "arch/riscv/thread_fp.h"
#include "arch/riscv/vdso_map.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/signal/signal.h"
#include "kernel/task/task.h"
#include "lib/string.h"

#define GREGS	32u
#define FP_BYTES 528u

struct ucontext {
	unsigned long uc_flags;
	struct ucontext __user *uc_link;
	stack_t uc_stack;
	sigset_t uc_sigmask;
	u8 __unused[1024 / 8 - sizeof(sigset_t)];
	unsigned long gregs[GREGS] __aligned(16);	/* pc, x1..x31 */
	u8 fp[FP_BYTES];
};

struct rt_sigframe {
	siginfo_t info;
	struct ucontext uc;
};
BUILD_ASSERT(offsetof(struct ucontext, gregs) == 176);
BUILD_ASSERT(offsetof(struct ucontext, fp) == 432);
BUILD_ASSERT(sizeof(struct rt_sigframe) == 1088);
BUILD_ASSERT(sizeof(struct fp_state) <= FP_BYTES);

/* ---- floating point -------------------------------------------------------------------------- */

static unsigned long save_fp(u8 __user *to, const struct pt_regs *regs)
{
	if ((regs->status & SR_FS) == SR_FS_OFF)
		return clear_user(to, FP_BYTES);
	fp_save_current();
	return copy_to_user(to, &current->thread.fp, offsetof(struct fp_state, __pad)) |
	       clear_user(to + offsetof(struct fp_state, __pad),
			  FP_BYTES - offsetof(struct fp_state, __pad));
}

static bool fp_is_initial(const struct fp_state *fp)
{
	u64 any = fp->fcsr;

	for (unsigned i = 0; i < ARRAY_SIZE(fp->f); i++)
		any |= fp->f[i];
	return !any;
}

/* The last three words say which further state follows: none is known here. */
static long restore_fp(const u8 __user *from, struct pt_regs *regs)
{
	struct fp_state fp = { 0 };
	u32 ext[3];

	if (copy_from_user(&fp, from, offsetof(struct fp_state, __pad)) ||
	    copy_from_user(ext, from + FP_BYTES - sizeof(ext), sizeof(ext)))
		return -EFAULT;
	if (ext[0] | ext[1] | ext[2])
		return -EINVAL;
	if ((regs->status & SR_FS) == SR_FS_OFF && (fp_is_initial(&fp) || !has_fpu()))
		return 0;
	current->thread.fp = fp;
	fp_reload_current();
	return 0;
}

/* ---- the frame ------------------------------------------------------------------------------- */

static struct rt_sigframe __user *frame_place(struct ksignal *ks, const struct pt_regs *regs)
{
	unsigned long sp = regs->sp;

	/* An alternate stack that would overflow into what lies below: better none than that. */
	if (on_sig_stack(sp) && !on_sig_stack(sp - sizeof(struct rt_sigframe)))
		return (void __user *)~0ul;
	sp = sigsp(sp, ks) - sizeof(struct rt_sigframe);
	return (void __user *)(sp & ~15ul);
}

static bool write_frame(struct rt_sigframe __user *f, struct ksignal *ks, const sigset_t *oldset,
			const struct pt_regs *regs)
{
	if (!access_ok(f, sizeof(*f)))
		return false;
	return !(copy_siginfo_to_user(&f->info, &ks->info) |
		 put_user(0ul, &f->uc.uc_flags) |
		 put_user((struct ucontext __user *)NULL, &f->uc.uc_link) |
		 save_altstack(&f->uc.uc_stack, regs->sp) |
		 (copy_to_user(&f->uc.uc_sigmask, oldset, sizeof(*oldset)) ? 1 : 0) |
		 (copy_to_user(f->uc.gregs, regs, sizeof(f->uc.gregs)) ? 1 : 0) |
		 (save_fp(f->uc.fp, regs) ? 1 : 0));
}

int arch_setup_rt_frame(int sig, struct ksignal *ks, const sigset_t *oldset, struct pt_regs *regs)
{
	struct rt_sigframe __user *f = frame_place(ks, regs);

	if (!write_frame(f, ks, oldset, regs))
		return -EFAULT;
	regs->ra = vdso_sigreturn(current->mm);
	regs->epc = (unsigned long)ks->ka.sa.sa_handler;
	regs->sp = (unsigned long)f;
	regs->a0 = sig;
	regs->a1 = (unsigned long)&f->info;
	regs->a2 = (unsigned long)&f->uc;
	return 0;
}

SYSCALL_DEFINE0(rt_sigreturn)
{
	struct pt_regs *regs = current_pt_regs();
	struct rt_sigframe __user *f = (void __user *)regs->sp;
	unsigned long gregs[GREGS];
	sigset_t set;

	current->restart_block.fn = NULL;
	if (!access_ok(f, sizeof(*f)) || copy_from_user(&set, &f->uc.uc_sigmask, sizeof(set)) ||
	    copy_from_user(gregs, f->uc.gregs, sizeof(gregs)) || restore_fp(f->uc.fp, regs) ||
	    restore_altstack(&f->uc.uc_stack)) {
		force_sig(SIGSEGV);
		return 0;
	}
	memcpy(regs, gregs, sizeof(gregs));
	set_current_blocked(&set);
	syscall_forget(regs);
	__atomic_fetch_or(&current->work, WORK_ARCH_FULL, __ATOMIC_RELAXED);
	return regs->a0;	/* entry.S stores it where it is already */
}
