/*
 * test/host/hostile/pte.h - entries of an ISA that never was: what the contract allows, and RISC-V does not do.
 *
 * MODEL     bit  0..39 frame   48 marker   50 device memory   51 file   52 swap   53 not global   54 uffd-wp
 *           55 special   56 PROT_NONE (with V clear)   57 clean   58 old   59 table   60 no read   61 no exec
 *           62 no write   63 V;  users may not: bit 49;  of a swap entry: offset in 0..47, type in 57..61
 *           Permissions, A and D are inverted: a bit forbids, or says that nothing was done yet.  So an empty entry,
 *           asked before it is known to be present, allows everything; or'ing in a permission takes one away; and a
 *           frame is advanced at the entry's low end.  No hardware sets A or D (host_soft_ad).
 *           There are two roots: a user's has entries of user addresses only, 2^39 (2^48, 2^57) bytes of them;
 *           swapper_root has the kernel's, by the same index.
 * SEE       test/host/arch/host.h
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_HOSTILE_PTE_H
#define HOST_HOSTILE_PTE_H

#include "include/types.h"
#include <asm/layout.h>

typedef struct { unsigned long hostile; } pte_t;	/* who takes it apart is not compiled */

#define HP_PFN		0x000000fffffffffful
#define HP_MARKER	(1ul << 48)
#define HP_NOUSER	(1ul << 49)
#define HP_DEVICE	(1ul << 50)
#define HP_FILE		(1ul << 51)
#define HP_SWP		(1ul << 52)
#define HP_SWP_OFFSET	0x0000fffffffffffful
#define HP_SWP_TYPE_SHIFT 57
#define HP_NOTGLOBAL	(1ul << 53)
#define HP_UFFD_WP	(1ul << 54)
#define HP_SPECIAL	(1ul << 55)
#define HP_PROTNONE	(1ul << 56)
#define HP_CLEAN	(1ul << 57)
#define HP_OLD		(1ul << 58)
#define HP_TABLE	(1ul << 59)
#define HP_NOREAD	(1ul << 60)
#define HP_NOEXEC	(1ul << 61)
#define HP_NOWRITE	(1ul << 62)
#define HP_V		(1ul << 63)
#define HP_FORBIDS	(HP_NOREAD | HP_NOWRITE | HP_NOEXEC | HP_NOUSER)

#define PT_ENTRIES_SHIFT 9
#define PT_ENTRIES	(1u << PT_ENTRIES_SHIFT)
#define PT_USER_ENTRIES	PT_ENTRIES
#define PT_KERNEL_FIRST	0u
#define PT_MAX_LEVELS	5

extern unsigned int pt_levels;

static __always_inline unsigned pt_shift(unsigned level) { return PAGE_SHIFT + PT_ENTRIES_SHIFT * level; }
static __always_inline unsigned long pt_span(unsigned level) { return 1ul << pt_shift(level); }
static __always_inline unsigned pt_index(unsigned long va, unsigned level)
{ return va >> pt_shift(level) & (PT_ENTRIES - 1); }

static __always_inline pte_t hp(unsigned long v) { return (pte_t){ v }; }

static __always_inline pte_t pte_load(const pte_t *p)
{ return hp(__atomic_load_n(&p->hostile, __ATOMIC_RELAXED)); }
static __always_inline void set_pte(pte_t *p, pte_t pte) { WRITE_ONCE(p->hostile, pte.hostile); }
static __always_inline void pte_clear(pte_t *p) { WRITE_ONCE(p->hostile, 0); }
static __always_inline pte_t ptep_xchg(pte_t *p, pte_t pte)
{ return hp(__atomic_exchange_n(&p->hostile, pte.hostile, __ATOMIC_ACQ_REL)); }
static __always_inline pte_t ptep_get_and_clear(pte_t *p) { return ptep_xchg(p, hp(0)); }
static __always_inline bool ptep_cmpxchg(pte_t *p, pte_t old, pte_t new_)
{
	return __atomic_compare_exchange_n(&p->hostile, &old.hostile, new_.hostile, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}
static __always_inline pte_t ptep_clear_uffd_wp(pte_t *p)
{ return hp(__atomic_fetch_and(&p->hostile, ~HP_UFFD_WP, __ATOMIC_ACQ_REL)); }
static __always_inline void ptep_set_access_flags(pte_t *p, pte_t entry)
{ __atomic_fetch_and(&p->hostile, entry.hostile | ~(HP_OLD | HP_CLEAN | HP_NOWRITE), __ATOMIC_ACQ_REL); }
static __always_inline pte_t ptep_set_wrprotect(pte_t *p)
{ return hp(__atomic_or_fetch(&p->hostile, HP_NOWRITE, __ATOMIC_ACQ_REL)); }
static __always_inline bool ptep_test_and_clear_young(pte_t *p)
{ return !(__atomic_fetch_or(&p->hostile, HP_OLD, __ATOMIC_ACQ_REL) & HP_OLD); }

static __always_inline pte_t pte_empty(void) { return hp(0); }
static __always_inline unsigned long pte_val(pte_t p) { return p.hostile; }
static __always_inline bool pte_none(pte_t p) { return p.hostile == 0; }
static __always_inline bool pte_hw_valid(pte_t p) { return p.hostile & HP_V; }
static __always_inline bool pte_present(pte_t p) { return p.hostile & (HP_V | HP_PROTNONE); }
static __always_inline bool pte_prot_none(pte_t p) { return p.hostile & HP_PROTNONE; }
static __always_inline bool pte_is_table(pte_t p) { return (p.hostile & (HP_V | HP_TABLE)) == (HP_V | HP_TABLE); }
static __always_inline bool pte_is_leaf(pte_t p) { return (p.hostile & (HP_V | HP_TABLE)) == HP_V; }
static __always_inline bool pte_read(pte_t p) { return !(p.hostile & HP_NOREAD); }
static __always_inline bool pte_write(pte_t p) { return !(p.hostile & HP_NOWRITE); }
static __always_inline bool pte_exec(pte_t p) { return !(p.hostile & HP_NOEXEC); }
static __always_inline bool pte_user(pte_t p) { return !(p.hostile & HP_NOUSER); }
static __always_inline bool pte_young(pte_t p) { return !(p.hostile & HP_OLD); }
static __always_inline bool pte_dirty(pte_t p) { return !(p.hostile & HP_CLEAN); }
static __always_inline bool pte_global(pte_t p) { return !(p.hostile & HP_NOTGLOBAL); }
static __always_inline bool pte_special(pte_t p) { return p.hostile & HP_SPECIAL; }
static __always_inline bool pte_uffd_wp(pte_t p) { return p.hostile & HP_UFFD_WP; }
static __always_inline bool pte_same(pte_t a, pte_t b) { return a.hostile == b.hostile; }
static __always_inline unsigned long pte_lost_perms(pte_t old, pte_t now)
{ return (old.hostile & ~now.hostile & HP_V) | (~old.hostile & now.hostile & HP_FORBIDS); }

static __always_inline pte_t pfn_pte(pfn_t pfn, pte_t prot) { return hp(pfn | prot.hostile); }
static __always_inline pfn_t pte_pfn(pte_t p) { return p.hostile & HP_PFN; }
static __always_inline pte_t pte_advance_pfn(pte_t p, unsigned long nr) { return hp(p.hostile + nr); }
static __always_inline pte_t pte_prot(pte_t p) { return hp(p.hostile & ~HP_PFN); }
static __always_inline pte_t pte_mkwrite(pte_t p) { return hp(p.hostile & ~HP_NOWRITE); }
static __always_inline pte_t pte_wrprotect(pte_t p) { return hp(p.hostile | HP_NOWRITE); }
static __always_inline pte_t pte_mkdirty(pte_t p) { return hp(p.hostile & ~HP_CLEAN); }
static __always_inline pte_t pte_mkclean(pte_t p) { return hp(p.hostile | HP_CLEAN); }
static __always_inline pte_t pte_mkyoung(pte_t p) { return hp(p.hostile & ~HP_OLD); }
static __always_inline pte_t pte_mkold(pte_t p) { return hp(p.hostile | HP_OLD); }
static __always_inline pte_t pte_mkspecial(pte_t p) { return hp(p.hostile | HP_SPECIAL); }
static __always_inline pte_t pte_mkuffd_wp(pte_t p) { return hp(p.hostile | HP_UFFD_WP | HP_NOWRITE); }
static __always_inline pte_t pte_clear_uffd_wp(pte_t p) { return hp(p.hostile & ~HP_UFFD_WP); }
static __always_inline pte_t pte_modify(pte_t p, pte_t prot)
{
	unsigned long done = HP_OLD | HP_CLEAN;

	return hp((p.hostile & (HP_PFN | HP_SPECIAL | HP_UFFD_WP)) | (prot.hostile & ~done) |
		  (p.hostile & prot.hostile & done));
}

static __always_inline pte_t pte_table(phys_addr_t pa) { return hp(pa >> PAGE_SHIFT | HP_V | HP_TABLE); }
static __always_inline pte_t *pte_to_table(pte_t p) { return phys_to_virt(PFN_PHYS(pte_pfn(p))); }

#define SWP_TYPES	32u
static __always_inline pte_t pte_swp(unsigned type, unsigned long offset)
{ return hp(HP_SWP | (unsigned long)type << HP_SWP_TYPE_SHIFT | offset); }
static __always_inline bool pte_is_swp(pte_t p) { return (p.hostile & (HP_V | HP_PROTNONE | HP_SWP)) == HP_SWP; }
static __always_inline unsigned pte_swp_type(pte_t p) { return p.hostile >> HP_SWP_TYPE_SHIFT & 31; }
static __always_inline unsigned long pte_swp_offset(pte_t p) { return p.hostile & HP_SWP_OFFSET; }
#define FILE_PGOFF_BITS 51
static __always_inline pte_t pte_file(pgoff_t pgoff) { return hp(HP_FILE | pgoff); }
static __always_inline bool pte_is_file(pte_t p)
{ return (p.hostile & (HP_V | HP_PROTNONE | HP_SWP | HP_FILE)) == HP_FILE; }
static __always_inline pgoff_t pte_file_pgoff(pte_t p) { return p.hostile & (HP_FILE - 1); }
#define MARKER_UFFD_WP	1u
#define MARKER_POISONED	2u
static __always_inline pte_t pte_marker(unsigned marker) { return hp(HP_MARKER | marker); }
static __always_inline bool pte_is_marker(pte_t p)
{ return (p.hostile & (HP_V | HP_PROTNONE | HP_SWP | HP_FILE | HP_MARKER)) == HP_MARKER; }
static __always_inline unsigned pte_marker_bits(pte_t p) { return p.hostile & HP_PFN; }
static __always_inline bool pte_marker_uffd_wp(pte_t p)
{ return pte_is_marker(p) && pte_marker_bits(p) & MARKER_UFFD_WP; }

#define PAGE_KERNEL	 ((pte_t){ HP_V | HP_NOUSER | HP_NOEXEC })
#define PAGE_KERNEL_RO	 ((pte_t){ HP_V | HP_NOUSER | HP_NOEXEC | HP_NOWRITE })
#define PAGE_KERNEL_EXEC ((pte_t){ HP_V | HP_NOUSER | HP_NOWRITE })
#define PAGE_KERNEL_IO	 ((pte_t){ HP_V | HP_NOUSER | HP_NOEXEC | HP_DEVICE })
#define PAGE_KERNEL_WC	 PAGE_KERNEL_IO

static __always_inline pte_t vm_prot(unsigned long vm_flags)
{
	unsigned long v = HP_NOTGLOBAL | HP_CLEAN, may = vm_flags & 7;		/* VM_READ, VM_WRITE, VM_EXEC */

	if (!may)
		return hp(v | HP_PROTNONE | HP_NOREAD | HP_NOWRITE | HP_NOEXEC);
	if (!(may & 3))
		v |= HP_NOREAD;
	if (!(may & 2) || !(vm_flags & 8))
		v |= HP_NOWRITE;
	return hp(v | HP_V | (may & 4 ? 0 : HP_NOEXEC));
}

pte_t *pgd_alloc(void);
void pgd_free(pte_t *pgd);

extern pte_t swapper_root[PT_ENTRIES];
extern pte_t fixmap_pte[PT_ENTRIES];

#endif
