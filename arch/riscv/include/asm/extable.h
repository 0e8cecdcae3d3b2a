/*
 * asm/extable.h - instructions that may fault in the kernel, and where to go on.
 *
 * MODEL     An entry is two words: the instruction and its fixup, each relative to the word that
 *           holds it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ASM_EXTABLE_H
#define VELLUM_ASM_EXTABLE_H

#ifdef __ASSEMBLY__

.macro extable insn, fixup
	.pushsection .ex_table, "a"
	.balign 4
	.word	\insn - .
	.word	\fixup - .
	.popsection
.endm

#else

#define EXTABLE(insn, fixup) \
	".pushsection .ex_table, \"a\"\n.balign 4\n" \
	".word " insn " - .\n.word " fixup " - .\n.popsection\n"

/* Put the table in order; once, before anything may fault. */
void extable_sort(void);

#endif
#endif
