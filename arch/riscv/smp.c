/*
 * arch/riscv/smp.c - the other harts: start, and requests between harts.
 *
 * MODEL     Starting: each hart of harts.c gets an idle task and a struct hart_boot, and HSM is told to start it.
 *           Firmware may say yes and the hart never come (FU540's monitor hart): the boot hart waits
 *           START_MS for all of them, then goes on without those that are missing.  An emulated hart may
 *           want a second and more before its host runs it at all, so that time is long (smp_wait=MS changes
 *           it); from SLOW_MS on we say so.  One that comes after it joins as if it had come in time: all that
 *           it needs is there.  A hart may also enter the kernel where the boot hart did, by a fault of the
 *           firmware, and wait there (head.S, stray): one that is slow is called from there.
 *             WAITING --hart arrives--> ARRIVED      WAITING --satp takes no mode--> UNFIT (head.S: it parks)
 *           A request to another hart is a bit in its ipi_bits, then a software interrupt.
 * INVARIANTS
 *   H1  What an arriving hart touches is never freed: its hart_boot, idle task, per-hart area, and code and
 *       tables outside the init sections.
 *   H2  hart_online_mask has the bit of every hart that may run kernel code.
 *   H3  A hart that arrives when the others were told to stop stops, too: it sets its bit, then looks at
 *       `stopping`; who stops them sets that, then reads the mask.
 * LOCKING   call_lock serialises arch_call_on(); it is held with interrupts on, so its waiters serve
 *           requests meanwhile.
 * FAILURE   A request that the firmware does not deliver is a panic: whoever asked would wait for ever.
 * TESTS     test/kernel/test_smp.c, test/boot/harts.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/smp.h"
#include "arch/riscv/isa.h"
#include "arch/riscv/mm/paging.h"
#include "arch/riscv/sbi.h"
#include "arch/riscv/timer.h"
#include "arch/riscv/vdso_map.h"
#include "include/arch/arch.h"
#include "include/atomic.h"
#include "include/machine.h"
#include "kernel/irq.h"
#include "kernel/sync/spinlock.h"
#include "kernel/task/fork.h"
#include "kernel/task/task.h"
#include "lib/cmdline.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include <asm/csr.h>

#define SLOW_MS		1000u
#define START_MS	10000u
#define STOP_MS		100u

/* Read by secondary_entry (head.S) at its physical address. */
struct hart_boot {
	unsigned long satp, va_offset;
	struct task_struct *task;
	int state;			/* (A) enum start_state */
};
BUILD_ASSERT(offsetof(struct hart_boot, state) == 24);
enum start_state { START_WAITING, START_ARRIVED, START_UNFIT };	/* UNFIT is head.S's, 2 */

/* The hart that is called, if it waits in head.S. */
extern struct boot_stray { unsigned long hartid, hart_boot; } boot_stray;

enum ipi { IPI_RESCHED, IPI_CALL, IPI_STOP };

hartmask_t hart_online_mask = { 1 };

static bool waited;		/* arch_smp_boot() went on: who comes now is late */
static bool stopping;		/* (A) set once */
static struct hart_boot hart_boot[NR_HARTS];
static DEFINE_PER_HART(unsigned long, ipi_bits);
extern char secondary_entry[];

static unsigned start_ms = START_MS;

static int __init set_smp_wait(const char *value) { return kstrtouint(value, 0, &start_ms); }
PARAM("smp_wait", set_smp_wait);

/* ---- start ----------------------------------------------------------------------------------- */

static void __init start_hart(unsigned h)
{
	struct hart_boot *b = &hart_boot[h];
	struct task_struct *idle = fork_idle(h);
	long rc;

	if (!idle) {
		pr_err("smp: no memory for hart %u's idle task\n", h);
		return;
	}
	idle->hart = h;
	idle->hart_off = hart_off[h];
	b->task = idle;
	b->satp = kernel_satp();
	b->va_offset = kernel_pa_offset;
	smp_wmb();	/* before the hart reads it; the start call orders it too */
	rc = sbi_hart_start(hart_info[h].hartid, virt_to_phys(secondary_entry), virt_to_phys(b));
	if (rc) {
		pr_err("smp: hart %lu does not start: firmware's error %ld\n", hart_info[h].hartid, rc);
		b->task = NULL;
	}
}

/*
 * Hart @h may be waiting where the boot hart came in.  If it is not, nobody looks at this.  head.S reads the id, the
 * rest, and the id again.
 */
static void __init call_stray(unsigned h)
{
	WRITE_ONCE(boot_stray.hartid, ~0ul);
	smp_wmb();
	WRITE_ONCE(boot_stray.hart_boot, virt_to_phys(&hart_boot[h]));
	smp_wmb();
	WRITE_ONCE(boot_stray.hartid, hart_info[h].hartid);
	smp_wmb();
	(void)!sbi_send_ipi((hartmask_t){ BIT(h) });	/* refused: then it does not come, as before */
}

/* Wait for hart @h, all having been asked when the counter showed @asked; whether it came. */
static bool __init hart_arrives(unsigned h, u64 asked)
{
	u64 slow = asked + arch_time_hz / 1000 * SLOW_MS, deadline = asked + arch_time_hz / 1000 * start_ms;
	unsigned long hartid = hart_info[h].hartid;
	bool said = false;

	while (!(READ_ONCE(hart_online_mask.bits) & BIT(h))) {
		if (READ_ONCE(hart_boot[h].state) == START_UNFIT) {
			pr_err("smp: hart %lu lacks the paging mode, and is left alone\n", hartid);
			return false;
		}
		if (!said && arch_time_ticks() > slow) {
			pr_info("smp: waiting for hart %lu\n", hartid);
			call_stray(h);
			said = true;
		}
		if (arch_time_ticks() > deadline) {
			pr_err("smp: hart %lu was started and has not come (its HSM state is %ld)\n", hartid,
			       sbi_hart_status(hartid));
			return false;
		}
		arch_cpu_relax();
	}
	return true;
}

void __init arch_smp_boot(void)
{
	unsigned came = 1;
	u64 asked;

	WRITE_ONCE(waited, !start_ms);
	for (unsigned h = 1; h < nr_harts; h++)
		start_hart(h);
	asked = arch_time_ticks();
	for (unsigned h = 1; h < nr_harts; h++)
		came += hart_boot[h].task && hart_arrives(h, asked);
	WRITE_ONCE(waited, true);
	pr_info("smp: brought up %u of %u harts\n", came, nr_harts);
}

static __noreturn void stop_here(void)
{
	__atomic_fetch_and(&hart_online_mask.bits, ~BIT(this_hart()), __ATOMIC_SEQ_CST);
	csr_write(sie, 0);
	for (;;)
		arch_wait_for_interrupt();
}

/* A started hart, high, on its idle task's stack, interrupts off. */
__noreturn void secondary_hart(void)
{
	unsigned h = current_base()->hart;

	WRITE_ONCE(hart_boot[h].state, START_ARRIVED);
	timer_init_hart();
	isa_init_hart();
	sbi_read_ids(&hart_info[h].mvendorid, &hart_info[h].marchid, &hart_info[h].mimpid);
	irq_init_hart();
	smp_init_irq();
	__atomic_fetch_or(&hart_online_mask.bits, BIT(h), __ATOMIC_SEQ_CST);	/* H2 */
	__asm__ volatile("sfence.vma\n	fence.i" ::: "memory");	/* what changed before we were online */
	vdso_forget_hwprobe();
	if (__atomic_load_n(&stopping, __ATOMIC_SEQ_CST))
		stop_here();						/* H3 */
	if (READ_ONCE(waited))
		pr_info("smp: hart %lu came late, and joins\n", hart_info[h].hartid);
	secondary_start(h);
}

/* ---- requests -------------------------------------------------------------------------------- */

void smp_init_irq(void)
{
	csr_set(sie, SIE_SSIE);
}

static void send_ipi(hartmask_t harts, enum ipi what)
{
	long rc;

	for_each_hart_in(h, harts)
		__atomic_fetch_or(per_hart_ptr(&ipi_bits, h), BIT(what), __ATOMIC_RELEASE);
	rc = sbi_send_ipi(harts);
	if (unlikely(rc) && what != IPI_STOP)	/* who stops others waits a little, and says who did not */
		panic("smp: the firmware does not interrupt harts %lx: %ld", harts.bits, rc);
}

void arch_send_reschedule(unsigned hart)
{
	send_ipi((hartmask_t){ BIT(hart) }, IPI_RESCHED);
}

static struct call {
	void (*fn)(void *);
	void *arg;
	unsigned long waiting;		/* (A) harts that have not done it */
} call;
static DEFINE_SPINLOCK(call_lock, RANK_NONE);

static void serve_call(void)
{
	unsigned long self = BIT(this_hart());

	if (!(__atomic_load_n(&call.waiting, __ATOMIC_ACQUIRE) & self))
		return;
	call.fn(call.arg);
	__atomic_fetch_and(&call.waiting, ~self, __ATOMIC_RELEASE);
}

/* The lock is held as long as others are asked, and not at all where nobody is. */
void arch_call_on(hartmask_t harts, void (*fn)(void *), void *arg) NO_LOCK_ANALYSIS
{
	unsigned long self = BIT(this_hart());
	hartmask_t others = { harts.bits & READ_ONCE(hart_online_mask.bits) & ~self };

	if (others.bits) {
		ASSERT(!arch_irqs_disabled());
		spin_lock(&call_lock);
		call.fn = fn;
		call.arg = arg;
		__atomic_store_n(&call.waiting, others.bits, __ATOMIC_RELEASE);
		send_ipi(others, IPI_CALL);
	}
	if (harts.bits & self) {
		unsigned long flags = arch_irq_save();

		fn(arg);
		arch_irq_restore(flags);
	}
	if (others.bits) {
		while (__atomic_load_n(&call.waiting, __ATOMIC_ACQUIRE))
			arch_cpu_relax();
		spin_unlock(&call_lock);
	}
}

void ipi_handle(__maybe_unused struct pt_regs *regs)
{
	unsigned long bits = __atomic_exchange_n(this_hart_ptr(&ipi_bits), 0, __ATOMIC_ACQ_REL);

	if (bits & BIT(IPI_CALL)) {
		irq_kind_count(IRQ_KIND_CALL);
		serve_call();
	}
	if (bits & BIT(IPI_RESCHED)) {
		irq_kind_count(IRQ_KIND_RESCHED);
		scheduler_ipi();
	}
	if (bits & BIT(IPI_STOP)) {
		irq_kind_count(IRQ_KIND_STOP);
		stop_here();
	}
}

void smp_stop_others(void)
{
	hartmask_t others;
	u64 deadline;

	if (__atomic_exchange_n(&stopping, true, __ATOMIC_SEQ_CST))		/* H3 */
		return;
	others.bits = __atomic_load_n(&hart_online_mask.bits, __ATOMIC_SEQ_CST) & ~BIT(this_hart());
	if (!others.bits)
		return;
	send_ipi(others, IPI_STOP);
	deadline = arch_time_ticks() + arch_time_hz / 1000 * STOP_MS;
	while ((READ_ONCE(hart_online_mask.bits) & others.bits) && arch_time_ticks() < deadline)
		arch_cpu_relax();
	others.bits &= READ_ONCE(hart_online_mask.bits);
	if (others.bits)
		pr_emerg("smp: harts %lx did not stop\n", others.bits);
}
