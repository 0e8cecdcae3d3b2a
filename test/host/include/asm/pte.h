/*
 * test/host/include/asm/pte.h - the host ISA's entries are RISC-V's, by the very same code, so that
 * the sharing of bits between hardware and software is under test.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/include/asm/pte.h"
