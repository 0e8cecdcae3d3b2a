/*
 * arch/riscv/hwprobe.c - the two system calls that only RISC-V has: riscv_hwprobe, riscv_flush_icache.
 *
 * MODEL     hwprobe takes pairs (key, value): it fills in what all harts of a set have in common, or, for a key
 *           that it does not know, sets the key to -1.  With flag WHICH_CPUS the question is turned round: the
 *           set shrinks to the harts that have all the pairs.  What was said of all harts is left to the vDSO,
 *           which answers the next one without a call.
 * TESTS     test/user/t_cpu.c, test/boot/cpus.py
 * SEE       Linux's Documentation/arch/riscv/hwprobe.rst (meaning of keys)
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/isa.h"
#include "arch/riscv/misaligned.h"
#include "arch/riscv/vdso_map.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "kernel/sync/wait.h"
#include "kernel/task/task.h"

enum { KEY_MVENDORID, KEY_MARCHID, KEY_MIMPID, KEY_BASE_BEHAVIOR, KEY_IMA_EXT_0, KEY_CPUPERF_0, KEY_ZICBOZ_BLOCK_SIZE,
       KEY_HIGHEST_VIRT_ADDRESS, KEY_TIME_CSR_FREQ, KEY_MISALIGNED_SCALAR_PERF };
#define BASE_BEHAVIOR_IMA	1ul
#define WHICH_CPUS		1u
#define FLUSH_ICACHE_LOCAL	1ul

struct riscv_hwprobe { s64 key; u64 value; };

/* What @value() says of each of @harts, -1 if they differ. */
static u64 common_id(hartmask_t harts, unsigned long (*value)(const struct hart_info *h))
{
	u64 id = ~0ull;
	bool first = true;

	for_each_hart_in(h, harts) {
		if (!first && value(&hart_info[h]) != id)
			return ~0ull;
		id = value(&hart_info[h]);
		first = false;
	}
	return id;
}

static unsigned long vendor_of(const struct hart_info *h) { return h->mvendorid; }
static unsigned long arch_of(const struct hart_info *h) { return h->marchid; }
static unsigned long imp_of(const struct hart_info *h) { return h->mimpid; }

static void answer(struct riscv_hwprobe *p, hartmask_t harts)
{
	switch (p->key) {
	case KEY_MVENDORID:
		p->value = common_id(harts, vendor_of);
		break;
	case KEY_MARCHID:
		p->value = common_id(harts, arch_of);
		break;
	case KEY_MIMPID:
		p->value = common_id(harts, imp_of);
		break;
	case KEY_BASE_BEHAVIOR:
		p->value = BASE_BEHAVIOR_IMA;
		break;
	case KEY_IMA_EXT_0:
		p->value = isa_ima_ext_0(harts);
		break;
	case KEY_CPUPERF_0:
	case KEY_MISALIGNED_SCALAR_PERF:
		p->value = misaligned_speed(harts);
		break;
	case KEY_ZICBOZ_BLOCK_SIZE:
		p->value = isa_harts_have(harts, "zicboz") ? riscv_cboz_block_size : 0;
		break;
	case KEY_HIGHEST_VIRT_ADDRESS:
		p->value = task_size;
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
	if (asked->key == KEY_BASE_BEHAVIOR || asked->key == KEY_IMA_EXT_0 || asked->key == KEY_CPUPERF_0)
		return (asked->value & have->value) == asked->value;
	return asked->value == have->value;
}

/* The caller's set of harts; what lies beyond our masks says nothing. */
static int read_harts(const unsigned long __user *cpus, size_t bytes, hartmask_t *harts)
{
	harts->bits = 0;
	return copy_from_user(&harts->bits, cpus, min(bytes, sizeof(harts->bits))) ? -EFAULT : 0;
}

/* Any number of pairs may be asked for: let others run, and a deadly signal end it. */
static int between_pairs(void)
{
	cond_resched();
	return fatal_signal_pending() ? -EINTR : 0;
}

static long probe_values(struct riscv_hwprobe __user *pairs, size_t nr, size_t bytes,
			 const unsigned long __user *cpus)
{
	hartmask_t online = { READ_ONCE(hart_online_mask.bits) }, harts = online;
	struct riscv_hwprobe p;
	int rc = bytes || cpus ? read_harts(cpus, bytes, &harts) : 0;

	harts.bits &= online.bits;
	if (!rc && !harts.bits)
		rc = -EINVAL;
	for (size_t i = 0; !rc && i < nr; i++) {
		if (get_user(p.key, &pairs[i].key))
			return -EFAULT;
		answer(&p, harts);
		if (put_user(p.key, &pairs[i].key) || put_user(p.value, &pairs[i].value))
			return -EFAULT;
		vdso_note_hwprobe(p.key, p.value, harts);
		rc = between_pairs();
	}
	return rc;
}

/* Take from *@harts those that have not what @pair asks for; all if nobody knows what that is. */
static int keep_matching(struct riscv_hwprobe __user *pair, hartmask_t *harts)
{
	struct riscv_hwprobe asked, have;

	if (copy_from_user(&asked, pair, sizeof(asked)))
		return -EFAULT;
	for_each_hart(h) {
		have = (struct riscv_hwprobe){ .key = asked.key };
		answer(&have, (hartmask_t){ BIT(h) });
		if (have.key != -1 && !pair_matches(&asked, &have))
			harts->bits &= ~BIT(h);
	}
	if (have.key != -1)
		return 0;
	harts->bits = 0;
	return copy_to_user(pair, &have, sizeof(have)) ? -EFAULT : 0;
}

static long probe_harts(struct riscv_hwprobe __user *pairs, size_t nr, size_t bytes,
			unsigned long __user *cpus)
{
	hartmask_t online = { READ_ONCE(hart_online_mask.bits) }, harts;
	int rc;

	if (!bytes || !cpus)
		return -EINVAL;
	rc = read_harts(cpus, bytes, &harts);
	harts.bits = harts.bits ? harts.bits & online.bits : online.bits;
	for (size_t i = 0; !rc && i < nr; i++) {
		rc = keep_matching(&pairs[i], &harts);
		if (!rc)
			rc = between_pairs();
	}
	if (!rc && copy_to_user(cpus, &harts.bits, min(bytes, sizeof(harts.bits))))
		rc = -EFAULT;
	return rc;
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
