/*
 * test/host/arch/host.h - the host ISA: simulated harts whose TLBs forget nothing until told.
 *
 * MODEL     arena     the physical memory: page frames from a small allocator (pages.c), or those that a
 *                     test hands to the real one.
 *           hart      runs one address space at a time; remembers every translation and every table it
 *                     used, by ASID, until a flush that covers it (tlb.c).  All harts share the test's
 *                     thread: host_run_on() chooses the one that executes.
 *           access    host_load, host_store, host_exec: what a program on the hart does; a fault goes to the
 *                     real do_page_fault().
 *           stale     an access, or host_tlb_check(), that finds a remembered translation which the
 *                     tables do not allow any more, or one to a freed frame or through a freed table, is
 *                     counted in host_stale and described: a missing, narrow or late flush.
 *           hostile   with HOST_HOSTILE, another ISA: inverted bits, two roots, no hardware A and D, broadcast
 *                     flushes, harts that read ahead (tlb.c, test/host/hostile/pte.h).  The tests of mm/pt, kmap,
 *                     rmap, entry, fault and space run on both: build/host/test/... and build/host/hostile/test/...
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HOST_ARCH_H
#define HOST_ARCH_H

#include "include/arch/arch.h"
#include "include/mm_types.h"

/* Arena, struct pages, globals, @levels of tables, @harts harts of which hart 0 executes. */
void host_arch_init(unsigned levels, unsigned harts);

/* ---- harts ----------------------------------------------------------------------------------- */
extern struct task_base host_task[NR_HARTS];	/* one task for each hart */
void host_run_on(unsigned hart);		/* the test goes on as that hart's task */
/* @mm becomes the user address space of the executing task (NULL: a kernel thread's). */
void host_enter_mm(struct mm_struct *mm);

/* An address space with a root, and no regions; and its end: everything must be unmapped. */
struct mm_struct *host_mm_new(void);
void host_mm_free(struct mm_struct *mm);

/* ---- what a program does --------------------------------------------------------------------- */
enum { HOST_LOAD = 0, HOST_STORE = FAULT_FLAG_WRITE, HOST_EXEC = FAULT_FLAG_EXEC };
/* Each returns 0, or the signal that the access raised; host_signal has the details. */
int host_access(vaddr_t va, unsigned kind, void *buf, size_t bytes);
int host_load8(vaddr_t va, u64 *value);
int host_store8(vaddr_t va, u64 value);
extern bool host_fixup_hit;			/* a kernel access found no answer but its fixup */
extern struct host_signal { int sig, code; vaddr_t address; } host_signal;
/* The same for a kernel address (vmalloc): no fault is served. */
bool host_kernel_load8(vaddr_t va, u64 *value);
bool host_kernel_store8(vaddr_t va, u64 value);

extern bool host_soft_ad;		/* hardware that faults instead of setting A and D (Svade) */
extern unsigned long host_faults;	/* page faults taken */

/* ---- TLB ------------------------------------------------------------------------------------- */
extern unsigned long host_stale;	/* broken laws so far */
extern bool host_tlb_quiet;		/* do not print them: the test expects some */
extern unsigned long host_flush_local, host_flush_remote; /* orders carried out here, elsewhere */
/* Called once, before the next order to another hart is carried out: what happens while its giver waits. */
extern void (*host_flush_hook)(void);
extern bool host_drop_flushes;		/* flushes do nothing: to see that tests notice */
/* Hold every remembered translation of @mm on every hart against the tables. */
void host_tlb_check(struct mm_struct *mm);
void host_tlb_reset(void);

/* ---- frames ---------------------------------------------------------------------------------- */
long host_pages_used(void);		/* frames that are allocated */
bool host_page_is_free(pfn_t pfn);

#endif
