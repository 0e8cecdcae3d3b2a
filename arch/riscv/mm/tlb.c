/*
 * arch/riscv/mm/tlb.c - which address space a hart is in, and how harts forget translations.
 *
 * MODEL     Translations of a process carry its ASID; kernel translations are global.  An order for
 *           other harts goes through the firmware's remote fence, which returns when all have
 *           done it; firmware serves it with our interrupts off too, so no deadlock is possible
 *           between two harts that order each other.
 *           A range of more than RANGE_MAX entries becomes a flush of the whole ASID: the fences
 *           would cost more than the refills.
 *           Instructions are fetched past the data cache.  Who wrote some says how far the news must go:
 *
 *             who wrote what              what is noted                who does fence.i, and when
 *             the kernel its own text     nothing                      every hart, at once
 *               flush_icache_range()
 *             a program its memory        the space: icache_stale      harts that may be in it, at once; another
 *               flush_icache_mm()           names every other hart       when it switches to it
 *             the kernel a page that is   the frame: PG_arch_icache    harts that may be in the space, unless they
 *               to be executable            missing begins an epoch      have since, before the entry is made;
 *               flush_icache_page()                                      another when it enters any
 * INVARIANTS
 *   T2  A hart's bit in mm->harts is set before its first walk of mm's tables and stays until it
 *       has flushed.  With ASIDs it stays for the life of the mm; without them the hart flushes
 *       when it leaves, and clears it.
 *   L4  An order TLB_ALL, and any order too long, flushes without an address.
 *   L6  A hart whose bit in mm->icache_stale is set does fence.i before it runs mm.  icache_epoch counts the
 *       pages that the kernel filled and first mapped executable; a hart that has not fenced since, as
 *       icache_seen[] says, does so before it enters an address space, and is ordered to before a page
 *       becomes executable in one that it may be in.
 * LOCKING   None: atomic masks; the switch runs with interrupts off.
 * COST      switch: about 25 instructions; local fence: 1 + overhead; remote: an SBI call.
 * SEE       doc/design.md section 5; Privileged specification, 12.2.1; SBI, RFENCE.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/mm/tlb.h"
#include "arch/riscv/errata.h"
#include "arch/riscv/mm/paging.h"
#include "arch/riscv/sbi.h"
#include "include/arch/arch.h"
#include "include/arch/tlb_stat.h"
#include "include/mm_types.h"
#include "lib/cmdline.h"
#include "lib/printk.h"
#include "lib/vsprintf.h"
#include "mm/pt/asid.h"
#include "mm/pt/flush.h"
#include <asm/csr.h>

#define RANGE_MAX	64ul		/* entries fenced one by one */
#define ALL_BYTES	(~0ul)

unsigned arch_asid_bits;

/* What fences cost this hart; counted beside instructions. */
struct tlb_stat {
	unsigned long local_page, local_all;	/* sfence.vma by address; whole */
	unsigned long remote, remote_harts;	/* orders to others; harts that they went to */
	unsigned long fence_i, remote_fence_i;
	unsigned long switches, switch_flushes;
};
static DEFINE_PER_HART(struct tlb_stat, tlb_stat);

static void sfence_all(void) { __asm__ volatile("sfence.vma" ::: "memory"); }
static void sfence_va(unsigned long va)
{
	if (unlikely(errata_no_address_fence))
		sfence_all();
	else
		__asm__ volatile("sfence.vma %0, zero" :: "r"(va) : "memory");
}
static void sfence_asid(unsigned long asid)
{
	if (unlikely(errata_no_address_fence))
		sfence_all();
	else
		__asm__ volatile("sfence.vma zero, %0" :: "r"(asid) : "memory");
}
static void sfence_va_asid(unsigned long va, unsigned long asid)
{
	if (unlikely(errata_no_address_fence))
		sfence_all();
	else
		__asm__ volatile("sfence.vma %0, %1" :: "r"(va), "r"(asid) : "memory");
}

void __init asid_probe(void)
{
	unsigned long old = csr_read(satp), got;
	char buf[16];
	unsigned wish;

	csr_write(satp, old | 0xfffful << SATP_ASID_SHIFT);
	got = csr_read(satp) >> SATP_ASID_SHIFT & 0xffff;
	csr_write(satp, old);
	sfence_all();
	arch_asid_bits = fls64(got);
	if (cmdline_get("asidbits", buf, sizeof(buf)) >= 0 && !kstrtouint(buf, 0, &wish))
		arch_asid_bits = min(arch_asid_bits, wish);
}

static int __init check_asidbits(const char *value)
{
	unsigned bits;

	return kstrtouint(value, 0, &bits);
}
PARAM("asidbits", check_asidbits);

/* Does @req name so many entries that one flush of everything is cheaper (L4)? */
static bool is_whole(const struct tlb_req *req)
{
	return req->what == TLB_ALL || req->end - req->start > RANGE_MAX * req->stride;
}

static void flush_local_kernel(const struct tlb_req *req)
{
	if (is_whole(req) || errata_no_address_fence) {
		sfence_all();
		this_hart_ptr(&tlb_stat)->local_all++;
		return;
	}
	for (unsigned long va = req->start; va < req->end; va += req->stride) {
		sfence_va(va);
		this_hart_ptr(&tlb_stat)->local_page++;
	}
}

void arch_tlb_flush_local(const struct tlb_req *req)
{
	unsigned long asid;

	if (req->mm == &init_mm) {
		flush_local_kernel(req);
		return;
	}
	asid = asid_of(req->mm);
	if (is_whole(req)) {
		sfence_asid(asid);
		this_hart_ptr(&tlb_stat)->local_all++;
		return;
	}
	for (unsigned long va = req->start; va < req->end; va += req->stride) {
		sfence_va_asid(va, asid);
		this_hart_ptr(&tlb_stat)->local_page++;
	}
}

void arch_tlb_flush_local_page(struct mm_struct *mm, unsigned long va)
{
	if (mm == &init_mm)
		sfence_va(va);
	else
		sfence_va_asid(va, asid_of(mm));
	this_hart_ptr(&tlb_stat)->local_page++;
}

void arch_tlb_flush_window(unsigned long va)
{
	sfence_va(va);
}

static void flush_remote(hartmask_t harts, const struct tlb_req *req)
{
	bool whole = is_whole(req);
	unsigned long start = whole ? 0 : req->start;
	unsigned long bytes = whole ? ALL_BYTES : req->end - req->start;
	struct tlb_stat *st = this_hart_ptr(&tlb_stat);

	st->remote++;
	st->remote_harts += __builtin_popcountl(harts.bits);
	if (req->mm == &init_mm || errata_no_address_fence) {
		sbi_remote_sfence_vma(harts, errata_no_address_fence ? 0 : start,
				      errata_no_address_fence ? ALL_BYTES : bytes);
		return;
	}
	sbi_remote_sfence_vma_asid(harts, start, bytes, asid_of(req->mm));
}

void arch_tlb_flush(hartmask_t harts, const struct tlb_req *req)
{
	unsigned long self = BIT(this_hart());

	harts.bits &= READ_ONCE(hart_online_mask.bits);
	if (harts.bits & self) {
		arch_tlb_flush_local(req);
		harts.bits &= ~self;
	}
	if (unlikely(harts.bits))
		flush_remote(harts, req);
}

static void local_fence_i(void)
{
	__asm__ volatile("fence.i" ::: "memory");
	this_hart_ptr(&tlb_stat)->fence_i++;
}

static void run_deferred_fence_i(struct mm_struct *mm, unsigned long self)
{
	__atomic_fetch_and(&mm->icache_stale.bits, ~self, __ATOMIC_RELAXED);
	local_fence_i();
}

static u64 icache_epoch;		/* atomic */
static u64 icache_seen[NR_HARTS];	/* hart h has fenced since epoch [h] began; too low a value costs a fence */

static void icache_settle(unsigned hart)
{
	/* What was written before the epoch began is seen here, hence fetched after the fence. */
	u64 epoch = smp_load_acquire(&icache_epoch);

	local_fence_i();
	WRITE_ONCE(icache_seen[hart], epoch);
}

/* What a switch seldom has to do: everything here was rolled over, or written as code, since @next last ran. */
static __noinline void switch_flush(struct mm_struct *next, unsigned hart, bool flush_all)
{
	unsigned long self = BIT(hart);

	if (flush_all) {
		sfence_all();
		this_hart_ptr(&tlb_stat)->switch_flushes++;
	}
	if (READ_ONCE(next->icache_stale.bits) & self)
		run_deferred_fence_i(next, self);
	/* Our bit is in next->harts: who begins an epoch from now on sees it. */
	if (READ_ONCE(icache_seen[hart]) != READ_ONCE(icache_epoch))
		icache_settle(hart);
}

static __always_inline void switch_to_user(struct mm_struct *next, unsigned hart)
{
	unsigned long self = BIT(hart), asid;
	bool flush_all;

	/* Set, then walk: pairs with the barrier in mm_harts() (T2). */
	if (!(READ_ONCE(next->harts.bits) & self))
		__atomic_fetch_or(&next->harts.bits, self, __ATOMIC_SEQ_CST);
	asid = asid_get(next, hart, &flush_all);
	csr_write(satp, (SATP_MODE_SV39 + pt_levels - 3) << SATP_MODE_SHIFT |
			asid << SATP_ASID_SHIFT | PFN_DOWN(virt_to_phys(next->pgd)));
	if (unlikely(flush_all || READ_ONCE(next->icache_stale.bits) & self ||
		     READ_ONCE(icache_seen[hart]) != READ_ONCE(icache_epoch)))
		switch_flush(next, hart, flush_all);
}

/* Without ASIDs everything of @prev has just been flushed on this hart. */
static __noinline void switch_forget(struct mm_struct *prev, struct mm_struct *next)
{
	if (prev && prev != next && prev != &init_mm)
		__atomic_fetch_and(&prev->harts.bits, ~BIT(this_hart()), __ATOMIC_SEQ_CST);
}

void arch_switch_mm(struct mm_struct *prev, struct mm_struct *next)
{
	if (likely(next != &init_mm)) {
		switch_to_user(next, this_hart());
	} else {
		csr_write(satp, kernel_satp());
		if (!asid_enabled())
			sfence_all();
	}
	this_hart_ptr(&tlb_stat)->switches++;
	if (unlikely(!asid_enabled()))
		switch_forget(prev, next);
}

/* ---- instruction cache (L6) ------------------------------------------------------------------ */

static hartmask_t other_harts(void)
{
	return (hartmask_t){ READ_ONCE(hart_online_mask.bits) & ~BIT(this_hart()) };
}

static void remote_fence_i(hartmask_t harts)
{
	smp_mb();	/* the new instructions before the order to fetch them */
	sbi_remote_fence_i(harts);
	this_hart_ptr(&tlb_stat)->remote_fence_i++;
}

static void fence_i_everywhere(hartmask_t others)
{
	local_fence_i();
	if (others.bits)
		remote_fence_i(others);
}

void flush_icache_range(__maybe_unused unsigned long start, __maybe_unused unsigned long end)
{
	fence_i_everywhere(other_harts());
}

void flush_icache_mm(struct mm_struct *mm, bool local)
{
	hartmask_t others = other_harts();

	/* Harts that do not run mm now fence when they switch to it, or between two of its threads. */
	__atomic_fetch_or(&mm->icache_stale.bits, others.bits, __ATOMIC_SEQ_CST);
	others.bits &= local ? 0 : READ_ONCE(mm->harts.bits);
	fence_i_everywhere(others);
}

/* Those of @harts that have not fenced since @epoch began do so. */
static __noinline void icache_catch_up(hartmask_t harts, u64 epoch)
{
	unsigned long self = BIT(this_hart());
	hartmask_t late = { 0 };

	for (unsigned long left = harts.bits; left; left &= left - 1)
		if (READ_ONCE(icache_seen[__builtin_ctzl(left)]) < epoch)
			late.bits |= left & -left;
	if (late.bits & self)
		icache_settle(this_hart());
	late.bits &= READ_ONCE(hart_online_mask.bits) & ~self;
	if (!late.bits)
		return;
	remote_fence_i(late);
	for (unsigned long left = late.bits; left; left &= left - 1)
		WRITE_ONCE(icache_seen[__builtin_ctzl(left)], epoch);
}

void flush_icache_page(struct vm_area_struct *vma, struct page *page)
{
	unsigned self = this_hart();
	hartmask_t harts;
	u64 epoch;

	/* The epoch before the bit: who sees the bit sees that harts are late. */
	if (!test_bit(PG_arch_icache, &page->flags)) {
		__atomic_fetch_add(&icache_epoch, 1, __ATOMIC_SEQ_CST);
		test_and_set_bit(PG_arch_icache, &page->flags);
	}
	harts = mm_harts(vma->vm_mm);		/* a full barrier behind the bit */
	epoch = READ_ONCE(icache_epoch);
	if (unlikely(harts.bits != BIT(self) || READ_ONCE(icache_seen[self]) != epoch))
		icache_catch_up(harts, epoch);
}

void flush_dcache_page(struct page *page)
{
	if (unlikely(test_bit(PG_arch_icache, &page->flags)))
		clear_bit(PG_arch_icache, &page->flags);
}

/* ---- for who measures ------------------------------------------------------------------------ */

int arch_tlb_stat_show(char *buf, size_t size)
{
	struct tlb_stat sum = { 0 };

	for_each_hart(h) {
		const unsigned long *from = (const unsigned long *)per_hart_ptr(&tlb_stat, h);

		for (unsigned i = 0; i < sizeof(sum) / sizeof(long); i++)
			((unsigned long *)&sum)[i] += READ_ONCE(from[i]);
	}
	return scnprintf(buf, size, "local_page %lu\nlocal_all %lu\nremote %lu\nremote_harts %lu\nfence_i %lu\n"
			 "remote_fence_i %lu\nswitches %lu\nswitch_flushes %lu\nasid_rollovers %lu\n",
			 sum.local_page, sum.local_all, sum.remote, sum.remote_harts, sum.fence_i,
			 sum.remote_fence_i, sum.switches, sum.switch_flushes, asid_rollovers);
}
