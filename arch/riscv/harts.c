/*
 * arch/riscv/harts.c - which harts of the tree this kernel drives, and their numbers.
 *
 * MODEL     The boot hart is logical 0; the others are numbered in the tree's order.  A hart is ours if its node is
 *           okay and has an mmu-type, it has every base extension (imafdc) that the boot hart has, the firmware
 *           knows it as stopped, and its id was not there before.  NR_HARTS, `maxcpus=` and `nosmp` limit the
 *           number; exclude_harts=0,5-7 names ids to be left alone, for trees that call a hart what it is not
 *           (old ones of the JH7110 call its monitor core another U74; to start that one kills the firmware).
 *           Why a hart that the tree offers is left alone is said, once.
 * FAILURE   Firmware without HSM, IPI or RFENCE: the boot hart alone.
 * TESTS     test/boot/harts.py
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/sbi.h"
#include "arch/riscv/smp.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "include/uapi/errno.h"
#include "lib/cmdline.h"
#include "lib/fdt.h"
#include "lib/kstrtox.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/phys/memblock.h"
#include "mm/phys/zone.h"

unsigned nr_harts = 1;
unsigned long hart_off[NR_HARTS];
struct hart_info hart_info[NR_HARTS];
unsigned long boot_hartid;

extern char __per_hart_start[], __per_hart_end[];

/* ---- the command line ------------------------------------------------------------------------ */

/* Take a number or a range from the list at *@s. */
static int __init next_ids(const char **s, unsigned long *first, unsigned long *last)
{
	char *end;

	*first = *last = simple_strtoul(*s, &end, 0);
	if (end == *s)
		return -EINVAL;
	if (*end == '-') {
		*s = end + 1;
		*last = simple_strtoul(*s, &end, 0);
		if (end == *s || *last < *first)
			return -EINVAL;
	}
	if (*end && *end != ',')
		return -EINVAL;
	*s = end + (*end == ',');
	return 0;
}

static int __init check_exclude_harts(const char *value)
{
	unsigned long first, last;
	int rc = *value ? 0 : -EINVAL;

	while (!rc && *value)
		rc = next_ids(&value, &first, &last);
	return rc;
}
PARAM("exclude_harts", check_exclude_harts);

static bool __init excluded(unsigned long hartid)
{
	unsigned long first, last;
	const char *s;
	char buf[128];

	if (cmdline_get("exclude_harts", buf, sizeof(buf)) <= 0)
		return false;
	for (s = buf; *s && !next_ids(&s, &first, &last); )
		if (hartid >= first && hartid <= last)
			return true;
	return false;
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

/* ---- what the tree says of a hart ------------------------------------------------------------ */

/* Base extensions, as bits of AT_HWCAP. */
unsigned long __init hart_base_isa(const struct fdt_cpu *cpu)
{
	static const char letters[] = "imafdc";
	unsigned long cap = 0;

	for (const char *l = letters; *l; l++)
		if (fdt_cpu_has_ext(&boot_fdt, cpu->node, (char[]){ *l, 0 }))
			cap |= BIT(*l - 'a');
	return cap;
}

/* Does @cpu lack what the boot hart has? */
static bool __init is_poorer(const struct fdt_cpu *cpu)
{
	static unsigned long boot_isa __initdata;
	static bool known __initdata;
	struct fdt_cpu boot;

	if (!known)
		fdt_for_each_cpu(&boot_fdt, it, &boot)
			if (boot.hartid == boot_hartid)
				boot_isa = hart_base_isa(&boot);
	known = true;
	return boot_isa & ~hart_base_isa(cpu);
}

bool __init smp_hart_usable(const struct fdt_cpu *cpu)
{
	if (cpu->hartid == boot_hartid)
		return true;
	return fdt_cpu_usable(cpu) && !excluded(cpu->hartid) && !is_poorer(cpu);
}

bool __init smp_all_harts_have(const char *extension)
{
	struct fdt_cpu cpu;
	bool any = false;

	fdt_for_each_cpu(&boot_fdt, it, &cpu) {
		if (!smp_hart_usable(&cpu))
			continue;
		if (!fdt_cpu_has_ext(&boot_fdt, cpu.node, extension))
			return false;
		any = true;
	}
	return any;
}

static bool __init is_known(unsigned long hartid)
{
	for_each_hart(h)
		if (hart_info[h].hartid == hartid)
			return true;
	return false;
}

/* Why a hart whose node is okay and has an MMU is none of ours; NULL: it is. */
static const char *__init why_not(const struct fdt_cpu *cpu)
{
	long status;

	if (excluded(cpu->hartid))
		return "exclude_harts= says so";
	if (is_poorer(cpu))
		return "it lacks base extensions that the boot hart has";
	if (is_known(cpu->hartid))
		return "its id is in the tree twice";
	status = sbi_hart_status(cpu->hartid);
	if (status < 0)
		return "the firmware does not know it";
	return status == HART_STOPPED || status == HART_STOP_PENDING ? NULL : "it is not stopped";
}

/* ---- numbers --------------------------------------------------------------------------------- */

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

static void __init make_per_hart_area(unsigned h)
{
	size_t bytes = __per_hart_end - __per_hart_start;
	char *area = memblock_alloc_node(bytes, PAGE_SIZE, hart_info[h].nid);

	if (!area)
		panic("smp: no memory for hart %u", h);
	hart_off[h] = (unsigned long)area - (unsigned long)__per_hart_start;
}

unsigned long per_hart_pages(void)
{
	return nr_harts * PFN_UP((unsigned long)(__per_hart_end - __per_hart_start));
}

/* The next number for @cpu, if it is ours; whether it would be, and @limit alone is against it. */
static bool __init number_hart(const struct fdt_cpu *cpu, unsigned limit)
{
	const char *why = why_not(cpu);

	if (why) {
		pr_warn("smp: hart %llu is left alone: %s\n", (unsigned long long)cpu->hartid, why);
		return false;
	}
	if (nr_harts >= limit)
		return true;
	describe_hart(nr_harts, cpu);
	make_per_hart_area(nr_harts);
	nr_harts++;
	return false;
}

void __init smp_init_harts(void)
{
	unsigned limit = hart_limit(), left_out = 0;
	struct fdt_cpu cpu;

	hart_info[0].hartid = boot_hartid;
	fdt_for_each_cpu(&boot_fdt, it, &cpu) {
		if (cpu.hartid == boot_hartid)
			describe_hart(0, &cpu);
		else if (fdt_cpu_usable(&cpu) && sbi_has_smp())
			left_out += number_hart(&cpu, limit);
	}
	if (!sbi_has_smp())
		pr_warn("smp: the firmware lacks HSM, IPI or RFENCE: this hart is alone\n");
	if (left_out)
		pr_warn("smp: %u harts beyond %u are left alone\n", left_out, limit);
}
