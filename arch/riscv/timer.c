/*
 * arch/riscv/timer.c - the time counter, and the one-shot timer of each hart.
 *
 * MODEL     The counter is the `time` register at timebase-frequency of the tree.  The timer is stimecmp
 *           (Sstc) where the tree names it for every hart and reading it does not trap, for trees are known to lie;
 *           else the firmware's.  An interrupt stays pending until the comparator lies in the future.
 * COST      Sstc: one register write; firmware: an SBI call.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/timer.h"
#include "arch/riscv/sbi.h"
#include "arch/riscv/smp.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include <asm/csr.h>
#include <asm/extable.h>

const char clocksource_name[] = "riscv_clocksource";	/* the time CSR: there is no other */

#define CSR_STIMECMP	"0x14d"
#define SCOUNTEREN_TM	2ul
#define TIMEBASE_MIN	10000ul		/* Hz: ticks of the scheduler must be told apart */
#define TIMEBASE_MAX	999999999ul	/* nanoseconds tell its ticks apart */

u64 arch_time_hz;
static bool have_sstc;

u64 arch_time_ticks(void)
{
	u64 t;

	__asm__ volatile("rdtime %0" : "=r"(t));
	return t;
}

void arch_timer_set(u64 ticks)
{
	if (likely(have_sstc)) {
		__asm__ volatile("csrw " CSR_STIMECMP ", %0" :: "r"(ticks));
	} else {
		csr_set(sie, SIE_STIE);
		sbi_set_timer(ticks);
	}
}

void arch_timer_stop(void)
{
	if (likely(have_sstc))
		__asm__ volatile("csrw " CSR_STIMECMP ", %0" :: "r"(-1ul));
	else
		csr_clear(sie, SIE_STIE);
}

static bool __init stimecmp_works(void)
{
	unsigned long ok = 0, v;

	__asm__ volatile("1: csrr %1, " CSR_STIMECMP "\n	li %0, 1\n2:\n" EXTABLE("1b", "2b")
			 : "+&r"(ok), "=&r"(v));
	return ok;
}

void __init timer_probe(void)
{
	if (fdt_timebase(&boot_fdt, &arch_time_hz) || !arch_time_hz)
		panic("the device tree has no timebase-frequency");
	if (arch_time_hz < TIMEBASE_MIN || arch_time_hz > TIMEBASE_MAX)
		panic("the device tree's timebase-frequency, %llu Hz, is no machine's",
		      (unsigned long long)arch_time_hz);
	have_sstc = smp_all_harts_have("sstc");
	if (have_sstc && !stimecmp_works()) {
		pr_warn("timer: the tree promises Sstc, but stimecmp traps\n");
		have_sstc = false;
	}
	timer_init_hart();
	pr_info("timer: %llu Hz, %s\n", (unsigned long long)arch_time_hz, have_sstc ? "Sstc" : "SBI");
}

void timer_init_hart(void)
{
	csr_write(scounteren, SCOUNTEREN_TM);	/* rdtime for user programs and the vDSO */
	arch_timer_stop();
}

void arch_init_timer(void)
{
	if (have_sstc)
		csr_set(sie, SIE_STIE);
}
