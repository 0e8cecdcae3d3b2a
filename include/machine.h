/*
 * include/machine.h - what the boot protocol told us about the machine.
 *
 * MODEL     Filled in by setup_arch() from the device tree and SBI; fixed afterwards.  Strings and
 *           the tree itself live in reserved memory that is never freed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MACHINE_H
#define VELLUM_MACHINE_H

#include "include/current.h"
#include "include/types.h"

struct fdt;
extern struct fdt boot_fdt;			/* the device tree, checked (lib/fdt.h) */
extern const void *boot_dtb;			/* its blob */
extern size_t boot_dtb_bytes;
extern phys_addr_t initrd_start, initrd_end;	/* physical, half-open; both 0 when there is none */
extern const char *machine_model;		/* root node's "model", or "" */

/* What /proc/cpuinfo says of one hart. */
struct hart_info {
	unsigned long hartid;			/* SBI's number */
	unsigned long mvendorid, marchid, mimpid;
	int node;				/* in the device tree */
	int nid;				/* its memory node */
};
extern struct hart_info hart_info[];		/* by logical hart */
unsigned long per_hart_pages(void);		/* that all harts' per-hart variables take */
void arch_isa_text(hartmask_t harts, char *buf, size_t n);	/* "rv64imafdc_zicsr": what all of them have */
extern const char clocksource_name[];		/* what time is read from, by Linux's name */
extern const char *mmu_type_name;		/* "sv39", "sv48", "sv57" */

/* First C code on the boot hart after relocation: memory, tree, harts.  Returns to start_kernel(). */
void setup_arch(void);
/* Start the other harts; each calls secondary_start() (kernel/main.c), which does not return. */
void arch_smp_boot(void);
__noreturn void secondary_start(unsigned hart);
/* Interrupt controllers and this hart's timer; before interrupts are enabled. */
void arch_init_irq(void);
void arch_init_timer(void);
/* End the machine with an exit code, where something carries it out (machine.c). */
__noreturn void arch_machine_exit(int code);
/* Give the start-up code and data back to the page allocator. */
void free_initmem(void);
/* Whether all of [start, end) is RAM that the direct map shows (also while it is reserved). */
bool phys_is_ram(phys_addr_t start, phys_addr_t end);

#endif
