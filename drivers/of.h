/*
 * drivers/of.h - drivers, found by the `compatible` strings of the device tree.
 *
 * MODEL     DRIVER("ns16550a", probe) puts an entry into the section .init.drivers.  driver_init() walks
 *           the tree once; for each node whose status is okay, it tries the compatible strings in
 *           order, and calls the first driver that names one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_DRIVERS_OF_H
#define VELLUM_DRIVERS_OF_H

#include "include/types.h"

struct driver_entry {
	const char *compatible;
	int (*probe)(int node);		/* 0, or -errno: said in the log */
};

#define DRIVER_NAME_(fn, line)	driver_##fn##_##line
#define DRIVER_NAME(fn, line)	DRIVER_NAME_(fn, line)
#define DRIVER(compat, fn) \
	static const struct driver_entry __section(".init.drivers") __used __aligned(8) \
	DRIVER_NAME(fn, __LINE__) = { .compatible = (compat), .probe = (fn) }

/* Bounds of the section, from kernel.ld. */
extern const struct driver_entry __start_drivers[], __stop_drivers[];

void driver_init(void);

#endif
