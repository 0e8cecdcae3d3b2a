/*
 * drivers/base/cpu.c - /sys/devices/system/cpu: which harts there are, and how they lie in cores and packages.
 *
 * MODEL     The place of each hart is /cpus/cpu-map's, if that has all harts; else each is a core of its own, in
 *           a package for each memory node.  Harts with an equal part of their places are siblings:
 *             package_cpus (core_siblings)    package
 *             cluster_cpus                    package, cluster
 *             core_cpus (thread_siblings)     package, cluster, core
 *           Harts do not come and go: there is no cpuN/online.
 * LOCKING   None: fixed by cpu_dev_init(); only which harts are online is looked up.
 * TESTS     test/boot/cpus.py, test/user/t_cpu.c
 * SEE       Linux's Documentation/ABI/stable/sysfs-devices-system-cpu
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/base/cpu.h"
#include "drivers/base/class.h"
#include "fs/sysfs.h"
#include "include/machine.h"
#include "lib/printk.h"
#include "lib/string.h"

static struct fdt_cpu_place places[NR_HARTS];

ssize_t harts_show_list(hartmask_t harts, char *buf)
{
	u64 mask = harts.bits;

	return scnprintf(buf, PAGE_SIZE, "%*pbl\n", 64, &mask);
}

ssize_t harts_show_map(hartmask_t harts, char *buf)
{
	u64 mask = harts.bits;

	return scnprintf(buf, PAGE_SIZE, "%*pb\n", (int)nr_harts, &mask);
}

/* ---- capacity -------------------------------------------------------------------------------- */

#define CAPACITY_SCALE	1024u		/* of the strongest hart */
static u32 capacity[NR_HARTS];

/* capacity-dmips-mhz counts if every hart's node has it; the clocks, which we do not steer, are taken for equal. */
static void __init find_capacities(void)
{
	u32 most = 0;
	bool all = true;

	for_each_hart(h) {
		all &= !fdt_read_u32(&boot_fdt, hart_info[h].node, "capacity-dmips-mhz", &capacity[h]);
		most = max(most, capacity[h]);
	}
	for_each_hart(h)
		capacity[h] = all && most ? (u64)capacity[h] * CAPACITY_SCALE / most : CAPACITY_SCALE;
}

static ssize_t show_capacity(void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%u\n", capacity[(unsigned long)data]);
}

/* ---- all harts ------------------------------------------------------------------------------- */

static hartmask_t all_harts(void) { return (hartmask_t){ nr_harts == 64 ? ~0ul : BIT(nr_harts) - 1 }; }

static ssize_t show_online(__maybe_unused void *data, char *buf) { return harts_show_list(hart_online_mask, buf); }
static ssize_t show_all(__maybe_unused void *data, char *buf) { return harts_show_list(all_harts(), buf); }
static ssize_t show_none(__maybe_unused void *data, char *buf) { return scnprintf(buf, PAGE_SIZE, "\n"); }
static ssize_t show_nothing(__maybe_unused void *data, __maybe_unused char *buf) { return 0; }

/* What Linux says of every fault of other ISAs' processors: a hart of this one has none of them by name. */
static ssize_t show_not_affected(__maybe_unused void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "Not affected\n");
}

static ssize_t show_max(__maybe_unused void *data, char *buf)
{
	return scnprintf(buf, PAGE_SIZE, "%u\n", NR_HARTS - 1);
}

static ssize_t show_offline(__maybe_unused void *data, char *buf)
{
	return harts_show_list((hartmask_t){ all_harts().bits & ~hart_online_mask.bits }, buf);
}

/* ---- one hart -------------------------------------------------------------------------------- */

static unsigned hart_of(void *data) { return (unsigned long)data; }

enum same { SAME_PACKAGE, SAME_CLUSTER, SAME_CORE };

static bool same_place(const struct fdt_cpu_place *a, const struct fdt_cpu_place *b, enum same what)
{
	if (a->package != b->package)
		return false;
	if (what == SAME_PACKAGE)
		return true;
	if (a->cluster != b->cluster || (what == SAME_CLUSTER && a->cluster < 0))
		return false;
	return what == SAME_CLUSTER || a->core == b->core;
}

static hartmask_t siblings(unsigned hart, enum same what)
{
	hartmask_t harts = { BIT(hart) };

	for_each_hart_in(h, hart_online_mask)
		if (same_place(&places[hart], &places[h], what))
			harts.bits |= BIT(h);
	return harts;
}

#define SIBLINGS(name, what) \
	static ssize_t show_##name(void *data, char *buf) \
	{ return harts_show_map(siblings(hart_of(data), what), buf); } \
	static ssize_t show_##name##_list(void *data, char *buf) \
	{ return harts_show_list(siblings(hart_of(data), what), buf); }
SIBLINGS(package, SAME_PACKAGE)
SIBLINGS(cluster, SAME_CLUSTER)
SIBLINGS(core, SAME_CORE)

#define PLACE(part) \
	static ssize_t show_##part##_id(void *data, char *buf) \
	{ return scnprintf(buf, PAGE_SIZE, "%d\n", places[hart_of(data)].part); }
PLACE(package)
PLACE(cluster)
PLACE(core)

/* What an event of the device would say. */
static ssize_t show_uevent(void *data, char *buf)
{
	int node = hart_info[hart_of(data)].node, i = 0;
	const char *name = fdt_node_name(&boot_fdt, node), *type, *what;
	ssize_t n = scnprintf(buf, PAGE_SIZE, "OF_NAME=%.*s\nOF_FULLNAME=/cpus/%s\n", (int)strcspn(name, "@"), name,
			      name);

	type = fdt_getprop_str(&boot_fdt, node, "device_type");
	if (type)
		n += scnprintf(buf + n, PAGE_SIZE - n, "OF_TYPE=%s\n", type);
	for (; (what = fdt_getprop_nth_str(&boot_fdt, node, "compatible", i)); i++)
		n += scnprintf(buf + n, PAGE_SIZE - n, "OF_COMPATIBLE_%d=%s\n", i, what);
	return n + scnprintf(buf + n, PAGE_SIZE - n, "OF_COMPATIBLE_N=%d\n", i);
}

/* ---- the tree -------------------------------------------------------------------------------- */

static void __init find_places(void)
{
	for_each_hart(h)
		if (fdt_cpu_place(&boot_fdt, hart_info[h].node, &places[h])) {
			for_each_hart(i)
				places[i] = (struct fdt_cpu_place){ hart_info[i].nid, -1, (int)i, -1 };
			return;
		}
}

static int __init create_links(unsigned h)
{
	char path[96], to[96];
	int rc;

	snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/node%d", h, hart_info[h].nid);
	snprintf(to, sizeof(to), "../../node/node%d", hart_info[h].nid);
	rc = sysfs_create_link(path, to);
	snprintf(path, sizeof(path), "devices/system/node/node%d/cpu%u", hart_info[h].nid, h);
	snprintf(to, sizeof(to), "../../cpu/cpu%u", h);
	rc |= sysfs_create_link(path, to);
	snprintf(path, sizeof(path), "bus/cpu/devices/cpu%u", h);
	snprintf(to, sizeof(to), "../../../devices/system/cpu/cpu%u", h);
	rc |= sysfs_create_link(path, to);
	snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/subsystem", h);
	return rc | sysfs_create_link(path, "../../../../bus/cpu");
}

static int __init create_hart(unsigned h)
{
	static const struct { const char *name; sysfs_show_fn show; sysfs_store_fn store; } files[] = {
		{ "topology/physical_package_id", show_package_id }, { "topology/cluster_id", show_cluster_id },
		{ "topology/core_id", show_core_id },
		{ "topology/package_cpus", show_package }, { "topology/package_cpus_list", show_package_list },
		{ "topology/core_siblings", show_package }, { "topology/core_siblings_list", show_package_list },
		{ "topology/cluster_cpus", show_cluster }, { "topology/cluster_cpus_list", show_cluster_list },
		{ "topology/core_cpus", show_core }, { "topology/core_cpus_list", show_core_list },
		{ "topology/thread_siblings", show_core }, { "topology/thread_siblings_list", show_core_list },
		{ "uevent", show_uevent, uevent_store }, { "cpu_capacity", show_capacity },
	};
	char path[96];
	int rc = create_links(h);

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/%s", h, files[i].name);
		rc |= sysfs_create_file(path, files[i].show, files[i].store, (void *)(unsigned long)h);
	}
	return rc;
}

void __init cpu_dev_init(void)
{
	static const struct { const char *name; sysfs_show_fn show; } files[] = {
		{ "devices/system/cpu/online", show_online }, { "devices/system/cpu/offline", show_offline },
		{ "devices/system/cpu/possible", show_all }, { "devices/system/cpu/present", show_all },
		{ "devices/system/cpu/enabled", show_all }, { "devices/system/cpu/isolated", show_none },
		{ "devices/system/cpu/kernel_max", show_max },
	};
	static const char *const faults[] = {
		"gather_data_sampling", "indirect_target_selection", "itlb_multihit", "l1tf", "mds", "meltdown",
		"mmio_stale_data", "reg_file_data_sampling", "retbleed", "spec_rstack_overflow", "spec_store_bypass",
		"spectre_v1", "spectre_v2", "srbds", "tsa", "tsx_async_abort", "vmscape",
	};
	char path[80];
	int rc = 0;

	find_places();
	find_capacities();
	for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
		snprintf(path, sizeof(path), "devices/system/cpu/vulnerabilities/%s", faults[i]);
		rc |= sysfs_create_file(path, show_not_affected, NULL, NULL);
	}
	rc |= sysfs_create_file("devices/system/cpu/uevent", show_nothing, uevent_store, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(files); i++)
		rc |= sysfs_create_file(files[i].name, files[i].show, NULL, NULL);
	for_each_hart(h)
		rc |= create_hart(h);
	if (rc)
		pr_warn("sysfs: some attributes of harts are missing\n");
	cacheinfo_init();
}
