/*
 * arch/riscv/vdso/vdso.h - what the kernel tells the vDSO's code, in a page that user space reads.
 *
 * MODEL     A sequence count makes a snapshot: odd while the kernel writes.  ns since boot =
 *           (time - base_ticks) * mult >> 32; real time is that plus real_offset.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_VDSO_H
#define VELLUM_VDSO_H

struct vvar {
	unsigned int seq;
	unsigned int tick_ns;		/* granularity of the coarse clocks */
	unsigned long base_ticks;
	unsigned long mult;
	long real_offset;		/* ns */
};

#endif
