	.section .kallsyms, "a"
	.globl kallsyms_num, kallsyms_offsets, kallsyms_name_at, kallsyms_names
	.balign 8
kallsyms_num:
	.word 0
kallsyms_offsets:
kallsyms_name_at:
kallsyms_names:
	.byte 0
