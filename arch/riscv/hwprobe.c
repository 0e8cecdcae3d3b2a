/*
 * arch/riscv/hwprobe.c - the two system calls that only RISC-V has: riscv_hwprobe, riscv_flush_icache.
 *
 * MODEL     hwprobe takes pairs (key, value): it fills in the value, or, for a key that it does not know,
 *           sets the key to -1.  A set of harts may be named; all harts here answer alike, so the set
 *           is only checked.  With flag WHICH_CPUS the question is turned round: the set shrinks
 *           to the harts that have all the pairs.
 * SEE       Linux's Documentation/arch/riscv/hwprobe.rst (meaning of keys)
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/sbi.h"
#include "arch/riscv/smp.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/task/task.h"
#include "lib/fdt.h"
#include "lib/string.h"

#define KEY_MVENDORID		0
#define KEY_MARCHID		1
#define KEY_MIMPID		2
#define KEY_BASE_BEHAVIOR	3
#define KEY_IMA_EXT_0		4
#define KEY_CPUPERF_0		5
#define KEY_ZICBOZ_BLOCK_SIZE	6
#define KEY_HIGHEST_VIRT_ADDRESS 7
#define KEY_TIME_CSR_FREQ	8
#define KEY_MISALIGNED_SCALAR	9
#define BASE_BEHAVIOR_IMA	1ul
#define IMA_FD			1ul
#define IMA_C			2ul
#define MISALIGNED_UNKNOWN	0ul
#define WHICH_CPUS		1u
#define FLUSH_ICACHE_LOCAL	1ul

struct riscv_hwprobe { s64 key; u64 value; };

/* Multi-letter extensions that need nothing of the kernel, by their bit in IMA_EXT_0. */
static const struct { const char *name; unsigned bit; } user_exts[] = {
	{ "zba", 3 }, { "zbb", 4 }, { "zbs", 5 }, { "zbc", 7 }, { "zbkb", 8 }, { "zbkc", 9 },
	{ "zbkx", 10 }, { "zknd", 11 }, { "zkne", 12 }, { "zknh", 13 }, { "zksed", 14 },
	{ "zksh", 15 }, { "zkt", 16 }, { "zfh", 27 }, { "zfhmin", 28 }, { "zihintntl", 29 },
	{ "zfa", 32 }, { "ztso", 33 }, { "zacas", 34 }, { "zicond", 35 }, { "zihintpause", 36 },
	{ "zawrs", 48 },
};

/* What every usable hart has. */
static u64 ima_ext_0(void)
{
	static u64 known;
	struct fdt_cpu cpu;
	u64 all = ~0ull;

	if (known)
		return known;
	fdt_for_each_cpu(&boot_fdt, it, &cpu) {
		u64 has = 0;

		if (!smp_hart_usable(&cpu))
			continue;
		for (unsigned i = 0; i < ARRAY_SIZE(user_exts); i++)
			if (fdt_cpu_has_ext(&boot_fdt, cpu.node, user_exts[i].name))
				has |= 1ull << user_exts[i].bit;
		all &= has;
	}
	all = all == ~0ull ? 0 : all;
	if ((elf_hwcap & (BIT('f' - 'a') | BIT('d' - 'a'))) == (BIT('f' - 'a') | BIT('d' - 'a')))
		all |= IMA_FD;
	if (elf_hwcap & BIT('c' - 'a'))
		all |= IMA_C;
	return known = all;
}

static void answer(struct riscv_hwprobe *p)
{
	switch (p->key) {
	case KEY_MVENDORID:
		p->value = sbi_mvendorid;
		break;
	case KEY_MARCHID:
		p->value = sbi_marchid;
		break;
	case KEY_MIMPID:
		p->value = sbi_mimpid;
		break;
	case KEY_BASE_BEHAVIOR:
		p->value = BASE_BEHAVIOR_IMA;
		break;
	case KEY_IMA_EXT_0:
		p->value = ima_ext_0();
		break;
	case KEY_CPUPERF_0:
	case KEY_MISALIGNED_SCALAR:
		p->value = MISALIGNED_UNKNOWN;
		break;
	case KEY_ZICBOZ_BLOCK_SIZE:
		p->value = 0;
		break;
	case KEY_HIGHEST_VIRT_ADDRESS:
		p->value = task_size - 1;
		break;
	case KEY_TIME_CSR_FREQ:
		p->value = arch_time_hz;
		break;
	default:
		p->key = -1;
		p->value = 0;
	}
}

/* Bit masks are asked for by containment, values by equality. */
static bool pair_matches(const struct riscv_hwprobe *asked, const struct riscv_hwprobe *have)
{
	if (asked->key == KEY_BASE_BEHAVIOR || asked->key == KEY_IMA_EXT_0)
		return (asked->value & have->value) == asked->value;
	return asked->value == have->value;
}

/* The caller's set of harts (NULL, 0: all), cut to those online, into *@mask. */
static int read_harts(const unsigned long __user *cpus, size_t bytes, unsigned long *mask)
{
	*mask = hart_online_mask.bits;
	if (!bytes && !cpus)
		return 0;
	*mask = 0;
	if (copy_from_user(mask, cpus, min(bytes, sizeof(*mask))))
		return -EFAULT;
	*mask &= hart_online_mask.bits;
	return 0;
}

static long probe_values(struct riscv_hwprobe __user *pairs, size_t nr, size_t bytes,
			 const unsigned long __user *cpus)
{
	struct riscv_hwprobe p;
	unsigned long mask;
	int rc = read_harts(cpus, bytes, &mask);

	if (rc)
		return rc;
	if (!mask)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		if (get_user(p.key, &pairs[i].key))
			return -EFAULT;
		answer(&p);
		if (put_user(p.key, &pairs[i].key) || put_user(p.value, &pairs[i].value))
			return -EFAULT;
	}
	return 0;
}

static long probe_harts(struct riscv_hwprobe __user *pairs, size_t nr, size_t bytes,
			unsigned long __user *cpus)
{
	unsigned long mask;
	int rc;

	if (!bytes || !cpus)
		return -EINVAL;
	rc = read_harts(cpus, bytes, &mask);
	if (rc)
		return rc;
	if (!mask)
		mask = hart_online_mask.bits;
	for (size_t i = 0; i < nr; i++) {
		struct riscv_hwprobe asked, have;

		if (copy_from_user(&asked, &pairs[i], sizeof(asked)))
			return -EFAULT;
		have = asked;
		answer(&have);
		if (have.key == -1) {
			if (put_user(have.key, &pairs[i].key) || put_user(0ull, &pairs[i].value))
				return -EFAULT;
			mask = 0;
		} else if (!pair_matches(&asked, &have)) {
			mask = 0;
		}
	}
	if (clear_user(cpus, bytes) || copy_to_user(cpus, &mask, min(bytes, sizeof(mask))))
		return -EFAULT;
	return 0;
}

SYSCALL_DEFINE5(riscv_hwprobe, struct riscv_hwprobe __user *, pairs, size_t, pair_count,
		size_t, cpusetsize, unsigned long __user *, cpus, unsigned, flags)
{
	if (flags & ~WHICH_CPUS)
		return -EINVAL;
	if (flags & WHICH_CPUS)
		return probe_harts(pairs, pair_count, cpusetsize, cpus);
	return probe_values(pairs, pair_count, cpusetsize, cpus);
}

SYSCALL_DEFINE3(riscv_flush_icache, unsigned long, start, unsigned long, end, unsigned long, flags)
{
	(void)start, (void)end;		/* the whole cache, as on Linux */
	if (flags & ~FLUSH_ICACHE_LOCAL)
		return -EINVAL;
	flush_icache_mm(current->mm, flags & FLUSH_ICACHE_LOCAL);
	return 0;
}
