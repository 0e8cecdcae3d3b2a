/*
 * lib/elf.h - the ELF file format, 64-bit little-endian, as far as exec and symbols need it.
 *
 * SEE       ELF-64 Object File Format; RISC-V ELF psABI.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_ELF_H
#define VELLUM_ELF_H

#include "include/types.h"

typedef u64 Elf64_Addr, Elf64_Off, Elf64_Xword;
typedef s64 Elf64_Sxword;
typedef u32 Elf64_Word;
typedef u16 Elf64_Half;

#define EI_NIDENT	16
#define ELFMAG		"\177ELF"
#define SELFMAG		4
#define EI_CLASS	4
#define EI_DATA		5
#define EI_VERSION	6
#define ELFCLASS64	2
#define ELFDATA2LSB	1
#define EV_CURRENT	1

#define ET_REL		1
#define ET_EXEC		2
#define ET_DYN		3
#define ET_CORE		4
#define EM_RISCV	243

#define EF_RISCV_RVC		0x0001
#define EF_RISCV_FLOAT_ABI	0x0006	/* 0 soft, 2 single, 4 double, 6 quad */

typedef struct {
	unsigned char e_ident[EI_NIDENT];
	Elf64_Half e_type, e_machine;
	Elf64_Word e_version;
	Elf64_Addr e_entry;
	Elf64_Off e_phoff, e_shoff;
	Elf64_Word e_flags;
	Elf64_Half e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf64_Ehdr;
BUILD_ASSERT(sizeof(Elf64_Ehdr) == 64);

#define PT_NULL			0
#define PT_LOAD			1
#define PT_DYNAMIC		2
#define PT_INTERP		3
#define PT_NOTE			4
#define PT_PHDR			6
#define PT_TLS			7
#define PT_GNU_STACK		0x6474e551
#define PT_GNU_RELRO		0x6474e552
#define PT_RISCV_ATTRIBUTES	0x70000003

#define PF_X		1
#define PF_W		2
#define PF_R		4

typedef struct {
	Elf64_Word p_type, p_flags;
	Elf64_Off p_offset;
	Elf64_Addr p_vaddr, p_paddr;
	Elf64_Xword p_filesz, p_memsz, p_align;
} Elf64_Phdr;
BUILD_ASSERT(sizeof(Elf64_Phdr) == 56);

#define SHT_SYMTAB	2
#define SHT_STRTAB	3
#define SHT_NOBITS	8
#define SHF_ALLOC	2

typedef struct {
	Elf64_Word sh_name, sh_type;
	Elf64_Xword sh_flags;
	Elf64_Addr sh_addr;
	Elf64_Off sh_offset;
	Elf64_Xword sh_size;
	Elf64_Word sh_link, sh_info;
	Elf64_Xword sh_addralign, sh_entsize;
} Elf64_Shdr;

typedef struct {
	Elf64_Word st_name;
	unsigned char st_info, st_other;
	Elf64_Half st_shndx;
	Elf64_Addr st_value;
	Elf64_Xword st_size;
} Elf64_Sym;
#define ELF64_ST_TYPE(i)	((i) & 15)
#define STT_FUNC		2

typedef struct {
	Elf64_Sxword d_tag;
	Elf64_Xword d_val;
} Elf64_Dyn;

typedef struct {
	Elf64_Addr r_offset;
	Elf64_Xword r_info;
	Elf64_Sxword r_addend;
} Elf64_Rela;
#define ELF64_R_TYPE(i)		((u32)(i))
#define R_RISCV_RELATIVE	3

typedef struct {
	Elf64_Word n_namesz, n_descsz, n_type;
} Elf64_Nhdr;
#define NT_PRSTATUS	1
#define NT_PRFPREG	2
#define NT_PRPSINFO	3
#define NT_AUXV		6
#define NT_GNU_BUILD_ID	3	/* of the owner "GNU" */

#endif
