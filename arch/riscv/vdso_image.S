/*
 * arch/riscv/vdso_image.S - the vDSO's bytes, as pages of the kernel image.
 *
 * SPDX-License-Identifier: MIT
 */
	.section .data.page_aligned, "aw"
	.balign 4096
	.globl vdso_image, vdso_image_end
vdso_image:
	.incbin VDSO_SO
	.balign 4096
vdso_image_end:
