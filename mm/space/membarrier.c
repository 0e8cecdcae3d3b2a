/*
 * mm/space/membarrier.c - order memory on all harts that run this program, at the caller's cost.
 *
 * MODEL     A barrier is executed on every hart; "private" commands need it only where the caller's
 *           address space runs, and want a registration first.  SYNC_CORE also makes instruction
 *           fetch see earlier stores (fence.i).  RSEQ also makes what runs there begin its restartable
 *           sequence anew, on all harts or on one.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/arch/arch.h"
#include "include/syscall.h"
#include "include/uapi/errno.h"
#include "include/uapi/mman.h"
#include "mm/pt/flush.h"

#define CMD_ALL (MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | \
		 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED | \
		 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | \
		 MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | \
		 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | \
		 MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ | \
		 MEMBARRIER_CMD_GET_REGISTRATIONS)

static void hart_barrier(void *arg)
{
	(void)arg;
	smp_mb();
}

static long barrier_on(hartmask_t harts)
{
	smp_mb();
	if (!hartmask_empty(hartmask_without(harts, this_hart())))
		arch_call_on(harts, hart_barrier, NULL);
	smp_mb();
	return 0;
}

/* What runs here, on its way back from this interrupt, looks at its section. */
static void hart_restart_sequence(void *mm)
{
	smp_mb();
	if (current_base()->mm == mm)
		__atomic_fetch_or(&current_base()->work, WORK_RSEQ, __ATOMIC_RELAXED);
}

/* On hart @cpu, or where the caller's address space runs if that is negative. */
static long restart_sequences(int cpu)
{
	struct mm_struct *mm = current_base()->mm;
	hartmask_t harts = mm_harts(mm);

	if (!(mm->membarrier_state & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ))
		return -EPERM;
	if (cpu >= 0)
		harts = hartmask_and(harts, cpu < NR_HARTS ? hartmask_of(cpu) : hartmask_none());
	hartmask_remove(&harts, this_hart());
	if (!hartmask_empty(harts))
		arch_call_on(harts, hart_restart_sequence, mm);
	smp_mb();
	return 0;
}

static void membarrier_register(struct mm_struct *mm, unsigned cmd)
{
	__atomic_fetch_or(&mm->membarrier_state, cmd, __ATOMIC_SEQ_CST);
}

SYSCALL_DEFINE3(membarrier, int, cmd, unsigned, flags, int, cpu)
{
	struct mm_struct *mm = current_base()->mm;

	if (flags && (cmd != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ || flags != MEMBARRIER_CMD_FLAG_CPU))
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return CMD_ALL;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		return barrier_on(hart_online_mask);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		if (!(mm->membarrier_state & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
			return -EPERM;
		return barrier_on(mm_harts(mm));
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		if (!(mm->membarrier_state & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE))
			return -EPERM;
		flush_icache_mm(mm, false);
		return barrier_on(mm_harts(mm));
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
		return restart_sequences(flags ? cpu : -1);
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
		membarrier_register(mm, cmd);
		return 0;
	case MEMBARRIER_CMD_GET_REGISTRATIONS:
		return mm->membarrier_state;
	default:
		return -EINVAL;
	}
}
