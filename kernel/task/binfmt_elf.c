/*
 * kernel/task/binfmt_elf.c - start an ELF program: static, static-PIE, or with an interpreter.
 *
 * MODEL     decode   headers are read and checked while the old program can still be returned to.
 *           perform  after begin_new_exec(): PT_LOAD segments are mapped, what p_memsz has more than
 *                    p_filesz is zeros; the interpreter likewise; then the vDSO, and the stack:
 *
 *             strings | 16 random bytes | pad | auxv | envp | argv | argc <- sp, 16-byte aligned
 *
 * FAILURE   -ENOEXEC: not for us, or malformed; -ELIBBAD: the interpreter is; -EINVAL and others while
 *           mapping.
 * SEE       ELF-64 Object File Format; RISC-V ELF psABI.
 *
 * SPDX-License-Identifier: MIT
 */
#include "drivers/base/cpu.h"
#include "drivers/char/random.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "include/uaccess.h"
#include "include/uapi/rseq.h"
#include "include/uapi/auxvec.h"
#include "include/uapi/mman.h"
#include "kernel/task/exec.h"
#include "lib/string.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"

#define page_start(x)	((x) & PAGE_MASK)
#define page_off(x)	((x) & ~PAGE_MASK)
#define BAD_ADDR(x)	((unsigned long)(x) >= task_size)
#define SIGFRAME_BYTES	1088	/* AT_MINSIGSTKSZ: arch/riscv/signal.c asserts its frame to be this */

/* An ELF file, decoded. */
struct elf_file {
	struct file *file;
	Elf64_Ehdr eh;
	Elf64_Phdr *ph;
};

/* Where an image came to lie. */
struct elf_image {
	unsigned long bias;
	unsigned long phdr;		/* address of the program headers, unbiased; 0: not mapped */
	unsigned long start_code, end_code, start_data, end_data, brk;
};

/* ---- decode ---------------------------------------------------------------------------------- */

static int read_exact(struct file *file, void *buf, size_t n, loff_t pos)
{
	ssize_t got = kernel_read(file, buf, n, &pos);

	if (got < 0)
		return got;
	return (size_t)got == n ? 0 : -EIO;
}

/* The header is one of a program for this machine that we can map. */
static bool elf_header_ok(const Elf64_Ehdr *eh, const struct file *file)
{
	return !memcmp(eh->e_ident, ELFMAG, SELFMAG) && (eh->e_type == ET_EXEC || eh->e_type == ET_DYN) &&
	       eh->e_machine == EM_RISCV && eh->e_ident[EI_CLASS] == ELFCLASS64 && file->f_op->mmap;
}

/* Program headers in kmalloc'ed memory, or NULL. */
static Elf64_Phdr *load_phdrs(const Elf64_Ehdr *eh, struct file *file)
{
	size_t bytes = sizeof(Elf64_Phdr) * eh->e_phnum;
	Elf64_Phdr *ph;

	if (eh->e_phentsize != sizeof(Elf64_Phdr) || !bytes || bytes > 65536)
		return NULL;
	ph = kmalloc(bytes, GFP_KERNEL);
	if (ph && read_exact(file, ph, bytes, eh->e_phoff)) {
		kfree(ph);
		ph = NULL;
	}
	return ph;
}

/* The path in a PT_INTERP header, kmalloc'ed in *path. */
static int read_interp_path(struct file *file, const Elf64_Phdr *ph, char **path)
{
	int rc;

	if (ph->p_filesz > PATH_MAX || ph->p_filesz < 2)
		return -ENOEXEC;
	*path = kmalloc(ph->p_filesz, GFP_KERNEL);
	if (!*path)
		return -ENOMEM;
	rc = read_exact(file, *path, ph->p_filesz, ph->p_offset);
	if (!rc && (*path)[ph->p_filesz - 1] != '\0')
		rc = -ENOEXEC;
	if (rc)
		kfree(*path);
	return rc;
}

static void close_elf(struct elf_file *e)
{
	kfree(e->ph);
	if (e->file) {
		allow_write_access(e->file);
		fput(e->file);
	}
}

/* Open the interpreter and check it.  On failure nothing is left open. */
static int open_interp(const char *path, struct elf_file *interp)
{
	int rc;

	interp->file = open_exec(path);
	if (IS_ERR(interp->file)) {
		rc = PTR_ERR(interp->file);
		interp->file = NULL;
		return rc;
	}
	rc = read_exact(interp->file, &interp->eh, sizeof(interp->eh), 0);
	if (!rc && !elf_header_ok(&interp->eh, interp->file))
		rc = -ELIBBAD;
	if (!rc) {
		interp->ph = load_phdrs(&interp->eh, interp->file);
		if (!interp->ph)
			rc = -ELIBBAD;
	}
	if (rc) {
		close_elf(interp);
		*interp = (struct elf_file){ 0 };
	}
	return rc;
}

/* If @elf names an interpreter, open it as @interp. */
static int find_interp(struct elf_file *elf, struct elf_file *interp)
{
	for (int i = 0; i < elf->eh.e_phnum; i++) {
		char *path;
		int rc;

		if (elf->ph[i].p_type != PT_INTERP)
			continue;
		rc = read_interp_path(elf->file, &elf->ph[i], &path);
		if (rc)
			return rc;
		rc = open_interp(path, interp);
		kfree(path);
		return rc;
	}
	return 0;
}

static bool wants_exec_stack(const struct elf_file *elf)
{
	for (int i = 0; i < elf->eh.e_phnum; i++)
		if (elf->ph[i].p_type == PT_GNU_STACK)
			return elf->ph[i].p_flags & PF_X;
	return false;
}

/* Bytes from the first to the last page of all segments, 0 when there are none. */
static unsigned long total_mapping_size(const struct elf_file *e)
{
	unsigned long lo = ~0ul, hi = 0;

	for (int i = 0; i < e->eh.e_phnum; i++) {
		if (e->ph[i].p_type != PT_LOAD)
			continue;
		lo = min(lo, (unsigned long)page_start(e->ph[i].p_vaddr));
		hi = max(hi, (unsigned long)(e->ph[i].p_vaddr + e->ph[i].p_memsz));
	}
	return hi > lo ? hi - lo : 0;
}

/* The largest p_align of the segments, a power of two, at least a page. */
static unsigned long max_alignment(const struct elf_file *e)
{
	unsigned long align = 0;

	for (int i = 0; i < e->eh.e_phnum; i++)
		if (e->ph[i].p_type == PT_LOAD && is_power_of_2(e->ph[i].p_align))
			align = max(align, (unsigned long)e->ph[i].p_align);
	return max(align, PAGE_SIZE);
}

/* ---- perform: segments ----------------------------------------------------------------------- */

static int segment_prot(const Elf64_Phdr *ph)
{
	return (ph->p_flags & PF_R ? PROT_READ : 0) | (ph->p_flags & PF_W ? PROT_WRITE : 0) |
	       (ph->p_flags & PF_X ? PROT_EXEC : 0);
}

/*
 * Map the file's part of a segment.  @total not 0: keep that much room, for the segments to come.
 * => its first page's address, or -errno
 */
static unsigned long elf_map(struct file *file, unsigned long addr, const Elf64_Phdr *ph, int prot,
			     unsigned flags, unsigned long total)
{
	unsigned long size = PAGE_ALIGN(ph->p_filesz + page_off(ph->p_vaddr));
	unsigned long off = ph->p_offset - page_off(ph->p_vaddr), at;

	addr = page_start(addr);
	if (!size)
		return addr;
	if (!total)
		return vm_mmap(file, addr, size, prot, flags, off);
	total = PAGE_ALIGN(total);
	at = vm_mmap(file, addr, total, prot, flags, off);
	if (!IS_ERR_VALUE(at) && total > size)
		vm_munmap(at + size, total - size);
	return at;
}

/* Make [@start, @end) zeros: the rest of the last file page, then anonymous pages. */
static int elf_zero(unsigned long start, unsigned long end, int prot)
{
	unsigned long tail = page_off(start) ? PAGE_SIZE - page_off(start) : 0;

	/* A page that the program cannot write is not cleared either: nobody relies on it. */
	if (tail && clear_user((void __user *)start, tail) && (prot & PROT_WRITE))
		return -EFAULT;
	start = PAGE_ALIGN(start);
	end = PAGE_ALIGN(end);
	return end > start ? vm_brk_flags(start, end - start, prot & PROT_EXEC ? VM_EXEC : 0) : 0;
}

static unsigned long elf_load(struct file *file, unsigned long addr, const Elf64_Phdr *ph, int prot,
			      unsigned flags, unsigned long total)
{
	unsigned long at, start;
	int rc = 0;

	if (!ph->p_filesz) {
		start = page_start(addr);
		if (ph->p_memsz)
			rc = vm_brk_flags(start, PAGE_ALIGN(page_off(ph->p_vaddr) + ph->p_memsz),
					  prot & PROT_EXEC ? VM_EXEC : 0);
		return rc ? (unsigned long)rc : start;
	}
	at = elf_map(file, addr, ph, prot, flags, total);
	if (BAD_ADDR(at) || ph->p_memsz <= ph->p_filesz)
		return at;
	start = at + page_off(ph->p_vaddr);
	rc = elf_zero(start + ph->p_filesz, start + ph->p_memsz, prot);
	return rc ? (unsigned long)rc : at;
}

static void image_extend(struct elf_image *img, const Elf64_Phdr *ph)
{
	unsigned long start = ph->p_vaddr, file_end = start + ph->p_filesz;

	if ((ph->p_flags & PF_X) && start < img->start_code)
		img->start_code = start;
	img->start_data = max(img->start_data, start);
	if (ph->p_flags & PF_X)
		img->end_code = max(img->end_code, file_end);
	img->end_data = max(img->end_data, file_end);
	img->brk = max(img->brk, (unsigned long)(start + ph->p_memsz));
}

static bool segment_ok(const Elf64_Phdr *ph)
{
	return !BAD_ADDR(ph->p_vaddr) && ph->p_filesz <= ph->p_memsz && ph->p_memsz <= task_size &&
	       task_size - ph->p_memsz >= ph->p_vaddr;
}

/* Where the first segment of @e should go, and how: its address is bias + p_vaddr. */
static unsigned long first_bias(const struct elf_file *e, unsigned long dyn_base, unsigned long vaddr,
				unsigned *flags)
{
	if (e->eh.e_type == ET_EXEC) {
		*flags |= MAP_FIXED_NOREPLACE;
		return 0;
	}
	if (!dyn_base)
		return page_start(-vaddr);		/* wherever mmap() likes */
	*flags |= MAP_FIXED_NOREPLACE;
	return page_start(ALIGN_DOWN(dyn_base, max_alignment(e)) - vaddr);
}

/* Map all segments of @e.  @dyn_base: for ET_DYN, where (0: where there is room). */
static int map_image(const struct elf_file *e, unsigned long dyn_base, struct elf_image *img)
{
	bool first = true;

	*img = (struct elf_image){ .start_code = ~0ul };
	for (int i = 0; i < e->eh.e_phnum; i++) {
		const Elf64_Phdr *ph = &e->ph[i];
		unsigned flags = MAP_PRIVATE;
		unsigned long total = 0, at;

		if (ph->p_type != PT_LOAD)
			continue;
		if (!segment_ok(ph))
			return -EINVAL;
		if (first) {
			img->bias = first_bias(e, dyn_base, ph->p_vaddr, &flags);
			total = e->eh.e_type == ET_DYN ? total_mapping_size(e) : 0;
		} else {
			flags |= MAP_FIXED;
		}
		at = elf_load(e->file, img->bias + ph->p_vaddr, ph, segment_prot(ph), flags, total);
		if (BAD_ADDR(at))
			return IS_ERR_VALUE(at) ? (int)at : -EINVAL;
		if (first && e->eh.e_type == ET_DYN)
			img->bias += at - page_start(img->bias + ph->p_vaddr);
		first = false;
		if (ph->p_offset <= e->eh.e_phoff && e->eh.e_phoff < ph->p_offset + ph->p_filesz)
			img->phdr = e->eh.e_phoff - ph->p_offset + ph->p_vaddr;
		image_extend(img, ph);
	}
	return first ? -EINVAL : 0;
}

/* ---- perform: the stack ---------------------------------------------------------------------- */

struct auxv { unsigned long *v; unsigned n; };

static void aux(struct auxv *a, unsigned long key, unsigned long value)
{
	a->v[a->n++] = key;
	a->v[a->n++] = value;
}

/* Size and geometry (ways << 16 | line) of this hart's caches; 0: the machine does not say. */
static void aux_caches(struct auxv *a)
{
	static const struct { int key; unsigned level; enum fdt_cache_kind kind; } caches[] = {
		{ AT_L1I_CACHESIZE, 1, FDT_CACHE_INSTRUCTION }, { AT_L1D_CACHESIZE, 1, FDT_CACHE_DATA },
		{ AT_L2_CACHESIZE, 2, FDT_CACHE_UNIFIED }, { AT_L3_CACHESIZE, 3, FDT_CACHE_UNIFIED },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(caches); i++) {
		const struct fdt_cache *c = hart_cache(this_hart(), caches[i].level, caches[i].kind);

		aux(a, caches[i].key, c ? c->bytes : 0);
		aux(a, caches[i].key + 1, c ? (unsigned long)fdt_cache_ways(c) << 16 | c->line : 0);
	}
}

/* The auxiliary vector, in mm->saved_auxv; how many words. */
static unsigned fill_auxv(const struct linux_binprm *bprm, const struct elf_file *e,
			  const struct elf_image *img, unsigned long interp_base, unsigned long random)
{
	struct mm_struct *mm = current->mm;
	const struct cred *cred = current_cred();
	struct auxv a = { mm->saved_auxv, 0 };

	memset(mm->saved_auxv, 0, sizeof(mm->saved_auxv));
	if (mm->vdso)
		aux(&a, AT_SYSINFO_EHDR, (unsigned long)mm->vdso);
	aux_caches(&a);
	aux(&a, AT_MINSIGSTKSZ, SIGFRAME_BYTES);
	aux(&a, AT_HWCAP, elf_hwcap);
	aux(&a, AT_PAGESZ, PAGE_SIZE);
	aux(&a, AT_CLKTCK, 100);
	aux(&a, AT_PHDR, img->phdr ? img->bias + img->phdr : 0);
	aux(&a, AT_PHENT, sizeof(Elf64_Phdr));
	aux(&a, AT_PHNUM, e->eh.e_phnum);
	aux(&a, AT_BASE, interp_base);
	aux(&a, AT_FLAGS, 0);
	aux(&a, AT_ENTRY, img->bias + e->eh.e_entry);
	aux(&a, AT_UID, cred->uid);
	aux(&a, AT_EUID, cred->euid);
	aux(&a, AT_GID, cred->gid);
	aux(&a, AT_EGID, cred->egid);
	aux(&a, AT_SECURE, bprm->secure);
	aux(&a, AT_RANDOM, random);
	aux(&a, AT_EXECFN, bprm->exec);
	aux(&a, AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE);
	aux(&a, AT_RSEQ_ALIGN, RSEQ_ALIGN);
	aux(&a, AT_NULL, 0);
	return a.n;
}

/* Write pointers to the @n strings from *@str on; *str ends behind the last, *to behind a NULL. */
static int put_pointers(unsigned long __user **to, unsigned long *str, int n)
{
	while (n-- > 0) {
		long len;

		if (put_user(*str, (*to)++))
			return -EFAULT;
		len = strnlen_user((const char __user *)*str, MAX_ARG_STRLEN);
		if (!len || len > MAX_ARG_STRLEN)
			return -EINVAL;
		*str += len;
		cond_resched();
	}
	return put_user(0ul, (*to)++);
}

/* @sp: the strings' lower end; *@new_sp: where the program's stack starts. */
static int create_tables(struct linux_binprm *bprm, const struct elf_file *e, const struct elf_image *img,
			 unsigned long interp_base, unsigned long *new_sp)
{
	struct mm_struct *mm = current->mm;
	unsigned long sp = bprm->p, random, words, str;
	unsigned long __user *to;
	unsigned naux;
	u8 seed[16];
	int rc;

	if (mm_randomize())
		sp -= get_random_u32() & 0x1ff0;
	sp = ALIGN_DOWN(sp, 16);
	random = sp -= sizeof(seed);
	get_random_bytes(seed, sizeof(seed));
	if (copy_to_user((void __user *)random, seed, sizeof(seed)))
		return -EFAULT;
	naux = fill_auxv(bprm, e, img, interp_base, random);
	words = 1 + bprm->argc + 1 + bprm->envc + 1 + naux;
	sp = ALIGN_DOWN(sp - words * sizeof(long), 16);

	mmap_write_lock(mm);
	rc = find_extend_vma(mm, sp) ? 0 : -EFAULT;
	mmap_write_unlock(mm);
	if (rc)
		return rc;
	to = (unsigned long __user *)sp;
	if (put_user((unsigned long)bprm->argc, to++))
		return -EFAULT;
	str = mm->arg_start = bprm->p;
	rc = put_pointers(&to, &str, bprm->argc);
	if (rc)
		return rc;
	mm->arg_end = mm->env_start = str;
	rc = put_pointers(&to, &str, bprm->envc);
	if (rc)
		return rc;
	mm->env_end = str;
	*new_sp = sp;
	return copy_to_user(to, mm->saved_auxv, naux * sizeof(long)) ? -EFAULT : 0;
}

/* ---- the loader ------------------------------------------------------------------------------ */

static void set_brk_start(struct mm_struct *mm, const struct elf_file *e, bool has_interp)
{
	if (randomize_va_space > 1 && mm_randomize()) {
		/* A static-PIE lies among the mappings: its heap goes where programs go. */
		if (e->eh.e_type == ET_DYN && !has_interp)
			mm->start_brk = elf_et_dyn_base();
		mm->start_brk = arch_randomize_brk(mm->start_brk);
	}
	mm->brk = mm->start_brk;
}

/* Everything after the point of no return. */
static int start_program(struct linux_binprm *bprm, struct elf_file *e, struct elf_file *interp)
{
	unsigned long entry, sp, interp_base = 0;
	struct elf_image img, iimg;
	struct mm_struct *mm;
	int rc;

	mm = current->mm;
	if (mm_randomize())
		current->flags |= PF_RANDOMIZE;
	arch_pick_mmap_layout(mm);
	rc = setup_arg_pages(bprm, wants_exec_stack(e));
	if (rc)
		return rc;
	rc = map_image(e, interp->file ? elf_et_dyn_base() : 0, &img);
	if (rc)
		return rc;
	entry = img.bias + e->eh.e_entry;
	if (interp->file) {
		rc = map_image(interp, 0, &iimg);
		if (rc)
			return rc;
		interp_base = iimg.bias;
		entry = interp_base + interp->eh.e_entry;
	}
	if (BAD_ADDR(entry))
		return -EINVAL;
	rc = arch_setup_vdso(mm);
	if (rc)
		return rc;
	rc = create_tables(bprm, e, &img, interp_base, &sp);
	if (rc)
		return rc;
	mm->start_code = img.bias + img.start_code;
	mm->end_code = img.bias + img.end_code;
	mm->start_data = img.bias + img.start_data;
	mm->end_data = img.bias + img.end_data;
	mm->start_stack = sp;
	mm->start_brk = PAGE_ALIGN(img.bias + img.brk);
	set_brk_start(mm, e, interp->file);
	arch_start_thread(current_pt_regs(), entry, sp);
	return 0;
}

int load_elf_binary(struct linux_binprm *bprm)
{
	struct elf_file e = { .file = bprm->file }, interp = { 0 };
	int rc;

	memcpy(&e.eh, bprm->buf, sizeof(e.eh));
	if (!elf_header_ok(&e.eh, e.file))
		return -ENOEXEC;
	e.ph = load_phdrs(&e.eh, e.file);
	if (!e.ph)
		return -ENOEXEC;
	rc = find_interp(&e, &interp);
	if (interp.file)
		would_dump(bprm, interp.file);
	if (!rc)
		rc = begin_new_exec(bprm);
	if (!rc)
		rc = start_program(bprm, &e, &interp);
	close_elf(&interp);
	kfree(e.ph);
	return rc;
}
