/*
 * arch/riscv/misaligned.h - how fast misaligned accesses are.  Theory: misaligned.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_MISALIGNED_H
#define VELLUM_ARCH_RISCV_MISALIGNED_H

#include "include/current.h"

/* The values of riscv_hwprobe. */
enum misaligned { MISALIGNED_UNKNOWN, MISALIGNED_EMULATED, MISALIGNED_SLOW, MISALIGNED_FAST, MISALIGNED_UNSUPPORTED };

/* Of all @harts, UNKNOWN if they differ.  => interrupts on; may ask the other harts */
enum misaligned misaligned_speed(hartmask_t harts);

#endif
