/*
 * asm/pte.h - page-table entries of Sv39, Sv48 and Sv57; one format at every level.
 *
 * MODEL     bit  0 V  1 R  2 W  3 X  4 U  5 G  6 A  7 D  8 special (software)  9 uffd-wp  10..53 frame
 *           With V clear, bits 1..5 say what a software entry is:
 *             G  PROT_NONE: the frame and the other bits are kept, pte_present is true
 *             R  swap: type in 6..10, bit 11 free for the swap code, offset from 12
 *             W  file (nonlinear): page offset from 12
 *             X  marker: shows nothing, MARKER_* from 12
 *           An entry that is 0 is none.  Tables have A = D = U = 0.
 *           59..63 of a leaf name the memory's type: with Svpbmt 0 is what the physical address says; harts of T-Head
 *           with MAE on take 0 for memory that is not cached, so every leaf of memory carries pte_mt_pma.  Tables
 *           carry none.
 * SEE       Privileged specification, 12.3.1; doc/design.md section 5.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_PTE_H
#define VELLUM_ASM_PTE_H

#include "include/types.h"
#include <asm/layout.h>

typedef struct { unsigned long v; } pte_t;

#define PTE_V		0x001ul
#define PTE_R		0x002ul
#define PTE_W		0x004ul
#define PTE_X		0x008ul
#define PTE_U		0x010ul
#define PTE_G		0x020ul
#define PTE_A		0x040ul
#define PTE_D		0x080ul
#define PTE_SPECIAL	0x100ul		/* no struct page stands behind the frame */
#define PTE_UFFD_WP	0x200ul		/* software: a write is told to the userfaultfd first */
#define PTE_NONE_PROT	PTE_G		/* with V clear */
#define PTE_IS_SWP	PTE_R		/* with V and G clear */
#define PTE_IS_FILE	PTE_W
#define PTE_IS_MARKER	PTE_X
#define PTE_PBMT_NC	(1ul << 61)	/* Svpbmt: not cached, weakly ordered */
#define PTE_PBMT_IO	(2ul << 61)	/* not cached, strongly ordered */
#define PTE_THEAD_PMA	(7ul << 60)	/* T-Head: cached, bufferable, shareable */
#define PTE_THEAD_NC	(3ul << 60)	/* bufferable, shareable */
#define PTE_THEAD_IO	(9ul << 60)	/* strongly ordered, shareable */
#define PTE_MT_MASK	(31ul << 59)	/* all bits that name a type, with either */
#define PTE_PFN_SHIFT	10
#define PTE_PFN_MASK	0x003ffffffffffc00ul
#define PTE_LEAF_BITS	(PTE_R | PTE_W | PTE_X)

#define PT_ENTRIES_SHIFT 9
#define PT_ENTRIES	(1u << PT_ENTRIES_SHIFT)
#define PT_MAX_LEVELS	5
#define PT_USER_ENTRIES	(PT_ENTRIES / 2)	/* of a root: users' half, then the kernel's */
#define PT_KERNEL_FIRST	PT_USER_ENTRIES

extern unsigned int pt_levels;		/* 3, 4, 5; fixed at boot */
/* What leaves of memory, of memory that is not cached, and of devices carry; 0 where harts know no types. */
extern BOOT_CONST unsigned long pte_mt_pma, pte_mt_nc, pte_mt_io;

static __always_inline unsigned pt_shift(unsigned level) { return PAGE_SHIFT + PT_ENTRIES_SHIFT * level; }
static __always_inline unsigned long pt_span(unsigned level) { return 1ul << pt_shift(level); }
static __always_inline unsigned pt_index(unsigned long va, unsigned level)
{ return va >> pt_shift(level) & (PT_ENTRIES - 1); }

/* ---- cells: an entry in memory, which the hardware reads and may set A and D in -------------- */
static __always_inline pte_t pte_load(const pte_t *p)
{ return (pte_t){ __atomic_load_n(&p->v, __ATOMIC_RELAXED) }; }
/* A plain store: gcc makes an AMO of a relaxed atomic one. */
static __always_inline void set_pte(pte_t *p, pte_t pte) { WRITE_ONCE(p->v, pte.v); }
static __always_inline void pte_clear(pte_t *p) { WRITE_ONCE(p->v, 0); }
static __always_inline pte_t ptep_xchg(pte_t *p, pte_t pte)
{ return (pte_t){ __atomic_exchange_n(&p->v, pte.v, __ATOMIC_ACQ_REL) }; }
static __always_inline pte_t ptep_get_and_clear(pte_t *p) { return ptep_xchg(p, (pte_t){ 0 }); }
static __always_inline pte_t ptep_clear_uffd_wp(pte_t *p)
{ return (pte_t){ __atomic_fetch_and(&p->v, ~PTE_UFFD_WP, __ATOMIC_ACQ_REL) }; }
/* Store @new_ if the entry still is @old; whether it did. */
static __always_inline bool ptep_cmpxchg(pte_t *p, pte_t old, pte_t new_)
{
	return __atomic_compare_exchange_n(&p->v, &old.v, new_.v, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);	/* see atomic.h */
}

static __always_inline void ptep_set_access_flags(pte_t *p, pte_t entry)
{ __atomic_fetch_or(&p->v, entry.v, __ATOMIC_ACQ_REL); }
static __always_inline pte_t ptep_set_wrprotect(pte_t *p)
{ return (pte_t){ __atomic_fetch_and(&p->v, ~PTE_W, __ATOMIC_ACQ_REL) & ~PTE_W }; }
static __always_inline bool ptep_test_and_clear_young(pte_t *p)
{ return pte_load(p).v & PTE_A && __atomic_fetch_and(&p->v, ~PTE_A, __ATOMIC_ACQ_REL) & PTE_A; }

/* ---- what an entry is ------------------------------------------------------------------------ */
static __always_inline pte_t pte_empty(void) { return (pte_t){ 0 }; }
static __always_inline unsigned long pte_val(pte_t p) { return p.v; }
static __always_inline bool pte_none(pte_t p) { return p.v == 0; }
static __always_inline bool pte_hw_valid(pte_t p) { return p.v & PTE_V; }
static __always_inline bool pte_present(pte_t p) { return p.v & (PTE_V | PTE_NONE_PROT); }
static __always_inline bool pte_prot_none(pte_t p) { return (p.v & (PTE_V | PTE_NONE_PROT)) == PTE_NONE_PROT; }
static __always_inline bool pte_is_table(pte_t p) { return (p.v & (PTE_V | PTE_LEAF_BITS)) == PTE_V; }
static __always_inline bool pte_is_leaf(pte_t p) { return (p.v & PTE_V) && (p.v & PTE_LEAF_BITS); }
static __always_inline bool pte_read(pte_t p) { return p.v & PTE_R; }
static __always_inline bool pte_write(pte_t p) { return p.v & PTE_W; }
static __always_inline bool pte_exec(pte_t p) { return p.v & PTE_X; }
static __always_inline bool pte_user(pte_t p) { return p.v & PTE_U; }
static __always_inline bool pte_young(pte_t p) { return p.v & PTE_A; }
static __always_inline bool pte_dirty(pte_t p) { return p.v & PTE_D; }
static __always_inline bool pte_global(pte_t p) { return p.v & PTE_G; }
static __always_inline bool pte_special(pte_t p) { return p.v & PTE_SPECIAL; }
static __always_inline bool pte_uffd_wp(pte_t p) { return p.v & PTE_UFFD_WP; }
static __always_inline bool pte_same(pte_t a, pte_t b) { return a.v == b.v; }
static __always_inline unsigned long pte_lost_perms(pte_t old, pte_t now)
{ return old.v & ~now.v & (PTE_V | PTE_LEAF_BITS | PTE_U); }

/* ---- making one from another ----------------------------------------------------------------- */
static __always_inline pte_t pfn_pte(pfn_t pfn, pte_t prot) { return (pte_t){ pfn << PTE_PFN_SHIFT | prot.v }; }
static __always_inline pfn_t pte_pfn(pte_t p) { return p.v << 10 >> 20; }
static __always_inline pte_t pte_advance_pfn(pte_t p, unsigned long nr)
{ return (pte_t){ p.v + (nr << PTE_PFN_SHIFT) }; }
static __always_inline pte_t pte_prot(pte_t p) { return (pte_t){ p.v & ~PTE_PFN_MASK }; }
static __always_inline pte_t pte_mkwrite(pte_t p) { return (pte_t){ p.v | PTE_W }; }
static __always_inline pte_t pte_wrprotect(pte_t p) { return (pte_t){ p.v & ~PTE_W }; }
static __always_inline pte_t pte_mkdirty(pte_t p) { return (pte_t){ p.v | PTE_D }; }
static __always_inline pte_t pte_mkclean(pte_t p) { return (pte_t){ p.v & ~PTE_D }; }
static __always_inline pte_t pte_mkyoung(pte_t p) { return (pte_t){ p.v | PTE_A }; }
static __always_inline pte_t pte_mkold(pte_t p) { return (pte_t){ p.v & ~PTE_A }; }
static __always_inline pte_t pte_mkspecial(pte_t p) { return (pte_t){ p.v | PTE_SPECIAL }; }
/* A present entry with the mark is never writable. */
static __always_inline pte_t pte_mkuffd_wp(pte_t p) { return (pte_t){ (p.v | PTE_UFFD_WP) & ~PTE_W }; }
static __always_inline pte_t pte_clear_uffd_wp(pte_t p) { return (pte_t){ p.v & ~PTE_UFFD_WP }; }
/* The same frame with @prot's permissions; A, D and special stay, and the mark. */
static __always_inline pte_t pte_modify(pte_t p, pte_t prot)
{ return (pte_t){ (p.v & (PTE_PFN_MASK | PTE_A | PTE_D | PTE_SPECIAL | PTE_UFFD_WP)) | prot.v }; }

static __always_inline pte_t pte_table(phys_addr_t pa)
{ return (pte_t){ pa >> (PAGE_SHIFT - PTE_PFN_SHIFT) | PTE_V }; }
/* Of a table: beside the frame it has V and nothing else. */
static __always_inline pte_t *pte_to_table(pte_t p)
{ return phys_to_virt((p.v << (PAGE_SHIFT - PTE_PFN_SHIFT)) - (PTE_V << (PAGE_SHIFT - PTE_PFN_SHIFT))); }

/* ---- software entries ------------------------------------------------------------------------ */
#define SWP_TYPES	32u
static __always_inline pte_t pte_swp(unsigned type, unsigned long offset)
{ return (pte_t){ offset << 12 | (unsigned long)type << 6 | PTE_IS_SWP }; }
static __always_inline bool pte_is_swp(pte_t p) { return (p.v & (PTE_V | PTE_G | PTE_IS_SWP)) == PTE_IS_SWP; }
static __always_inline unsigned pte_swp_type(pte_t p) { return p.v >> 6 & 31; }
static __always_inline unsigned long pte_swp_offset(pte_t p) { return p.v >> 12; }
#define FILE_PGOFF_BITS 52
static __always_inline pte_t pte_file(pgoff_t pgoff) { return (pte_t){ pgoff << 12 | PTE_IS_FILE }; }
static __always_inline bool pte_is_file(pte_t p) { return (p.v & (PTE_V | PTE_G | PTE_R | PTE_W)) == PTE_IS_FILE; }
static __always_inline pgoff_t pte_file_pgoff(pte_t p) { return p.v >> 12; }
#define MARKER_UFFD_WP	1u	/* what comes here is write-protected */
#define MARKER_POISONED	2u	/* an access is answered with SIGBUS */
static __always_inline pte_t pte_marker(unsigned marker)
{ return (pte_t){ (unsigned long)marker << 12 | PTE_IS_MARKER }; }
static __always_inline bool pte_is_marker(pte_t p)
{ return (p.v & (PTE_V | PTE_G | PTE_R | PTE_W | PTE_X)) == PTE_IS_MARKER; }
static __always_inline unsigned pte_marker_bits(pte_t p) { return p.v >> 12; }
static __always_inline bool pte_marker_uffd_wp(pte_t p)
{ return pte_is_marker(p) && pte_marker_bits(p) & MARKER_UFFD_WP; }

/* ---- permissions ----------------------------------------------------------------------------- */
#define PTE_KERNEL_BASE	(PTE_V | PTE_R | PTE_G | PTE_A | PTE_D)	/* A and D preset (L7) */
#define PAGE_KERNEL	 ((pte_t){ PTE_KERNEL_BASE | PTE_W | pte_mt_pma })
#define PAGE_KERNEL_RO	 ((pte_t){ PTE_KERNEL_BASE | pte_mt_pma })
#define PAGE_KERNEL_EXEC ((pte_t){ PTE_KERNEL_BASE | PTE_X | pte_mt_pma })
/* The hart's own attributes make devices uncached; where it knows types the entry says it too. */
#define PAGE_KERNEL_IO	 ((pte_t){ PTE_KERNEL_BASE | PTE_W | pte_mt_io })
#define PAGE_KERNEL_WC	 ((pte_t){ PTE_KERNEL_BASE | PTE_W | pte_mt_nc })

#define PTE_USER_BASE	(PTE_V | PTE_U | PTE_A)

/* By VM_READ, VM_WRITE, VM_EXEC, VM_SHARED (bits 0..3), memory's type included; arch/riscv/mm/root.c. */
extern BOOT_CONST pte_t protection_map[16];
/* The user permission bits of a region: writable only where VM_SHARED says so. */
static __always_inline pte_t vm_prot(unsigned long vm_flags) { return protection_map[vm_flags & 15]; }

/* Every leaf that is made from here on carries these. */
void memory_types_init(unsigned long pma, unsigned long nc, unsigned long io);

/* ---- roots: arch/riscv/mm/root.c ------------------------------------------------------------- */
/* An empty user half under the kernel's half; NULL when there is no memory. */
pte_t *pgd_alloc(void);
/* Free the root alone: its user half is empty already. */
void pgd_free(pte_t *pgd);

extern pte_t swapper_root[PT_ENTRIES];	/* init_mm.pgd */
extern pte_t fixmap_pte[PT_ENTRIES];	/* level-0 table of FIXMAP_START */

#endif
