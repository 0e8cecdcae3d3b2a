/*
 * test/host/include/asm/pte.h - the host ISA's entries: RISC-V's, by the very same code, so that the sharing of bits
 * between hardware and software is under test; or, with HOST_HOSTILE, the other ones.
 *
 * MODEL     Whatever makes an entry valid is shown to the TLB first, which knows what it still remembers of that cell
 *           (H4 of test/host/arch/tlb.c).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ASM_PTE_H
#define HOST_ASM_PTE_H

#define set_pte		host_raw_set_pte
#define ptep_xchg	host_raw_xchg
#define ptep_cmpxchg	host_raw_cmpxchg
#ifdef HOST_HOSTILE
#include "test/host/hostile/pte.h"
#else
#include "arch/riscv/include/asm/pte.h"
#endif
#undef set_pte
#undef ptep_xchg
#undef ptep_cmpxchg

void host_pte_change(const pte_t *cell, pte_t now);

static inline void set_pte(pte_t *p, pte_t pte)
{
	host_pte_change(p, pte);
	host_raw_set_pte(p, pte);
}

static inline pte_t ptep_xchg(pte_t *p, pte_t pte)
{
	host_pte_change(p, pte);
	return host_raw_xchg(p, pte);
}

static inline bool ptep_cmpxchg(pte_t *p, pte_t old, pte_t new_)
{
	if (pte_same(pte_load(p), old))
		host_pte_change(p, new_);
	return host_raw_cmpxchg(p, old, new_);
}

#endif
