/*
 * arch/riscv/sbi.c - calls into the firmware.
 *
 * MODEL     An ecall with extension in a7, function in a6.  Version 0.1 (legacy) calls have one number
 *           and return one value; the timer, the console and power-off use them where the firmware has
 *           nothing newer.  Other harts need HSM, IPI and RFENCE.
 *           Hart masks are windows of 64 SBI hart ids from a base: a set of logical harts becomes as
 *           many calls as its ids need windows; normally one.  The base is the lowest id of the set, for
 *           newer firmware refuses one that is no hart's.
 * FAILURE   No error is passed over.
 *             fence     law L1 would be broken                       panic
 *             timer     whoever sleeps would do so for ever          panic
 *             IPI       the request is lost                          to the caller
 *             HSM       the hart is none of ours                     to the caller
 *             console   the older call is tried; then the text is lost, and there is nowhere to say so
 *             reset     the call returns, and the next way is tried (machine.c)
 * TESTS     test/host/arch/riscv/test_sbi.c (a firmware that knows some harts and refuses at will),
 *           test/boot/harts.py
 * SEE       RISC-V SBI specification 2.0.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/sbi.h"
#include "include/arch/arch.h"
#include "include/machine.h"
#include "include/uapi/errno.h"
#include "lib/printk.h"

#define EXT_BASE	0x10ul
#define EXT_TIME	0x54494D45ul
#define EXT_IPI		0x735049ul
#define EXT_RFENCE	0x52464E43ul
#define EXT_HSM		0x48534Dul
#define EXT_SRST	0x53525354ul
#define EXT_DBCN	0x4442434Eul
#define LEGACY_SET_TIMER	0
#define LEGACY_PUTCHAR		1
#define LEGACY_GETCHAR		2
#define LEGACY_SHUTDOWN		8

enum { RFENCE_FENCE_I, RFENCE_SFENCE_VMA, RFENCE_SFENCE_VMA_ASID };

static bool have_time, have_ipi, have_rfence, have_hsm, have_srst, have_dbcn, have_legacy_console;
static unsigned long spec_version;
unsigned long sbi_mvendorid, sbi_marchid, sbi_mimpid;

static unsigned long base_call(unsigned long fid, unsigned long arg)
{
	struct sbiret r = sbi_call(EXT_BASE, fid, arg, 0, 0, 0, 0);

	return r.error ? 0 : r.value;
}

static bool probe(unsigned long ext) { return base_call(3, ext) != 0; }

void sbi_read_ids(unsigned long *vendor, unsigned long *arch, unsigned long *imp)
{
	*vendor = base_call(4, 0);
	*arch = base_call(5, 0);
	*imp = base_call(6, 0);
}

void sbi_init(void)
{
	spec_version = base_call(0, 0);
	sbi_read_ids(&sbi_mvendorid, &sbi_marchid, &sbi_mimpid);
	have_time = probe(EXT_TIME);
	have_ipi = probe(EXT_IPI);
	have_rfence = probe(EXT_RFENCE);
	have_hsm = probe(EXT_HSM);
	have_srst = probe(EXT_SRST);
	have_dbcn = probe(EXT_DBCN);
	have_legacy_console = !spec_version || probe(LEGACY_PUTCHAR);
	pr_info("SBI v%lu.%lu, implementation %lu version 0x%lx:%s%s%s%s%s%s\n", spec_version >> 24,
		spec_version & 0xffffff, base_call(1, 0), base_call(2, 0), have_time ? " TIME" : "",
		have_ipi ? " IPI" : "", have_rfence ? " RFENCE" : "", have_hsm ? " HSM" : "",
		have_srst ? " SRST" : "", have_dbcn ? " DBCN" : "");
}

void sbi_set_timer(u64 ticks)
{
	struct sbiret r;

	if (have_time)
		r = sbi_call(EXT_TIME, 0, ticks, 0, 0, 0, 0);
	else
		r = sbi_call(LEGACY_SET_TIMER, 0, ticks, 0, 0, 0, 0);
	if (unlikely(r.error < 0))
		panic("sbi: the timer was refused: %ld", r.error);
}

/*
 * Take from *harts those that fit one window of ids: its mask, and the lowest id, its base, in *base.
 * 0 when none is left.
 */
static unsigned long next_window(hartmask_t *harts, unsigned long *base)
{
	unsigned long mask = 0;

	*base = ~0ul;
	for_each_hart_in(h, *harts)
		*base = min(*base, hart_info[h].hartid);
	for_each_hart_in(h, *harts) {
		unsigned long bit = hart_info[h].hartid - *base;

		if (bit >= 64)
			continue;
		mask |= BIT(bit);
		harts->bits &= ~BIT(h);
	}
	return mask;
}

long sbi_send_ipi(hartmask_t harts)
{
	unsigned long base, mask;
	long rc = 0;

	while ((mask = next_window(&harts, &base))) {
		struct sbiret r = sbi_call(EXT_IPI, 0, mask, base, 0, 0, 0);

		rc = r.error ? r.error : rc;
	}
	return rc;
}

static void rfence(unsigned long fid, hartmask_t harts, unsigned long start, unsigned long bytes,
		   unsigned long asid)
{
	unsigned long base, mask;

	while ((mask = next_window(&harts, &base))) {
		struct sbiret r = sbi_call(EXT_RFENCE, fid, mask, base, start, bytes, asid);

		if (unlikely(r.error))
			panic("sbi: remote fence %lu for harts %lx from %lu was refused: %ld", fid, mask,
			      base, r.error);
	}
}

void sbi_remote_fence_i(hartmask_t harts)
{
	rfence(RFENCE_FENCE_I, harts, 0, 0, 0);
}

void sbi_remote_sfence_vma(hartmask_t harts, unsigned long start, unsigned long bytes)
{
	rfence(RFENCE_SFENCE_VMA, harts, start, bytes, 0);
}

void sbi_remote_sfence_vma_asid(hartmask_t harts, unsigned long start, unsigned long bytes,
				unsigned long asid)
{
	rfence(RFENCE_SFENCE_VMA_ASID, harts, start, bytes, asid);
}

bool sbi_has_smp(void) { return have_hsm && have_ipi && have_rfence; }

long sbi_hart_status(unsigned long hartid)
{
	struct sbiret r = sbi_call(EXT_HSM, 2, hartid, 0, 0, 0, 0);

	return r.error ? r.error : r.value;
}

long sbi_hart_start(unsigned long hartid, phys_addr_t entry, unsigned long opaque)
{
	return sbi_call(EXT_HSM, 0, hartid, entry, opaque, 0, 0).error;
}

bool sbi_shutdown(void)
{
	if (have_srst)
		sbi_call(EXT_SRST, 0, 0, 0, 0, 0, 0);
	return !have_srst;
}

void sbi_legacy_shutdown(void)
{
	sbi_call(LEGACY_SHUTDOWN, 0, 0, 0, 0, 0, 0);
}

void sbi_reboot(void)
{
	if (have_srst) {
		sbi_call(EXT_SRST, 0, 1, 0, 0, 0, 0);	/* cold */
		sbi_call(EXT_SRST, 0, 2, 0, 0, 0, 0);	/* warm */
	}
}

bool sbi_has_console(void) { return have_dbcn || have_legacy_console; }

void sbi_console_putchar(int c)
{
	if (have_dbcn && !sbi_call(EXT_DBCN, 2, (u8)c, 0, 0, 0, 0).error)
		return;
	if (have_legacy_console)
		sbi_call(LEGACY_PUTCHAR, 0, (u8)c, 0, 0, 0, 0);
}

int sbi_console_getchar(void)
{
	char c;
	struct sbiret r;

	if (have_dbcn) {
		/* A byte of the kernel stack may lie in vmalloc space: read through the image. */
		static char buf;

		r = sbi_call(EXT_DBCN, 1, 1, virt_to_phys(&buf), 0, 0, 0);
		c = buf;
		return !r.error && r.value == 1 ? (u8)c : -1;
	}
	return sbi_call(LEGACY_GETCHAR, 0, 0, 0, 0, 0, 0).error;
}

void sbi_console_write(const char *text, size_t n)
{
	struct sbiret r = { SBI_ERR_NOT_SUPPORTED, 0 };

	if (have_dbcn && ((unsigned long)text >= KERNEL_LINK_ADDR || virt_in_direct_map(text)))
		r = sbi_call(EXT_DBCN, 0, n, virt_to_phys(text), 0, 0, 0);
	for (size_t i = r.error ? 0 : r.value; i < n; i++)
		sbi_console_putchar(text[i]);
}
