/*
 * drivers/of.c - find a driver for each device of the tree.  Theory: of.h
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/of.h"
#include "include/machine.h"
#include "include/uapi/errno.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "lib/string.h"

static const struct driver_entry *__init find_driver(const char *compatible)
{
	for (const struct driver_entry *d = __start_drivers; d < __stop_drivers; d++)
		if (!strcmp(d->compatible, compatible))
			return d;
	return NULL;
}

static void __init probe_node(const struct fdt *f, int node)
{
	const char *compatible;

	for (int i = 0; (compatible = fdt_getprop_nth_str(f, node, "compatible", i)); i++) {
		const struct driver_entry *d = find_driver(compatible);
		int rc;

		if (!d || !fdt_node_available(f, node))
			continue;
		rc = d->probe(node);
		if (rc && rc != -ENODEV)
			pr_err("%s (%s): error %d\n", fdt_node_name(f, node), compatible, rc);
		if (!rc)
			return;
	}
}

void __init driver_init(void)
{
	struct fdt f;
	int depth = 0;

	if (fdt_init(&f, boot_dtb, boot_dtb_bytes)) {
		pr_err("drivers: there is no device tree\n");
		return;
	}
	for (int node = 0; node >= 0; node = fdt_next_node(&f, node, &depth))
		probe_node(&f, node);
}
