/*
 * arch/riscv/include/asm/io.h - device registers: one access each, in an order that memory accesses keep.
 *
 * MODEL     RISC-V orders accesses to one device among themselves on a strongly ordered channel, but not
 *           with those to memory.  readl() and its kin are followed by a fence that holds back later reads (of
 *           what the device wrote) and device accesses; writel() and its kin are preceded by one that lets
 *           earlier writes (of what the device will read) go first.  The _relaxed forms have no fence.
 * SEE       RISC-V Unprivileged specification, chapter 17 (RVWMO), I/O ordering; appendix A, "I/O Ordering"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_IO_H
#define VELLUM_ASM_IO_H

#include "include/types.h"

#define IO_ACCESSORS(suffix, type) \
static inline type read##suffix##_relaxed(const volatile void *reg) { return *(const volatile type *)reg; } \
static inline void write##suffix##_relaxed(type v, volatile void *reg) { *(volatile type *)reg = v; } \
static inline type read##suffix(const volatile void *reg) \
{ type v = *(const volatile type *)reg; __asm__ volatile("fence i, ir" ::: "memory"); return v; } \
static inline void write##suffix(type v, volatile void *reg) \
{ __asm__ volatile("fence w, o" ::: "memory"); *(volatile type *)reg = v; }

IO_ACCESSORS(b, u8)
IO_ACCESSORS(w, u16)
IO_ACCESSORS(l, u32)
IO_ACCESSORS(q, u64)

#endif
