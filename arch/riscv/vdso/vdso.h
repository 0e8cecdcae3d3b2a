/*
 * arch/riscv/vdso/vdso.h - what the kernel tells the vDSO's code, in a page that user space reads.
 *
 * MODEL     A sequence count makes a snapshot: odd while the kernel writes.  ns since boot =
 *           (time - base_ticks) * mult >> 32; real time is that plus real_offset.
 *           The data page is the first of two: Linux's second one, for namespaces of time, is not there to be read.
 *           What riscv_hwprobe says of all harts is copied when a call is first asked for it, key by key.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_VDSO_H
#define VELLUM_VDSO_H

#define VVAR_PAGES	2
#define NR_HWPROBE_KEYS	10

struct vvar {
	unsigned int seq;
	unsigned int tick_ns;		/* granularity of the coarse clocks */
	unsigned long base_ticks;
	unsigned long mult;
	long real_offset;		/* ns */
	unsigned long hwprobe_known;	/* bits of keys */
	unsigned long hwprobe[NR_HWPROBE_KEYS];
};

#endif
