/*
 * arch/riscv/smp.c - the other harts: numbers, start, and requests between harts.
 *
 * MODEL     The boot hart is logical 0; the others are numbered in the tree's order.  A hart counts if its
 *           node is okay and has an mmu-type, and the firmware knows it.  NR_HARTS, `maxcpus=` and `nosmp`
 *           limit the number.
 *           Starting: each hart gets an idle task and a struct hart_boot, and HSM is told to start it.
 *           Firmware may say yes and the hart never come (FU540's monitor hart): the boot hart waits
 *           START_MS for all of them, then goes on without those that are missing.  An emulated hart may
 *           want a second before its host runs it at all, so that time is long; from SLOW_MS on we say so.
 *             WAITING --hart arrives--> ARRIVED      WAITING --time is out--> GIVEN_UP
 *           A request to another hart is a bit in its ipi_bits, then a software interrupt.
 * INVARIANTS
 *   H1  A hart that arrives after it was given up never touches anything: it parks.
 *   H2  hart_online_mask has the bit of every hart that may run kernel code.
 * LOCKING   call_lock serialises arch_call_on(); it is held with interrupts on, so its waiters serve
 *           requests meanwhile.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/smp.h"
#include "arch/riscv/mm/paging.h"
#include "arch/riscv/sbi.h"
#include "arch/riscv/timer.h"
#include "include/arch/arch.h"
#include "include/atomic.h"
#include "include/machine.h"
#include "kernel/irq.h"
#include "kernel/sync/spinlock.h"
#include "kernel/task/fork.h"
#include "kernel/task/task.h"
#include "lib/cmdline.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/memblock.h"
#include "mm/phys/zone.h"
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
enum start_state { START_WAITING, START_ARRIVED, START_GIVEN_UP };

enum ipi { IPI_RESCHED, IPI_CALL, IPI_STOP };

unsigned nr_harts = 1;
hartmask_t hart_online_mask = { 1 };
unsigned long hart_off[NR_HARTS];
struct hart_info hart_info[NR_HARTS];
unsigned long boot_hartid;

static struct hart_boot hart_boot[NR_HARTS];
static DEFINE_PER_HART(unsigned long, ipi_bits);
extern char __per_hart_start[], __per_hart_end[];
extern char secondary_entry[];

/* ---- numbering ------------------------------------------------------------------------------- */

bool smp_hart_usable(const struct fdt_cpu *cpu)
{
	return cpu->hartid == boot_hartid || fdt_cpu_usable(cpu);
}

static void __init describe_hart(unsigned h, const struct fdt_cpu *cpu)
{
	hart_info[h].hartid = cpu->hartid;
	hart_info[h].node = cpu->node;
	hart_info[h].nid = cpu->nid < 0 ? 0 : cpu->nid;
	numa_set_hart_node(h, hart_info[h].nid);
	hart_info[h].mvendorid = sbi_mvendorid;
	hart_info[h].marchid = sbi_marchid;
	hart_info[h].mimpid = sbi_mimpid;
}

static unsigned __init hart_limit(void)
{
	char buf[16];
	unsigned n;

	if (cmdline_get("nosmp", buf, sizeof(buf)) >= 0)
		return 1;
	if (cmdline_get("maxcpus", buf, sizeof(buf)) >= 0 && !kstrtouint(buf, 0, &n))
		return clamp(n, 1u, (unsigned)NR_HARTS);
	return NR_HARTS;
}

static int __init check_maxcpus(const char *value)
{
	unsigned n;

	return kstrtouint(value, 0, &n);
}
PARAM("maxcpus", check_maxcpus);

static int __init check_nosmp(const char *value) { return *value ? -EINVAL : 0; }
PARAM("nosmp", check_nosmp);

static void __init make_per_hart_area(unsigned h)
{
	size_t bytes = __per_hart_end - __per_hart_start;
	char *area = memblock_alloc_node(bytes, PAGE_SIZE, hart_info[h].nid);

	if (!area)
		panic("smp: no memory for hart %u", h);
	hart_off[h] = (unsigned long)area - (unsigned long)__per_hart_start;
}

void __init smp_init_harts(void)
{
	unsigned limit = hart_limit(), left_out = 0;
	struct fdt_cpu cpu;

	hart_info[0].hartid = boot_hartid;
	fdt_for_each_cpu(&boot_fdt, it, &cpu) {
		if (cpu.hartid == boot_hartid) {
			describe_hart(0, &cpu);
		} else if (!smp_hart_usable(&cpu) || sbi_hart_status(cpu.hartid) < 0) {
			continue;
		} else if (nr_harts == limit) {
			left_out++;
		} else {
			describe_hart(nr_harts, &cpu);
			make_per_hart_area(nr_harts);
			nr_harts++;
		}
	}
	if (left_out)
		pr_warn("smp: %u harts beyond %u are left alone\n", left_out, limit);
}

/* ---- start ----------------------------------------------------------------------------------- */

static void __init start_hart(unsigned h)
{
	struct hart_boot *b = &hart_boot[h];
	struct task_struct *idle = fork_idle(h);

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
	if (sbi_hart_start(hart_info[h].hartid, virt_to_phys(secondary_entry), virt_to_phys(b))) {
		pr_err("smp: hart %lu does not start\n", hart_info[h].hartid);
		b->task = NULL;
	}
}

/* Wait for hart @h, all having been asked when the counter showed @asked; whether it came. */
static bool __init hart_arrives(unsigned h, u64 asked)
{
	u64 slow = asked + arch_time_hz / 1000 * SLOW_MS, deadline = asked + arch_time_hz / 1000 * START_MS;
	int state = START_WAITING;
	bool said = false;

	while (__atomic_load_n(&hart_boot[h].state, __ATOMIC_ACQUIRE) == START_WAITING) {
		if (!said && arch_time_ticks() > slow) {
			pr_info("smp: waiting for hart %lu\n", hart_info[h].hartid);
			said = true;
		}
		if (arch_time_ticks() > deadline &&
		    __atomic_compare_exchange_n(&hart_boot[h].state, &state, START_GIVEN_UP, false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
			pr_err("smp: hart %lu was started and never came\n", hart_info[h].hartid);
			return false;
		}
		arch_cpu_relax();
	}
	while (!(READ_ONCE(hart_online_mask.bits) & BIT(h)))
		arch_cpu_relax();
	return true;
}

void __init arch_smp_boot(void)
{
	unsigned came = 1;
	u64 asked;

	for (unsigned h = 1; h < nr_harts; h++)
		start_hart(h);
	asked = arch_time_ticks();
	for (unsigned h = 1; h < nr_harts; h++)
		came += hart_boot[h].task && hart_arrives(h, asked);
	pr_info("smp: brought up %u of %u harts\n", came, nr_harts);
}

/* A started hart, high, on its idle task's stack, interrupts off. */
__noreturn void secondary_hart(void)
{
	unsigned h = current_base()->hart;
	int state = START_WAITING;

	if (!__atomic_compare_exchange_n(&hart_boot[h].state, &state, START_ARRIVED, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		for (;;)
			arch_wait_for_interrupt();	/* H1 */
	timer_init_hart();
	smp_init_irq();
	__atomic_fetch_or(&hart_online_mask.bits, BIT(h), __ATOMIC_SEQ_CST);	/* H2 */
	__asm__ volatile("sfence.vma\n	fence.i" ::: "memory");	/* what changed before we were online */
	secondary_start(h);
}

/* ---- requests -------------------------------------------------------------------------------- */

void smp_init_irq(void)
{
	csr_set(sie, SIE_SSIE);
}

static void send_ipi(hartmask_t harts, enum ipi what)
{
	for_each_hart_in(h, harts)
		__atomic_fetch_or(per_hart_ptr(&ipi_bits, h), BIT(what), __ATOMIC_RELEASE);
	sbi_send_ipi(harts);
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

static __noreturn void stop_here(void)
{
	__atomic_fetch_and(&hart_online_mask.bits, ~BIT(this_hart()), __ATOMIC_SEQ_CST);
	csr_write(sie, 0);
	for (;;)
		arch_wait_for_interrupt();
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
	hartmask_t others = { READ_ONCE(hart_online_mask.bits) & ~BIT(this_hart()) };
	u64 deadline = arch_time_ticks() + arch_time_hz / 1000 * STOP_MS;

	if (!others.bits)
		return;
	send_ipi(others, IPI_STOP);
	while ((READ_ONCE(hart_online_mask.bits) & others.bits) && arch_time_ticks() < deadline)
		arch_cpu_relax();
}
