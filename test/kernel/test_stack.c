/*
 * test/kernel/test_stack.c - a kernel stack that overflows is reported on the emergency stack of its hart; and a new
 * one is fenced by who runs on it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/kernel/ktest.h"
#include "include/arch/arch.h"
#include "include/arch/tlb_stat.h"
#include "kernel/ktest_hook.h"
#include "kernel/sched/sched.h"
#include "kernel/sync/completion.h"
#include "kernel/task/task.h"
#include "lib/kstrtox.h"
#include "lib/string.h"
#include "mm/kmap/stack.h"
#include <asm/ptrace.h>

static struct {
	struct task_struct *victim;
	unsigned hart;
	unsigned reports;
	bool in_guard, off_stack, irqs_off;
	struct completion gone;
} seen;

/* Each call takes a page of stack, and none is a tail call. */
static __noinline unsigned long descend(volatile unsigned long *above)
{
	volatile unsigned long frame[PAGE_SIZE / 8];

	frame[0] = *above + 1;
	return frame[0] < 100 ? descend(frame) + frame[0] : 0;
}

/* The thread is as good as gone: it holds nothing, and its stack is not used again before its exit. */
static bool note_overflow(const struct pt_regs *regs)
{
	unsigned long here = (unsigned long)&regs, top = current_base()->kernel_sp;

	if (current != seen.victim)
		return false;
	seen.reports++;
	seen.hart = this_hart();
	seen.in_guard = thread_stack_guard(regs->sp) && thread_stack_guard(regs->badaddr);
	seen.off_stack = here >= top || here < top - 2 * THREAD_SIZE;
	seen.irqs_off = arch_irqs_disabled();
	complete(&seen.gone);
	return true;
}

static void overflow_here(void *arg)
{
	volatile unsigned long start = 0;

	current->cpus_allowed = BIT((unsigned long)arg);
	schedule();
	seen.victim = current;
	descend(&start);
}

KTEST(stack_overflow_is_reported_on_every_hart)
{
	stack_overflow_hook = note_overflow;
	for_each_hart_in(h, hart_online_mask) {
		seen.reports = 0;
		init_completion(&seen.gone);
		KCHECK(kthread_run(overflow_here, (void *)h, "overflow/%lu", h));
		wait_for_completion(&seen.gone);
		KCHECK_EQ(seen.reports, 1);
		KCHECK_EQ(seen.hart, h);
		KCHECK(seen.in_guard);
		KCHECK(seen.off_stack);
		KCHECK(seen.irqs_off);
	}
	stack_overflow_hook = NULL;
}

/* Orders to other harts to fence, so far. */
static unsigned long remote_fences(void)
{
	char text[512], *at, *end;
	unsigned long nr = 0;

	arch_tlb_stat_show(text, sizeof(text));
	at = strstr(text, "\nremote ");
	end = at ? strchr(at + 1, '\n') : NULL;
	if (!end)
		return ~0ul;
	*end = '\0';
	return kstrtoul(at + strlen("\nremote "), 0, &nr) ? ~0ul : nr;
}

#define NR_NEW	24u		/* more than all that a hart keeps */

static void run_there(void *done)
{
	complete(done);
}

KTEST(stacks_of_new_threads_send_no_remote_fence)
{
	hartmask_t harts[NR_NEW];
	unsigned long before;
	void *stack[NR_NEW];

	before = remote_fences();
	KCHECK(before != ~0ul);
	for (unsigned i = 0; i < NR_NEW; i++) {
		stack[i] = alloc_thread_stack(&harts[i]);
		KCHECK(stack[i]);
		KCHECK(hartmask_has(harts[i], this_hart()));
		*(volatile unsigned long *)stack[i] = i;
	}
	KCHECK_EQ(remote_fences(), before);
	for (unsigned i = 0; i < NR_NEW; i++)
		free_thread_stack(stack[i], harts[i]);
}

KTEST(each_hart_fences_a_stack_before_it_runs_on_it)
{
	for (unsigned round = 0; round < 4 * NR_NEW; round++) {
		struct completion done;

		thread_stack_drain();		/* every thread has a stack of new entries, some of them elsewhere */
		init_completion(&done);
		KCHECK(kthread_run(run_there, &done, "stack/%u", round));
		wait_for_completion(&done);
	}
}
