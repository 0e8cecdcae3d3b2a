/*
 * asm/csr.h - control and status registers by name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_CSR_H
#define VELLUM_ASM_CSR_H

#define csr_read(csr) ({ unsigned long _v; __asm__ volatile("csrr %0, " #csr : "=r"(_v) :: "memory"); _v; })
#define csr_write(csr, v) __asm__ volatile("csrw " #csr ", %0" :: "rK"((unsigned long)(v)) : "memory")
#define csr_set(csr, v) __asm__ volatile("csrs " #csr ", %0" :: "rK"((unsigned long)(v)) : "memory")
#define csr_clear(csr, v) __asm__ volatile("csrc " #csr ", %0" :: "rK"((unsigned long)(v)) : "memory")

#define SIE_SSIE	(1ul << 1)
#define SIE_STIE	(1ul << 5)
#define SIE_SEIE	(1ul << 9)

#define SATP_MODE_SHIFT	60
#define SATP_ASID_SHIFT	44
#define SATP_MODE_SV39	8ul

#endif
