/*
 * arch/riscv/errata.c - the one table of hardware faults that the kernel works around.
 *
 * MODEL     An entry applies to harts of a vendor and an architecture whose implementation id lies in a
 *           range.  The boot hart speaks for all: the harts that run the kernel are of one kind on
 *           the machines that we know.  `errata=cip-1200,...` on the command line adds entries,
 *           to test the workarounds on a machine without the fault.
 *           CIP-453 (stval of instruction faults is not sign-extended) needs nothing here: the kernel takes
 *           no such fault that it would survive.
 * SEE       SiFive core errata CIP-453, CIP-1200; doc/porting.md.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/errata.h"
#include "arch/riscv/sbi.h"
#include "include/uapi/errno.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/string.h"

#define VENDOR_SIFIVE	0x489ul
#define ARCH_BULLET	0x8000000000000007ul
#define ARCH_ROCKET	0x1ul

bool errata_no_address_fence;

struct erratum {
	const char *name;
	unsigned long vendor, arch, imp_min, imp_max, imp_not;	/* imp: low 24 bits unless wider */
	bool *flag;
};

static const struct erratum errata[] = {
	{ "cip-1200", VENDOR_SIFIVE, ARCH_BULLET, 0, 0x200630, 0x01200626, &errata_no_address_fence },
	{ "cip-1200", VENDOR_SIFIVE, ARCH_ROCKET, 0, 0x200630, 0x01200626, &errata_no_address_fence },
};

static bool applies(const struct erratum *e)
{
	unsigned long imp = sbi_mimpid & 0xffffff;

	return sbi_mvendorid == e->vendor && sbi_marchid == e->arch && imp >= e->imp_min &&
	       imp <= e->imp_max && (!e->imp_not || sbi_mimpid != e->imp_not);
}

void __init errata_init(void)
{
	char wish[64] = "";

	if (cmdline_get("errata", wish, sizeof(wish)) < 0)
		wish[0] = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(errata); i++) {
		const struct erratum *e = &errata[i];

		if (*e->flag || (!applies(e) && !strstr(wish, e->name)))
			continue;
		*e->flag = true;
		pr_info("errata: %s worked around\n", e->name);
	}
}

/* A list of names, of which unknown ones do nothing. */
static int __init check_errata(const char *value) { return *value ? 0 : -EINVAL; }
PARAM("errata", check_errata);
