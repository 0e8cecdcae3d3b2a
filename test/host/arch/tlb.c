/*
 * test/host/arch/tlb.c - harts that remember every translation until a flush covers it.
 *
 * MODEL     leaf    (hart, asid, page) -> the entry as it was when the hart walked.  Replaced only
 *                   after a flush: real hardware may keep it that long, so this one does.
 *           table   (hart, asid, level, prefix) -> the table that was found there.  A flush with an address
 *                   leaves it (L4); only a flush of the whole ASID, or of everything, removes it.
 *           Kernel translations have ASID -1 and match every ASID (global).
 *           An entry also names its mm, so that an ASID that two mms share is noticed.
 * INVARIANTS (what a broken law looks like here)
 *   H1  a remembered leaf points to a free frame, or differs from the tables in frame or in a permission
 *       that the tables no longer give (L1, L3);
 *   H2  a remembered table is not a table page of that mm any more (L1, L4);
 *   H3  an entry under the hart's ASID belongs to another mm (L5);
 *   H4  an entry becomes valid while a hart remembers another frame, or a table, from the same cell: it would find
 *       two answers for one address (L8).  What is remembered under a number that the mm has no more
 *       is not counted: no flush of the mm reaches it, and the hart drops it before it uses any number again.
 *   H5  an access goes through a leaf that does not say that it is memory: these harts are like T-Head's, where
 *       a leaf without a type is memory that is not cached.
 *
 *           A hostile host (HOST_HOSTILE) has, besides the entries of test/host/hostile/pte.h:
 *             broadcast    an order reaches every hart, interrupts on or off, and whatever the mask says;
 *             read ahead   a hart that walks to one page remembers what it finds for the next one, too, as
 *                          long as A is set: who believes that an untouched page needs no flush is found out;
 *             soft A, D    an access that lacks one faults.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/host/arch/host.h"
#include "test/host/tap.h"
#include "include/uaccess.h"
#include "mm/pt/asid.h"
#include "mm/pt/walk.h"
#include <asm/ptrace.h>

#define BUCKETS		4096
#define KERNEL_ASID	(-1l)

struct entry {
	struct entry *next;
	struct mm_struct *mm;
	long asid;
	unsigned level;		/* 0: a leaf; above: the table of that level's entry */
	vaddr_t va;		/* first address */
	pte_t pte;
	const pte_t *cell;	/* from where, and what stood there: a large leaf's pte is that of one page */
	pte_t found;
	struct entry *cell_next, **cell_pprev;
};

#define CELL_BUCKETS	65536
static struct entry *of_cell[CELL_BUCKETS];

static struct entry **cell_bucket(const pte_t *cell)
{ return &of_cell[((unsigned long)cell / sizeof(*cell) * 0x9e3779b97f4a7c15ul) >> 48]; }

struct hart {
	struct entry *bucket[BUCKETS];
	struct mm_struct *mm;
	long asid;
};
static struct hart harts[NR_HARTS];

unsigned arch_asid_bits = 16;
unsigned long host_stale, host_faults, host_flush_local, host_flush_remote;
void (*host_flush_hook)(void);
bool host_tlb_quiet, host_soft_ad, host_drop_flushes;

#ifdef HOST_HOSTILE
#define HOSTILE true
static void __attribute__((constructor)) hostile_start(void) { host_soft_ad = true; }
#else
#define HOSTILE false
#endif

struct host_signal host_signal;
bool host_fixup_hit;

static void broken(const char *what, const struct entry *e, unsigned hart)
{
	host_stale++;
	if (!host_tlb_quiet)
		diag("hart %u: %s: va %lx level %u asid %ld pte %lx", hart, what, e->va, e->level,
		     e->asid, pte_val(e->pte));
}

/* ---- the memory of a hart -------------------------------------------------------------------- */

static unsigned hash(long asid, unsigned level, vaddr_t va)
{
	return ((va >> PAGE_SHIFT) * 0x9e3779b97f4a7c15ul + asid * 31 + level * 7919) >> 20 & (BUCKETS - 1);
}

static struct entry *recall(struct hart *h, long asid, unsigned level, vaddr_t va)
{
	struct entry *e = h->bucket[hash(asid, level, va)];

	while (e && (e->asid != asid || e->level != level || e->va != va))
		e = e->next;
	return e;
}

/* @pte is what the hart makes of what it found in @cell. */
static struct entry *remember(struct hart *h, struct mm_struct *mm, long asid, unsigned level,
			      vaddr_t va, pte_t pte, const pte_t *cell)
{
	struct entry *e = malloc(sizeof(*e)), **b = &h->bucket[hash(asid, level, va)], **c = cell_bucket(cell);

	*e = (struct entry){ *b, mm, asid, level, va, pte, cell, pte_load(cell), *c, c };
	*b = e;
	if (*c)
		(*c)->cell_pprev = &e->cell_next;
	*c = e;
	return e;
}

static void drop(struct entry *e)
{
	*e->cell_pprev = e->cell_next;
	if (e->cell_next)
		e->cell_next->cell_pprev = e->cell_pprev;
	free(e);
}

static bool covered(const struct entry *e, const struct tlb_req *req, long asid)
{
	if (e->asid != asid)
		return false;
	if (req->what == TLB_ALL)
		return true;
	return e->level == 0 && e->va >= (req->start & PAGE_MASK) && e->va < req->end;	/* L4 */
}

/* Forget what @req covers; @req NULL: everything. */
static void forget(struct hart *h, const struct tlb_req *req, long asid)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct entry **p = &h->bucket[i]; *p; ) {
			struct entry *e = *p;

			if (!req || covered(e, req, asid)) {
				*p = e->next;
				drop(e);
			} else {
				p = &e->next;
			}
		}
}

void host_tlb_reset(void)
{
	for (unsigned h = 0; h < NR_HARTS; h++) {
		forget(&harts[h], NULL, 0);
		harts[h].mm = NULL;
		harts[h].asid = 0;
	}
}

static bool same_output(pte_t a, pte_t b)
{ return pte_pfn(a) == pte_pfn(b) && pte_is_table(a) == pte_is_table(b); }

static bool number_is_current(const struct entry *e)
{ return e->mm == &init_mm || e->asid == (long)asid_of(e->mm); }

/* The entry in @cell is about to become @now (H4). */
void host_pte_change(const pte_t *cell, pte_t now)
{
	if (!pte_hw_valid(now))
		return;
	if (pte_hw_valid(pte_load(cell)) && !same_output(pte_load(cell), now)) {
		host_stale++;
		if (!host_tlb_quiet)
			diag("entry %lx becomes %lx in place", pte_val(pte_load(cell)), pte_val(now));
	}
	for (struct entry *e = *cell_bucket(cell); e; e = e->cell_next)
		if (e->cell == cell && !same_output(e->found, now) && number_is_current(e))
			broken("made before it was broken", e, ~0u);
}

/* ---- the contract ---------------------------------------------------------------------------- */

static void flush_one(unsigned hart, const struct tlb_req *req)
{
	if (!host_drop_flushes)
		forget(&harts[hart], req, req->mm == &init_mm ? KERNEL_ASID : (long)asid_of(req->mm));
}

void arch_tlb_flush_local(const struct tlb_req *req)
{
	host_flush_local++;
	flush_one(this_hart(), req);
}

void arch_tlb_flush_local_page(struct mm_struct *mm, unsigned long va)
{
	struct tlb_req req = { .mm = mm, .what = TLB_RANGE, .start = va & PAGE_MASK,
			       .end = (va & PAGE_MASK) + PAGE_SIZE, .stride = PAGE_SIZE };

	arch_tlb_flush_local(&req);
}

void arch_tlb_flush_window(unsigned long va) { arch_tlb_flush_local_page(&init_mm, va); }

void arch_tlb_flush(hartmask_t mask, const struct tlb_req *req)
{
	CHECK(HOSTILE || !arch_irqs_disabled() || !(mask.bits & ~BIT(this_hart())));
	for (unsigned h = 0; h < nr_harts; h++) {
		if (!(mask.bits >> h & 1)) {
			if (HOSTILE)
				flush_one(h, req);
			continue;
		}
		if (h == this_hart()) {
			arch_tlb_flush_local(req);
		} else {
			void (*hook)(void) = host_flush_hook;

			host_flush_hook = NULL;
			if (hook)
				hook();
			host_flush_remote++;
			flush_one(h, req);
		}
	}
}

void arch_switch_mm(__maybe_unused struct mm_struct *prev, struct mm_struct *next)
{
	struct hart *h = &harts[this_hart()];
	bool flush_all;

	CHECK(arch_irqs_disabled());
	set_bit(this_hart(), &next->harts.bits);
	h->mm = next;
	h->asid = asid_get(next, this_hart(), &flush_all);
	if (flush_all)
		forget(h, NULL, 0);
}

void host_enter_mm(struct mm_struct *mm)
{
	struct task_base *t = current_base();
	unsigned long flags;

	t->mm = mm;
	if (!mm || t->active_mm == mm)
		return;
	flags = arch_irq_save();
	arch_switch_mm(t->active_mm, mm);
	arch_irq_restore(flags);
	t->active_mm = mm;
}

/* ---- the walk -------------------------------------------------------------------------------- */

static bool allows(pte_t pte, unsigned kind, bool user)
{
	if (!pte_is_leaf(pte) || pte_user(pte) != user)
		return false;
	return kind == HOST_STORE ? pte_write(pte) : kind == HOST_EXEC ? pte_exec(pte) : pte_read(pte);
}

/* The cell that holds @va's entry, and in *@pte the entry, a large leaf's as if it were @va's own page's. */
static pte_t *lookup(struct mm_struct *mm, vaddr_t va, pte_t *pte)
{
	unsigned level = pt_levels - 1;
	pte_t *ptep = &mm->pgd[pt_index(va, level)];

	for (*pte = pte_load(ptep); level && pte_is_table(*pte); *pte = pte_load(ptep))
		ptep = &pte_to_table(*pte)[pt_index(va, --level)];
	if (level && pte_is_leaf(*pte))
		*pte = pte_advance_pfn(*pte, (va & (pt_span(level) - 1)) >> PAGE_SHIFT);
	return ptep;
}

/* Does the remembered leaf @e still agree with the tables? (H1) */
static void check_leaf(const struct entry *e, unsigned hart)
{
	pte_t now = pte_empty();
	bool lost;

	if (e->mm->pgd)
		lookup(e->mm, e->va, &now);
	lost = pte_lost_perms(e->pte, now) || (pte_dirty(e->pte) && !pte_dirty(now));

	if (host_page_is_free(pte_pfn(e->pte)) && pte_pfn(e->pte) >= 0x80000)
		broken("translation to a free frame", e, hart);
	else if (lost || pte_pfn(now) != pte_pfn(e->pte))
		broken("stale translation", e, hart);
}

/* (H2) */
static bool check_table(const struct entry *e, unsigned hart)
{
	struct page *page = virt_to_page(pte_to_table(e->pte));

	if (e->mm == &init_mm || (PageTable(page) && page->pt_mm == e->mm))
		return true;
	broken("walk through a table that is gone", e, hart);
	return false;
}

/* Walk from the deepest table that is remembered: as lookup(). */
static pte_t *walk(struct hart *h, struct mm_struct *mm, long asid, vaddr_t va, pte_t *leaf)
{
	unsigned hart = h - harts, level = 1;
	pte_t *table = mm->pgd;
	struct entry *e = NULL;

	for (; level < pt_levels; level++) {
		e = recall(h, asid, level, va & ~(pt_span(level) - 1));
		if (e)
			break;
	}
	if (e && check_table(e, hart))
		table = pte_to_table(e->pte);
	else
		level = pt_levels;
	while (--level) {
		pte_t *cell = &table[pt_index(va, level)], pte = pte_load(cell);

		if (pte_is_leaf(pte))
			return lookup(mm, va, leaf);
		if (!pte_is_table(pte))
			return NULL;
		remember(h, mm, asid, level, va & ~(pt_span(level) - 1), pte, cell);
		table = pte_to_table(pte);
	}
	*leaf = pte_load(&table[pt_index(va, 0)]);
	return &table[pt_index(va, 0)];
}

/* Walk ahead to the page after @va's, and remember what is there; sets nothing. */
static void read_ahead(struct hart *h, struct mm_struct *mm, long asid, vaddr_t va)
{
	pte_t *ptep, pte = pte_empty();

	va = (va & PAGE_MASK) + PAGE_SIZE;
	if (!pt_index(va, 0) || recall(h, asid, 0, va))		/* not into another table */
		return;
	ptep = walk(h, mm, asid, va, &pte);
	if (ptep && pte_is_leaf(pte) && pte_young(pte))
		remember(h, mm, asid, 0, va, pte, ptep);
}

/* @pte with the A and D of an access. */
static pte_t used(pte_t pte, unsigned kind)
{
	return kind == HOST_STORE ? pte_mkdirty(pte_mkyoung(pte)) : pte_mkyoung(pte);
}

/* (H5) */
static bool has_type(__maybe_unused pte_t pte)
{
#ifdef HOST_HOSTILE
	return true;
#else
	unsigned long type = pte_val(pte) & PTE_MT_MASK;

	return type == pte_mt_pma || type == pte_mt_nc || type == pte_mt_io;
#endif
}

/*
 * The leaf that the hart uses for @va, or NULL: a fault.
 */
static struct entry *translate(struct mm_struct *mm, long asid, vaddr_t va, unsigned kind, bool user)
{
	struct hart *h = &harts[this_hart()];
	struct entry *e = recall(h, asid, 0, va & PAGE_MASK);
	pte_t *ptep, pte = pte_empty();

	if (e && e->mm != mm)
		broken("ASID of another address space", e, this_hart());	/* H3 */
	if (e) {
		check_leaf(e, this_hart());
		if (!allows(e->pte, kind, user))
			return NULL;
		if (pte_same(used(e->pte, kind), e->pte))
			return e;
		if (host_soft_ad)
			return NULL;
		ptep = pt_lookup(mm, va);	/* hardware sets D in the table, then here */
		if (!ptep || !allows(pte_load(ptep), kind, user))
			return NULL;
		ptep_set_access_flags(ptep, used(pte_load(ptep), kind));
		e->pte = used(e->pte, kind);
		return e;
	}
	ptep = walk(h, mm, asid, va, &pte);
	if (!allows(pte, kind, user) || (host_soft_ad && !pte_same(used(pte, kind), pte)))
		return NULL;
	ptep_set_access_flags(ptep, used(pte_load(ptep), kind));
	e = remember(h, mm, asid, 0, va & PAGE_MASK, used(pte, kind), ptep);
	if (!has_type(pte))
		broken("leaf without a memory type", e, this_hart());
	if (HOSTILE)
		read_ahead(h, mm, asid, va);
	return e;
}

void host_tlb_check(struct mm_struct *mm)
{
	for (unsigned h = 0; h < nr_harts; h++)
		for (unsigned i = 0; i < BUCKETS; i++)
			for (struct entry *e = harts[h].bucket[i]; e; e = e->next) {
				if (e->mm != mm)
					continue;
				if (e->level)
					check_table(e, h);
				else
					check_leaf(e, h);
			}
}

/* ---- accesses -------------------------------------------------------------------------------- */

static void copy_translated(const struct entry *e, vaddr_t va, unsigned kind, void *buf, size_t n)
{
	char *at = (char *)phys_to_virt(pte_pfn(e->pte) << PAGE_SHIFT) + (va & ~PAGE_MASK);

	if (kind == HOST_STORE)
		memcpy(at, buf, n);
	else if (buf)
		memcpy(buf, at, n);
}

__weak void do_page_fault(__maybe_unused struct pt_regs *regs, unsigned long address,
			  __maybe_unused unsigned flags)
{
	force_sig_fault(11, 1, address);
}

/* One access inside a page, served by do_page_fault() as often as it takes. */
static int access_page(vaddr_t va, unsigned kind, void *buf, size_t n, bool user)
{
	for (unsigned tries = 0; ; tries++) {
		struct mm_struct *mm = current_base()->mm;
		struct pt_regs regs = { .pc = 0x1000, .user = user, .uaccess = !user };
		struct entry *e = mm ? translate(mm, harts[this_hart()].asid, va, kind, true) : NULL;

		if (e) {
			copy_translated(e, va, kind, buf, n);
			return 0;
		}
		CHECK(tries < 8);		/* a fault that is served has to end */
		host_signal.sig = 0;
		host_fixup_hit = false;
		host_faults++;
		do_page_fault(&regs, va, kind | (user ? FAULT_FLAG_USER : 0));
		if (host_signal.sig || host_fixup_hit)
			return host_signal.sig ? host_signal.sig : -1;
	}
}

static int access_range(vaddr_t va, unsigned kind, char *buf, size_t bytes, bool user, size_t *done)
{
	*done = 0;
	while (*done < bytes) {
		size_t n = min(bytes - *done, PAGE_SIZE - (va & ~PAGE_MASK));
		int sig = access_page(va, kind, buf ? buf + *done : NULL, n, user);

		if (sig)
			return sig;
		*done += n;
		va += n;
	}
	return 0;
}

int host_access(vaddr_t va, unsigned kind, void *buf, size_t bytes)
{
	size_t done;

	return access_range(va, kind, buf, bytes, true, &done);
}

int host_load8(vaddr_t va, u64 *value) { return host_access(va, HOST_LOAD, value, 8); }
int host_store8(vaddr_t va, u64 value) { return host_access(va, HOST_STORE, &value, 8); }

static bool kernel_access(vaddr_t va, unsigned kind, u64 *value)
{
	struct entry *e = translate(&init_mm, KERNEL_ASID, va, kind, false);

	if (e)
		copy_translated(e, va, kind, value, 8);
	return e;
}

bool host_kernel_load8(vaddr_t va, u64 *value) { return kernel_access(va, HOST_LOAD, value); }
bool host_kernel_store8(vaddr_t va, u64 value) { return kernel_access(va, HOST_STORE, &value); }

/* Tests keep to low user addresses, so that these are told from the host's own pointers. */
#define USER_POINTERS	(1ul << 40)

unsigned long arch_copy_user(void *to, const void *from, unsigned long n)
{
	bool store = (unsigned long)to < USER_POINTERS;
	size_t done;

	access_range((vaddr_t)(store ? to : from), store ? HOST_STORE : HOST_LOAD,
		     store ? (char *)from : to, n, false, &done);
	return n - done;
}

bool fixup_exception(__maybe_unused struct pt_regs *regs)
{
	host_fixup_hit = true;
	return true;
}

__weak void force_sig_fault(int sig, int code, unsigned long address)
{
	host_signal = (struct host_signal){ sig, code, address };
}

__weak void die(const char *what, __maybe_unused struct pt_regs *regs)
{
	panic("die: %s", what);
}
