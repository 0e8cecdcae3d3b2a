/*
 * drivers/rtc/goldfish.c - the real-time clock of QEMU's virt machine: gives the time at boot.
 *
 * MODEL     Two registers hold nanoseconds since the epoch; reading the low one latches the high one.
 * SEE       QEMU hw/rtc/goldfish_rtc.c for the register map.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/of.h"
#include "include/io.h"
#include "include/ioport.h"
#include "include/machine.h"
#include "include/uapi/errno.h"
#include "kernel/time/time.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "mm/kmap/ioremap.h"

#define RTC_TIME_LOW	0x00
#define RTC_TIME_HIGH	0x04

static int goldfish_rtc_probe(int node)
{
	const void *regs;
	u64 base, size, ns;

	if (fdt_get_reg(&boot_fdt, node, 0, &base, &size) || size < RTC_TIME_HIGH + 4)
		return -EINVAL;
	if (!request_mem_region(base, size, fdt_node_name(&boot_fdt, node)))
		return -EBUSY;
	regs = ioremap(base, size);
	if (!regs) {
		release_mem_region(base, size);
		return -ENOMEM;
	}
	ns = readl((const char *)regs + RTC_TIME_LOW);
	ns |= (u64)readl((const char *)regs + RTC_TIME_HIGH) << 32;
	iounmap(regs);
	rtc_set_boot_time(ns);
	pr_info("rtc: %lld s since the epoch\n", (long long)(ns / NSEC_PER_SEC));
	return 0;
}

DRIVER("google,goldfish-rtc", goldfish_rtc_probe);
