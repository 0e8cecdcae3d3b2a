/*
 * arch/riscv/vdso_map.h - the vDSO in a process.  Theory: vdso_map.c
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ARCH_RISCV_VDSO_MAP_H
#define VELLUM_ARCH_RISCV_VDSO_MAP_H

#include "include/mm_types.h"

/* User address of __vdso_rt_sigreturn in @mm. */
unsigned long vdso_sigreturn(const struct mm_struct *mm);
/* The clock changed: copy it to the data page. */
void vdso_update_time(void);
/* The data page may say that @key is @value of all harts, if @harts still are all. */
void vdso_note_hwprobe(long key, u64 value, hartmask_t harts);
/* A hart came that has not been asked.  => it is in hart_online_mask */
void vdso_forget_hwprobe(void);

#endif
