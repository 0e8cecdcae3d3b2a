/*
 * arch/riscv/isa.c - which extensions each hart has: for /proc/cpuinfo, riscv_hwprobe, and the kernel itself.
 *
 * MODEL     The device tree names extensions in any order, and leaves out what others contain.  isa_init() makes
 *           of that a set of numbers for each hart: index in exts[], which has Linux's order, that of
 *           /proc/cpuinfo: single letters, then Z, then S.  What contains what (bundles), and what is
 *           nothing without something else, is as Linux 6.12 has it; there zks lacks zbkx and zk zknh.
 *           Extensions of vectors are left out: the kernel keeps no vector state.
 *           A tree with riscv,isa only is from before the counters and Zicsr, Zifencei were named apart from I.
 * LOCKING   None: fixed by isa_init(), before other harts run.
 * TESTS     test/boot/cpus.py (trees, beside what Linux printed); test/user/t_cpu.c
 * SEE       Linux's Documentation/arch/riscv/hwprobe.rst (the bits of IMA_EXT_0)
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/isa.h"
#include "arch/riscv/smp.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "lib/fdt.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "lib/vsprintf.h"
#include <asm/extable.h>
#include <asm/thread.h>

#define CSR_SENVCFG	"0x10a"
#define SENVCFG_CBZE	(1ul << 7)
#define NO_BIT		(-1)

struct ext { const char *name; signed char bit; };	/* in IMA_EXT_0 */

static const struct ext exts[] = {
	{ "i", NO_BIT }, { "m", NO_BIT }, { "a", NO_BIT }, { "f", NO_BIT }, { "d", NO_BIT }, { "q", NO_BIT },
	{ "c", NO_BIT }, { "h", NO_BIT },
	{ "zicbom", NO_BIT }, { "zicboz", 6 }, { "zicntr", NO_BIT }, { "zicond", 35 }, { "zicsr", NO_BIT },
	{ "zifencei", NO_BIT }, { "zihintntl", 29 }, { "zihintpause", 36 }, { "zihpm", NO_BIT }, { "zimop", 42 },
	{ "zacas", 34 }, { "zawrs", 48 }, { "zfa", 32 }, { "zfh", 27 }, { "zfhmin", 28 }, { "zca", 43 },
	{ "zcb", 44 }, { "zcd", 45 }, { "zcmop", 47 }, { "zba", 3 }, { "zbb", 4 }, { "zbc", 7 }, { "zbkb", 8 },
	{ "zbkc", 9 }, { "zbkx", 10 }, { "zbs", 5 }, { "zknd", 11 }, { "zkne", 12 }, { "zknh", 13 },
	{ "zkr", NO_BIT }, { "zkt", 16 }, { "zksed", 14 }, { "zksh", 15 }, { "ztso", 33 },
	{ "smaia", NO_BIT }, { "smstateen", NO_BIT }, { "ssaia", NO_BIT }, { "sscofpmf", NO_BIT },
	{ "sstc", NO_BIT }, { "svinval", NO_BIT }, { "svnapot", NO_BIT }, { "svpbmt", NO_BIT },
	{ "svvptc", NO_BIT },
};
#define NR_LETTERS	8u		/* of exts[]: printed without an underscore */
#define NEEDS_FPU	(BIT(27) | BIT(28) | BIT(32) | BIT(45))		/* of IMA_EXT_0: Zfh, Zfhmin, Zfa, Zcd */
BUILD_ASSERT(ARRAY_SIZE(exts) <= 64);

/* Who has @whole has @parts. */
static const struct { const char *whole, *parts[8]; } bundles[] = {
	{ "c", { "zca" } },
	{ "zk", { "zbkb", "zbkc", "zbkx", "zknd", "zkne", "zkr", "zkt" } },
	{ "zkn", { "zbkb", "zbkc", "zbkx", "zknd", "zkne", "zknh" } },
	{ "zks", { "zbkb", "zbkc", "zksed", "zksh" } },
};

/* Without @need, @ext is a slip of the tree. */
static const struct { const char *ext, *need; } needs[] = {
	{ "zcd", "d" }, { "zcd", "zca" }, { "zcb", "zca" }, { "zcmop", "zca" },
};

static u64 hart_exts[NR_HARTS];		/* (I) bits by index in exts[] */
u32 riscv_cboz_block_size;

static u64 ext_bit(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(exts); i++)
		if (!strcmp(exts[i].name, name))
			return BIT(i);
	return 0;
}

static bool named(int node, const char *ext) { return fdt_cpu_has_ext(&boot_fdt, node, ext); }

/* A block of this many bytes can be zeroed or flushed: the tree must say how many they are. */
static u32 __init block_size(int node, const char *prop)
{
	u32 bytes;

	return fdt_read_u32(&boot_fdt, node, prop, &bytes) || !is_power_of_2(bytes) ? 0 : bytes;
}

static u64 __init implied_exts(int node)
{
	u64 set = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(bundles); i++)
		for (unsigned k = 0; bundles[i].parts[k] && named(node, bundles[i].whole); k++)
			set |= ext_bit(bundles[i].parts[k]);
	if (named(node, "c"))
		set |= ext_bit("zcd");		/* needs[] takes it back where there is no D */
	if (!fdt_has_prop(&boot_fdt, node, "riscv,isa-extensions"))
		set |= ext_bit("zicntr") | ext_bit("zicsr") | ext_bit("zifencei") | ext_bit("zihpm");
	return set;
}

static u64 __init node_exts(int node)
{
	u64 set = implied_exts(node);

	for (unsigned i = 0; i < ARRAY_SIZE(exts); i++)
		if (named(node, exts[i].name))
			set |= BIT(i);
	for (unsigned i = 0; i < ARRAY_SIZE(needs); i++)
		if (!(set & ext_bit(needs[i].need)))
			set &= ~ext_bit(needs[i].ext);
	if (!block_size(node, "riscv,cbom-block-size"))
		set &= ~ext_bit("zicbom");
	if (!block_size(node, "riscv,cboz-block-size"))
		set &= ~ext_bit("zicboz");
	return set;
}

static u64 common_exts(hartmask_t harts)
{
	u64 set = ~0ull;

	for_each_hart(h)
		if (harts.bits & BIT(h))
			set &= hart_exts[h];
	return set;
}

bool isa_harts_have(hartmask_t harts, const char *ext)
{
	return common_exts(harts) & ext_bit(ext);
}

/* Let programs use cbo.zero on this hart; whether it can be: trees are known to lie. */
static bool allow_cbo_zero(void)
{
	unsigned long ok = 0;

	__asm__ volatile("1: csrs " CSR_SENVCFG ", %1\n	li %0, 1\n2:\n" EXTABLE("1b", "2b")
			 : "+&r"(ok) : "r"(SENVCFG_CBZE));
	return ok;
}

/* Bytes that cbo.zero clears here, by trying; 0: it traps.  The firmware has to allow it, and the tree may err. */
static u32 __init cbo_zero_bytes(void)
{
	static u8 memory[1024] __aligned(1024);
	u32 n = 0;

	memset(memory, 1, sizeof(memory));
	__asm__ volatile(".option push\n	.option arch, +zicboz\n1:	cbo.zero (%0)\n	.option pop\n2:\n"
			 EXTABLE("1b", "2b") :: "r"(memory) : "memory");
	while (n < sizeof(memory) && !READ_ONCE(memory[n]))
		n++;
	return n;
}

void isa_init_hart(void)
{
	if (riscv_cboz_block_size)
		(void)allow_cbo_zero();
}

void __init isa_init(void)
{
	for_each_hart(h)
		hart_exts[h] = node_exts(hart_info[h].node);
	if (!isa_harts_have((hartmask_t){ ~0ul }, "zicboz"))
		return;
	if (allow_cbo_zero() && cbo_zero_bytes() == block_size(hart_info[0].node, "riscv,cboz-block-size")) {
		riscv_cboz_block_size = block_size(hart_info[0].node, "riscv,cboz-block-size");
		return;
	}
	pr_warn("isa: the tree promises Zicboz, but senvcfg or cbo.zero traps, or clears other than so much\n");
	for_each_hart(h)
		hart_exts[h] &= ~ext_bit("zicboz");
}

void arch_isa_text(hartmask_t harts, char *buf, size_t n)
{
	u64 set = common_exts(harts);
	size_t at = scnprintf(buf, n, "rv64");

	for (unsigned i = 0; i < ARRAY_SIZE(exts); i++)
		if (set & BIT(i))
			at += scnprintf(buf + at, n - at, i < NR_LETTERS ? "%s" : "_%s", exts[i].name);
}

/* F and D, C: of the whole machine, as elf_hwcap is. */
u64 isa_ima_ext_0(hartmask_t harts)
{
	const unsigned long fd = BIT('f' - 'a') | BIT('d' - 'a');
	u64 set = common_exts(harts), value = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(exts); i++)
		if ((set & BIT(i)) && exts[i].bit >= 0)
			value |= BIT(exts[i].bit);
	if ((elf_hwcap & fd) == fd)
		value |= BIT(0);
	else
		value &= ~NEEDS_FPU;
	if (elf_hwcap & BIT('c' - 'a'))
		value |= BIT(1);
	return value;
}
