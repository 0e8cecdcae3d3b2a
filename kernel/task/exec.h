/*
 * kernel/task/exec.h - what the parts of execve share: the program being started.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_TASK_EXEC_H
#define VELLUM_TASK_EXEC_H

#include "kernel/task/cred.h"
#include "lib/elf.h"

#define BINPRM_BUF_SIZE	256
#define MAX_ARG_STRLEN	(32 * PAGE_SIZE)
#define MAX_ARG_STRINGS	0x7fffffff
#define ARG_MAX		(128 * 1024ul)

struct linux_binprm {
	char buf[BINPRM_BUF_SIZE];	/* the file's first bytes, zeros behind its end */
	struct mm_struct *mm;		/* the new address space */
	struct vm_area_struct *vma;	/* its stack */
	unsigned long p;		/* top of what is on the new stack so far */
	unsigned long argmin;		/* p may not go below */
	struct page *arg_page;		/* counted page that the last copy went to */
	char *arg_kaddr;		/* kmap() of it */
	unsigned long arg_va;		/* and its address in the new space */
	struct file *file;		/* counted, writers denied */
	struct cred *cred;
	int argc, envc;
	const char *filename;		/* AT_EXECFN */
	const char *interp;		/* program run: filename, or a script's interpreter */
	char *interp_buf;		/* storage of interp, or NULL */
	bool secure;			/* identity changed: AT_SECURE */
	bool enforce_nondump;		/* a file of it may not be read: its memory may not either */
	bool point_of_no_return;
	bool path_inaccessible;		/* filename leads through a descriptor that exec closes */
	unsigned long exec;		/* user address of the AT_EXECFN string */
};

/* 0, or -ENOEXEC when it is not such a file.  binfmt_elf.c starts it; binfmt_script.c puts the
 * interpreter in its place, which is to be looked at next. */
int load_elf_binary(struct linux_binprm *bprm);
int load_script(struct linux_binprm *bprm);

/* Replace bprm->file, which is closed. */
void bprm_set_file(struct linux_binprm *bprm, struct file *file);
/* Copy the string of kernel memory below bprm->p; -E2BIG, -ENOMEM. */
int copy_string_kernel(const char *src, struct linux_binprm *bprm);
int remove_arg_zero(struct linux_binprm *bprm);
/* Who may not read @file, of which the program consists, may not read it in memory. */
void would_dump(struct linux_binprm *bprm, const struct file *file);
/* Past here a failure kills the task: the old program is gone.  0 or -errno */
int begin_new_exec(struct linux_binprm *bprm);
/* The stack's final size and permissions.  @exec_stack: PT_GNU_STACK says X.  0 or -errno */
int setup_arg_pages(struct linux_binprm *bprm, bool exec_stack);

#endif
