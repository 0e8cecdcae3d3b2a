/*
 * test/host/arch/riscv/test_sbi.c - hart masks against a firmware that is as strict as any: it knows some harts,
 * refuses a base that is none of them, and notes who was reached; and what becomes of its errors.
 *
 * SPDX-License-Identifier: MIT
 */
// SRCS: arch/riscv/sbi.c mm/pt/asid.c
#include "test/host/tap.h"
#include "arch/riscv/sbi.h"
#include "include/machine.h"
#include "include/mm_types.h"

struct hart_info hart_info[NR_HARTS];
struct mm_struct init_mm;

enum { TIME = 0x54494D45, IPI = 0x735049, RFENCE = 0x52464E43, HSM = 0x48534D, DBCN = 0x4442434E };
#define MAX_ID	5000ul

static bool has_time, has_dbcn, known[MAX_ID];
static unsigned reached[MAX_ID], calls;
static long refuse;			/* what masked calls, the timer and the debug console answer */
static char legacy_text[8];
static unsigned legacy_len;
static u64 legacy_timer;

static struct sbiret masked_call(unsigned long mask, unsigned long base)
{
	calls++;
	if (refuse)
		return (struct sbiret){ refuse, 0 };
	if (base >= MAX_ID || !known[base])
		return (struct sbiret){ -3, 0 };
	for (unsigned i = 0; i < 64; i++)
		if (mask >> i & 1) {
			CHECK(base + i < MAX_ID && known[base + i]);
			reached[base + i]++;
		}
	return (struct sbiret){ 0, 0 };
}

struct sbiret sbi_call(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1, unsigned long a2,
		       unsigned long a3, unsigned long a4)
{
	(void)a2, (void)a3, (void)a4;
	switch (ext) {
	case 0x10:
		return (struct sbiret){ 0, fid == 0 ? 2 << 24 : fid != 3 ? 7 : a0 == TIME ? has_time :
					a0 == DBCN ? has_dbcn : a0 == IPI || a0 == RFENCE || a0 == HSM || a0 == 1 };
	case IPI:
	case RFENCE:
		return masked_call(a0, a1);
	case TIME:
	case DBCN:
		return (struct sbiret){ refuse, 0 };
	case 0:
		legacy_timer = a0;
		return (struct sbiret){ 0, 0 };
	case 1:
		legacy_text[legacy_len++ % sizeof(legacy_text)] = a0;
		return (struct sbiret){ 0, 0 };
	case HSM:
		return a0 < MAX_ID && known[a0] ? (struct sbiret){ 0, 1 } : (struct sbiret){ -3, 0 };
	}
	return (struct sbiret){ -2, 0 };
}

/* Ids of @n harts, none twice, in no order; not all that lie between them are known to the firmware. */
static void draw_harts(unsigned n, unsigned long range)
{
	memset(known, 0, sizeof(known));
	for (unsigned h = 0; h < n; h++) {
		unsigned long id = rnd_below(range);

		while (known[id])
			id = (id + 1) % range;
		known[id] = true;
		hart_info[h].hartid = id;
	}
}

static void random_masks(void)
{
	static const unsigned long ranges[] = { 64, 65, 100, 200, 4999 };

	for (unsigned round = 0; round < 20000; round++) {
		unsigned n = 1 + rnd_below(NR_HARTS);
		unsigned long range = ranges[rnd_below(ARRAY_SIZE(ranges))];
		hartmask_t want = { rnd() & (n == 64 ? ~0ul : BIT(n) - 1) };

		draw_harts(n, range);
		memset(reached, 0, sizeof(reached));
		calls = 0;
		if (rnd_one_in(2))
			CHECK(!sbi_send_ipi(want));
		else
			sbi_remote_sfence_vma_asid(want, 0, -1ul, 1);
		for (unsigned h = 0; h < n; h++)
			CHECK(reached[hart_info[h].hartid] == (want.bits >> h & 1));
		CHECK(calls <= (unsigned)__builtin_popcountl(want.bits) && calls <= range / 64 + 1);
	}
}

static bool fence_panics(void) { return EXPECT_PANIC(sbi_remote_fence_i((hartmask_t){ 1 })); }
static bool timer_panics(void) { return EXPECT_PANIC(sbi_set_timer(1)); }

int main(void)
{
	shim_printk_quiet = true;
	has_time = has_dbcn = true;
	sbi_init();
	random_masks();
	ok(sbi_has_smp(), "any set of harts is reached, each once, in few calls");
	draw_harts(3, 10);
	is_int(sbi_hart_status(hart_info[1].hartid), HART_STOPPED, "a hart that the firmware knows");
	is_int(sbi_hart_status(4000), -3, "one that it does not");
	refuse = -9;
	is_int(sbi_send_ipi((hartmask_t){ 7 }), -9, "an IPI that is refused: the caller knows");
	ok(fence_panics(), "a fence: panic");
	ok(timer_panics(), "the timer: panic");
	sbi_console_write("ab", 2);
	ok(legacy_len == 2 && !memcmp(legacy_text, "ab", 2), "the debug console: the old one is tried");
	has_time = false;
	sbi_init();
	sbi_set_timer(77);
	is_int(legacy_timer, 77, "the old timer where there is no new one");
	return done_testing();
}
