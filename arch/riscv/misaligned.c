/*
 * arch/riscv/misaligned.c - does a hart load and store words at odd addresses faster than their bytes?
 *
 * MODEL     Hardware may do misaligned accesses itself, or leave them to firmware, which takes a trap for each:
 *           no tree tells.  So a hart copies a little memory both ways, and the clock says it.
 *           Measured when a program asks first, on every hart; the kernel itself has no use for it.
 * LOCKING   speed[] is written by the hart it is of, to the same value each time.
 * COST      some 20 us for each hart, once
 * TESTS     test/user/t_cpu.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/misaligned.h"
#include "include/arch/arch.h"
#include <asm/extable.h>

#define BYTES	512u
#define ROUNDS	4u		/* the best counts: an interrupted host makes one round long */

static u8 speed[NR_HARTS];	/* enum misaligned */

static bool misaligned_load_works(const u8 *p)
{
	unsigned long ok = 0, v;

	__asm__ volatile("1: ld %1, 0(%2)\n	li %0, 1\n2:\n" EXTABLE("1b", "2b")
			 : "+&r"(ok), "=&r"(v) : "r"(p) : "memory");
	return ok;
}

static u64 time_bytes(volatile u8 *to, const volatile u8 *from)
{
	u64 start = arch_time_ticks();

	for (unsigned i = 0; i < BYTES; i++)
		to[i] = from[i];
	return arch_time_ticks() - start;
}

/* In assembly: the compiler would split what it knows to be misaligned. */
static u64 time_words(u8 *to, const u8 *from)
{
	u64 start = arch_time_ticks();

	for (unsigned i = 0; i < BYTES; i += 8) {
		unsigned long v;

		__asm__ volatile("ld %0, 0(%1)\n	sd %0, 0(%2)" : "=&r"(v)
				 : "r"(from + i), "r"(to + i) : "memory");
	}
	return arch_time_ticks() - start;
}

/* => interrupts off */
static void measure(__maybe_unused void *arg)
{
	u8 from[BYTES + 8] __aligned(8) = { 0 }, to[BYTES + 8] __aligned(8);
	u64 bytes = ~0ull, words = ~0ull;

	if (!misaligned_load_works(from + 1)) {
		speed[this_hart()] = MISALIGNED_UNSUPPORTED;
		return;
	}
	for (unsigned i = 0; i < ROUNDS; i++) {
		bytes = min(bytes, time_bytes(to + 3, from + 1));
		words = min(words, time_words(to + 3, from + 1));
	}
	speed[this_hart()] = words < bytes ? MISALIGNED_FAST : MISALIGNED_SLOW;
}

enum misaligned misaligned_speed(hartmask_t harts)
{
	enum misaligned all = MISALIGNED_UNKNOWN;
	hartmask_t asked = { harts.bits & READ_ONCE(hart_online_mask.bits) };
	bool first = true;

	for_each_hart_in(h, asked)
		if (!READ_ONCE(speed[h])) {
			arch_call_on(asked, measure, NULL);
			break;
		}
	for_each_hart_in(h, asked) {
		if (!first && speed[h] != all)
			return MISALIGNED_UNKNOWN;
		all = speed[h];
		first = false;
	}
	return all;
}
