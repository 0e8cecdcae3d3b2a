/*
 * arch/riscv/sbi.c - calls into the firmware.
 *
 * MODEL     An ecall with extension in a7, function in a6.  Version 0.1 (legacy) calls have one number
 *           and return one value; they are used for what the firmware has no newer extension for.
 *           Hart masks are windows of 64 SBI hart ids from a base: a set of logical harts becomes as
 *           many calls as its ids need windows; normally one.
 * FAILURE   A fence that the firmware refuses would break law L1, so it is a panic.
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
#define LEGACY_SEND_IPI		4
#define LEGACY_FENCE_I		5
#define LEGACY_SFENCE		6
#define LEGACY_SFENCE_ASID	7
#define LEGACY_SHUTDOWN		8

enum { RFENCE_FENCE_I, RFENCE_SFENCE_VMA, RFENCE_SFENCE_VMA_ASID };

static bool have_time, have_ipi, have_rfence, have_hsm, have_srst, have_dbcn, have_legacy_console;
static unsigned long spec_version;
unsigned long sbi_mvendorid, sbi_marchid, sbi_mimpid;

struct sbiret sbi_call(unsigned long ext, unsigned long fid, unsigned long arg0, unsigned long arg1,
		       unsigned long arg2, unsigned long arg3, unsigned long arg4)
{
	register unsigned long a0 __asm__("a0") = arg0;
	register unsigned long a1 __asm__("a1") = arg1;
	register unsigned long a2 __asm__("a2") = arg2;
	register unsigned long a3 __asm__("a3") = arg3;
	register unsigned long a4 __asm__("a4") = arg4;
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = ext;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
	return (struct sbiret){ a0, a1 };
}

static unsigned long base_call(unsigned long fid, unsigned long arg)
{
	struct sbiret r = sbi_call(EXT_BASE, fid, arg, 0, 0, 0, 0);

	return r.error ? 0 : r.value;
}

static bool probe(unsigned long ext) { return base_call(3, ext) != 0; }

void sbi_init(void)
{
	spec_version = base_call(0, 0);
	sbi_mvendorid = base_call(4, 0);
	sbi_marchid = base_call(5, 0);
	sbi_mimpid = base_call(6, 0);
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
	if (have_time)
		sbi_call(EXT_TIME, 0, ticks, 0, 0, 0, 0);
	else
		sbi_call(LEGACY_SET_TIMER, 0, ticks, 0, 0, 0, 0);
}

/*
 * Take from *harts the harts that fit one window of ids: its mask, and the first id in *base.
 * 0 when none is left.
 */
static unsigned long next_window(hartmask_t *harts, unsigned long *base)
{
	unsigned long mask = 0;

	for_each_hart_in(h, *harts) {
		unsigned long id = hart_info[h].hartid;

		if (!mask)
			*base = id & ~63ul;
		if (id - *base >= 64)
			continue;
		mask |= BIT(id - *base);
		harts->bits &= ~BIT(h);
	}
	return mask;
}

/* Legacy calls read the mask from memory, in the caller's address space. */
static void legacy_masked(unsigned long call, unsigned long mask, unsigned long base,
			  unsigned long start, unsigned long bytes, unsigned long asid)
{
	unsigned long words[NR_HARTS / 64 + 1] = { 0 };

	if (base / 64 >= ARRAY_SIZE(words))
		panic("sbi: hart id %lu needs a newer firmware", base);
	words[base / 64] = mask;
	sbi_call(call, 0, (unsigned long)words, start, bytes, asid, 0);
}

void sbi_send_ipi(hartmask_t harts)
{
	unsigned long base, mask;

	while ((mask = next_window(&harts, &base))) {
		if (have_ipi)
			sbi_call(EXT_IPI, 0, mask, base, 0, 0, 0);
		else
			legacy_masked(LEGACY_SEND_IPI, mask, base, 0, 0, 0);
	}
}

static void rfence(unsigned long fid, hartmask_t harts, unsigned long start, unsigned long bytes,
		   unsigned long asid)
{
	unsigned long base, mask;

	while ((mask = next_window(&harts, &base))) {
		struct sbiret r = { 0, 0 };

		if (have_rfence)
			r = sbi_call(EXT_RFENCE, fid, mask, base, start, bytes, asid);
		else
			legacy_masked(LEGACY_FENCE_I + fid, mask, base, start, bytes, asid);
		if (unlikely(r.error))
			panic("sbi: remote fence %lu refused: %ld", fid, r.error);
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

long sbi_hart_status(unsigned long hartid)
{
	struct sbiret r;

	if (!have_hsm)
		return -1;
	r = sbi_call(EXT_HSM, 2, hartid, 0, 0, 0, 0);
	return r.error ? -1 : r.value;
}

int sbi_hart_start(unsigned long hartid, phys_addr_t entry, unsigned long opaque)
{
	struct sbiret r = sbi_call(EXT_HSM, 0, hartid, entry, opaque, 0, 0);

	return r.error && r.error != SBI_ERR_ALREADY_AVAILABLE ? -EIO : 0;
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
	if (have_dbcn)
		sbi_call(EXT_DBCN, 2, (u8)c, 0, 0, 0, 0);
	else
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
