/*
 * arch/riscv/machine.c - interrupt controllers up, and the ways to end: power off, restart, halt.
 *
 * MODEL     Ends are tried in order: semihosting, if `semihosting` is on the command line (it carries an
 *           exit code out of QEMU); SBI system reset; the test device ("sifive,test0") of
 *           QEMU's virt machine; SBI's legacy shutdown.  When all fail, as on boards whose power no
 *           software switches (SiFive's Unleashed), the log says so and the hart sleeps.
 * SEE       Arm semihosting specification, SYS_EXIT_EXTENDED; RISC-V semihosting 0.4.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/sbi.h"
#include "arch/riscv/smp.h"
#include "drivers/irqchip/plic.h"
#include "include/arch/arch.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "kernel/irq.h"
#include "lib/cmdline.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "mm/kmap/ioremap.h"

#define SYS_EXIT_EXTENDED	0x20ul
#define STOPPED_APPLICATION	0x20026ul
#define TEST_PASS		0x5555u
#define TEST_FAIL		0x3333u
#define TEST_RESET		0x7777u

long semihost_call(unsigned long op, const void *arg);	/* semihost.S */

static volatile u32 *test_device;

void arch_init_irq(void)
{
	int node = fdt_find_compatible(&boot_fdt, FDT_NONE, "sifive,test0");
	u64 base, size;

	plic_init();
	irq_init_hart();
	smp_init_irq();
	if (node >= 0 && !fdt_get_reg(&boot_fdt, node, 0, &base, &size) &&
	    request_mem_region(base, size, fdt_node_name(&boot_fdt, node)))
		test_device = ioremap(base, size);
}

static void quiesce(void)
{
	if (!arch_irqs_disabled())
		arch_irq_disable();
	smp_stop_others();
}

__noreturn void arch_machine_halt(void)
{
	quiesce();
	for (;;)
		arch_wait_for_interrupt();
}

static void semihost_exit(int code)
{
	/* Read by the host through this hart's page tables. */
	static unsigned long block[2];

	if (!cmdline_has("semihosting"))
		return;
	block[0] = STOPPED_APPLICATION;
	block[1] = code;
	semihost_call(SYS_EXIT_EXTENDED, block);
}

__noreturn void arch_machine_exit(int code)
{
	bool may_be_legacy;

	quiesce();
	semihost_exit(code);
	if (code && test_device)
		*test_device = (u32)code << 16 | TEST_FAIL;
	may_be_legacy = sbi_shutdown();
	if (test_device)
		*test_device = TEST_PASS;
	if (!may_be_legacy)
		pr_emerg("reboot: nothing here switches the power off: System halted\n");
	sbi_legacy_shutdown();
	arch_machine_halt();
}

__noreturn void arch_machine_poweroff(void)
{
	arch_machine_exit(0);
}

__noreturn void arch_machine_restart(void)
{
	quiesce();
	sbi_reboot();
	if (test_device)
		*test_device = TEST_RESET;
	pr_emerg("Restart failed: the firmware cannot\n");
	arch_machine_halt();
}
