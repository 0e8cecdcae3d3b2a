/*
 * arch/riscv/sbi.h - calls into the firmware.  Theory: sbi.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_SBI_H
#define VELLUM_ARCH_RISCV_SBI_H

#include "include/current.h"

struct sbiret { long error, value; };

#define SBI_SUCCESS		0
#define SBI_ERR_NOT_SUPPORTED	(-2)

struct sbiret sbi_call(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
		       unsigned long a2, unsigned long a3, unsigned long a4);

/* Find out what there is; before anything else here. */
void sbi_init(void);
extern unsigned long sbi_mvendorid, sbi_marchid, sbi_mimpid;	/* of the boot hart */
/* What kind of hart asks. */
void sbi_read_ids(unsigned long *vendor, unsigned long *arch, unsigned long *imp);

void sbi_set_timer(u64 ticks);
/* 0, or the error of a call that reached none of its harts: their requests are lost. */
__must_check long sbi_send_ipi(hartmask_t harts);
void sbi_remote_fence_i(hartmask_t harts);
/* bytes = -1: everything (start is 0 then). */
void sbi_remote_sfence_vma(hartmask_t harts, unsigned long start, unsigned long bytes);
void sbi_remote_sfence_vma_asid(hartmask_t harts, unsigned long start, unsigned long bytes,
				unsigned long asid);

/* Does the firmware have all that is needed to drive more harts than this one? */
bool sbi_has_smp(void);
enum sbi_hart_status { HART_STARTED, HART_STOPPED, HART_START_PENDING, HART_STOP_PENDING };
/* enum sbi_hart_status or another of the specification; an error (< 0) for a hart that firmware does not know. */
long sbi_hart_status(unsigned long hartid);
/* 0 or an error. */
__must_check long sbi_hart_start(unsigned long hartid, phys_addr_t entry, unsigned long opaque);

/* Return only when the firmware cannot. */
bool sbi_shutdown(void);		/* returns when it failed: whether the legacy call may do it */
void sbi_legacy_shutdown(void);
void sbi_reboot(void);

/* One byte each; work from the first instruction of C.  getchar: -1 when there is none. */
void sbi_console_putchar(int c);
int sbi_console_getchar(void);
/* Debug console, or byte by byte. */
void sbi_console_write(const char *text, size_t n);
bool sbi_has_console(void);

#endif
