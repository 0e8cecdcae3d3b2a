/*
 * test/boot/shim.S - stands where the kernel is expected and hands over to it at KERNEL with a device tree of our
 * choice (DTB, any number), so that tests can pass what a boot loader would never let through.
 *
 * SPDX-License-Identifier: MIT
 */
	.globl _start
_start:
	li	a1, DTB
	li	t0, KERNEL
	jr	t0
