/*
 * mm/space/procmaps.c - /proc/PID/{maps,smaps,smaps_rollup,statm,status,pagemap,clear_refs}.
 *
 * MODEL     A region's line as Linux prints it: range, rwxp, file offset, device, inode, name, the name in
 *           column 73.  smaps adds sums over the region's entries.
 * LOCKING   mmap_lock for reading over what is shown at once; entries are read without the table's lock: each is
 *           a snapshot.
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/space/procmaps.h"
#include "include/uapi/errno.h"
#include "lib/vsprintf.h"
#include "mm/cache/pagemap.h"
#include "mm/entry/nonlinear.h"
#include "mm/pt/flush.h"
#include "mm/pt/pgalloc.h"
#include "mm/pt/walk.h"
#include "mm/rmap/migration.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

/* Up-calls: fs/seq_file.c */
void seq_printf(struct seq_file *m, const char *fmt, ...) __printf(2, 3);
void seq_putc(struct seq_file *m, char c);
void seq_puts(struct seq_file *m, const char *s);
void seq_pad(struct seq_file *m, char c);
void seq_setwidth(struct seq_file *m, size_t width);
int seq_path(struct seq_file *m, const struct path *path, const char *esc);

#define NAME_COLUMN	72
#define CAP_SYS_ADMIN	21
#define KB(pages)	((pages) << (PAGE_SHIFT - 10))

/* ---- maps ------------------------------------------------------------------------------------ */

static void show_prefix(struct seq_file *m, unsigned long start, unsigned long end, unsigned long flags,
			u64 offset, dev_t dev, unsigned long ino)
{
	seq_setwidth(m, NAME_COLUMN);
	seq_printf(m, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %lu ", start, end,
		   flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-',
		   flags & VM_EXEC ? 'x' : '-', flags & VM_MAYSHARE ? 's' : 'p',
		   (unsigned long long)offset, (unsigned)dev >> 20, (unsigned)dev & 0xfffff, ino);
}

/* The region's name without a file, or NULL. */
static const char *special_name(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	const char *name = vma->vm_ops && vma->vm_ops->name ? vma->vm_ops->name(vma) : NULL;

	if (name)
		return name;
	if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		return "[heap]";
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return "[stack]";
	return NULL;
}

int proc_region_name(struct vm_area_struct *vma, char *buf, size_t n)
{
	const char *name = special_name(vma);

	if (name)
		return snprintf(buf, n, "%s", name);
	return vma->anon_name ? snprintf(buf, n, "[anon:%s]", vma->anon_name) : 0;
}

void proc_show_map(struct seq_file *m, struct vm_area_struct *vma)
{
	struct file *file = vma->vm_file;
	const char *name;

	show_prefix(m, vma->vm_start, vma->vm_end, vma->vm_flags,
		    file ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0,
		    file && file->f_inode->i_sb ? file->f_inode->i_sb->s_dev : 0,
		    file ? file->f_inode->i_ino : 0);
	if (file) {
		seq_pad(m, ' ');
		seq_path(m, &file->f_path, "\n");
	} else if ((name = special_name(vma))) {
		seq_pad(m, ' ');
		seq_puts(m, name);
	} else if (vma->anon_name) {
		seq_pad(m, ' ');
		seq_printf(m, "[anon:%s]", vma->anon_name);
	}
	seq_putc(m, '\n');
}

/* ---- smaps ----------------------------------------------------------------------------------- */

#define PSS_SHIFT	12

struct mem_size {		/* bytes; pss* are shifted left by PSS_SHIFT */
	unsigned long resident, shared_clean, shared_dirty, private_clean, private_dirty;
	unsigned long referenced, anonymous, lazyfree, swap, nonlinear;
	u64 pss, pss_dirty, pss_anon, pss_file, pss_shmem, pss_locked, swap_pss;
	struct vm_area_struct *vma;
};

static void account_page(struct mem_size *mss, struct page *page, bool young, bool dirty)
{
	int mapcount = page_mapcount(page);
	u64 pss = (u64)PAGE_SIZE << PSS_SHIFT;

	dirty |= PageDirty(page);
	mss->resident += PAGE_SIZE;
	if (PageAnon(page))
		mss->anonymous += PAGE_SIZE;
	if (PageAnon(page) && !PageSwapBacked(page) && !dirty)
		mss->lazyfree += PAGE_SIZE;
	if (young || PageReferenced(page))
		mss->referenced += PAGE_SIZE;
	if (mapcount >= 2) {
		pss /= mapcount;
		*(dirty ? &mss->shared_dirty : &mss->shared_clean) += PAGE_SIZE;
	} else {
		*(dirty ? &mss->private_dirty : &mss->private_clean) += PAGE_SIZE;
	}
	mss->pss += pss;
	if (dirty)
		mss->pss_dirty += pss;
	*(PageAnon(page) ? &mss->pss_anon : PageSwapBacked(page) ? &mss->pss_shmem : &mss->pss_file) += pss;
	if (mss->vma->vm_flags & VM_LOCKED)
		mss->pss_locked += pss;
}

static int smaps_ptes(struct pt_walk *w, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	struct mem_size *mss = w->private_data;

	for (; va < end; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (unlikely(mss->vma->vm_flags & VM_NONLINEAR) && !pte_none(pte) &&
		    nonlinear_index(mss->vma, va, pte) != linear_page_index(mss->vma, va))
			mss->nonlinear += PAGE_SIZE;
		if (pte_present(pte)) {
			if (!pte_special(pte) && !(mss->vma->vm_flags & VM_PFNMAP))
				account_page(mss, pfn_to_page(pte_pfn(pte)), pte_young(pte), pte_dirty(pte));
		} else if (pte_is_migration(pte)) {
			if (!(mss->vma->vm_flags & VM_PFNMAP))
				account_page(mss, migration_page(pte), migration_young(pte), migration_dirty(pte));
		} else if (pte_is_swp(pte)) {
			mss->swap += PAGE_SIZE;
			mss->swap_pss += (u64)PAGE_SIZE << PSS_SHIFT;
		}
	}
	return 0;
}

static void smap_gather(struct vm_area_struct *vma, struct mem_size *mss)
{
	struct pt_walk w = { .mm = vma->vm_mm, .ptes = smaps_ptes, .private_data = mss };

	mss->vma = vma;
	pt_walk_range(&w, vma->vm_start, vma->vm_end);
}

static void show_kb(struct seq_file *m, const char *label, u64 bytes)
{
	seq_printf(m, "%-16s%8llu kB\n", label, (unsigned long long)bytes >> 10);
}

static void show_smap_sums(struct seq_file *m, const struct mem_size *mss, bool rollup)
{
	show_kb(m, "Rss:", mss->resident);
	show_kb(m, "Pss:", mss->pss >> PSS_SHIFT);
	show_kb(m, "Pss_Dirty:", mss->pss_dirty >> PSS_SHIFT);
	if (rollup) {
		show_kb(m, "Pss_Anon:", mss->pss_anon >> PSS_SHIFT);
		show_kb(m, "Pss_File:", mss->pss_file >> PSS_SHIFT);
		show_kb(m, "Pss_Shmem:", mss->pss_shmem >> PSS_SHIFT);
	}
	show_kb(m, "Shared_Clean:", mss->shared_clean);
	show_kb(m, "Shared_Dirty:", mss->shared_dirty);
	show_kb(m, "Private_Clean:", mss->private_clean);
	show_kb(m, "Private_Dirty:", mss->private_dirty);
	show_kb(m, "Referenced:", mss->referenced);
	show_kb(m, "Anonymous:", mss->anonymous);
	show_kb(m, "KSM:", 0);
	show_kb(m, "LazyFree:", mss->lazyfree);
	show_kb(m, "AnonHugePages:", 0);
	show_kb(m, "ShmemPmdMapped:", 0);
	show_kb(m, "FilePmdMapped:", 0);
	show_kb(m, "Shared_Hugetlb:", 0);
	show_kb(m, "Private_Hugetlb:", 0);
	show_kb(m, "Swap:", mss->swap);
	show_kb(m, "SwapPss:", mss->swap_pss >> PSS_SHIFT);
	show_kb(m, "Locked:", mss->pss_locked >> PSS_SHIFT);
}

static const struct { unsigned long flag; char name[3]; } vm_flag_names[] = {
	{ VM_READ, "rd" }, { VM_WRITE, "wr" }, { VM_EXEC, "ex" }, { VM_SHARED, "sh" },
	{ VM_MAYREAD, "mr" }, { VM_MAYWRITE, "mw" }, { VM_MAYEXEC, "me" }, { VM_MAYSHARE, "ms" },
	{ VM_GROWSDOWN, "gd" }, { VM_PFNMAP, "pf" }, { VM_LOCKED, "lo" }, { VM_IO, "io" },
	{ VM_SEQ_READ, "sr" }, { VM_RAND_READ, "rr" }, { VM_DONTCOPY, "dc" }, { VM_DONTEXPAND, "de" },
	{ VM_LOCKONFAULT, "lf" }, { VM_ACCOUNT, "ac" }, { VM_NORESERVE, "nr" }, { VM_WIPEONFORK, "wf" },
	{ VM_NONLINEAR, "nl" },
	{ VM_DONTDUMP, "dd" }, { VM_MIXEDMAP, "mm" }, { VM_HUGEPAGE, "hg" }, { VM_NOHUGEPAGE, "nh" },
	{ VM_MERGEABLE, "mg" }, { VM_UFFD_MISSING, "um" }, { VM_UFFD_WP, "uw" }, { VM_UFFD_MINOR, "ui" },
	{ VM_DROPPABLE, "dp" }, { VM_SEALED, "sl" },
};

static void show_vm_flags(struct seq_file *m, unsigned long flags)
{
	seq_puts(m, "VmFlags: ");
	for (unsigned i = 0; i < ARRAY_SIZE(vm_flag_names); i++)
		if (flags & vm_flag_names[i].flag)
			seq_printf(m, "%s ", vm_flag_names[i].name);
	seq_putc(m, '\n');
}

void proc_show_smap(struct seq_file *m, struct vm_area_struct *vma)
{
	struct mem_size mss = { 0 };

	smap_gather(vma, &mss);
	proc_show_map(m, vma);
	show_kb(m, "Size:", vma->vm_end - vma->vm_start);
	show_kb(m, "KernelPageSize:", PAGE_SIZE);
	show_kb(m, "MMUPageSize:", PAGE_SIZE);
	show_smap_sums(m, &mss, false);
	if (vma->vm_flags & VM_NONLINEAR)
		show_kb(m, "Nonlinear:", mss.nonlinear);
	seq_printf(m, "THPeligible:    %8u\n", 0);
	show_vm_flags(m, vma->vm_flags);
}

int proc_pid_smaps_rollup(struct seq_file *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct mem_size mss = { 0 };
	unsigned long start, end = 0;

	if (!mm)
		return -ESRCH;
	if (mmap_read_lock_killable(mm))
		return -EINTR;
	start = mm->mmap ? mm->mmap->vm_start : 0;
	for (vma = mm->mmap; vma; vma = vma->vm_next) {
		smap_gather(vma, &mss);
		end = vma->vm_end;
		cond_resched();
	}
	mmap_read_unlock(mm);
	show_prefix(m, start, end, 0, 0, 0, 0);
	seq_pad(m, ' ');
	seq_puts(m, "[rollup]\n");
	show_smap_sums(m, &mss, true);
	return 0;
}

/* ---- statm, status --------------------------------------------------------------------------- */

/* Pages of program text. */
static unsigned long text_pages(const struct mm_struct *mm)
{
	unsigned long nr = (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;

	return min(nr, mm->exec_vm);
}

int proc_pid_statm(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long shared;

	if (!mm) {
		seq_puts(m, "0 0 0 0 0 0 0\n");
		return 0;
	}
	shared = get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_SHMEMPAGES);
	seq_printf(m, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_vm,
		   shared + get_mm_counter(mm, MM_ANONPAGES), shared,
		   (PAGE_ALIGN(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT,
		   mm->data_vm + mm->stack_vm);
	return 0;
}

static void status_line(struct seq_file *m, const char *label, unsigned long pages)
{
	seq_printf(m, "%s\t%8lu kB\n", label, KB(pages));
}

void proc_status_vm(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long rss, text;

	if (!mm)
		return;
	rss = get_mm_rss(mm);
	text = text_pages(mm);
	status_line(m, "VmPeak:", max(mm->hiwater_vm, mm->total_vm));
	status_line(m, "VmSize:", mm->total_vm);
	status_line(m, "VmLck:", atomic_long_read(&mm->locked_vm));
	status_line(m, "VmPin:", atomic_long_read(&mm->pinned_vm));
	status_line(m, "VmHWM:", max(mm->hiwater_rss, rss));
	status_line(m, "VmRSS:", rss);
	status_line(m, "RssAnon:", get_mm_counter(mm, MM_ANONPAGES));
	status_line(m, "RssFile:", get_mm_counter(mm, MM_FILEPAGES));
	status_line(m, "RssShmem:", get_mm_counter(mm, MM_SHMEMPAGES));
	status_line(m, "VmData:", mm->data_vm);
	status_line(m, "VmStk:", mm->stack_vm);
	status_line(m, "VmExe:", text);
	status_line(m, "VmLib:", mm->exec_vm - text);
	status_line(m, "VmPTE:", mm_pgtables_bytes(mm) >> PAGE_SHIFT);
	status_line(m, "VmSwap:", get_mm_counter(mm, MM_SWAPENTS));
}

/* ---- pagemap --------------------------------------------------------------------------------- */

#define PM_MMAP_EXCLUSIVE	BIT(56)
#define PM_UFFD_WP		BIT(57)
#define PM_FILE			BIT(61)
#define PM_SWAP			BIT(62)
#define PM_PRESENT		BIT(63)

static u64 pagemap_entry(pte_t pte, bool show_pfn)
{
	struct page *page;
	u64 e;

	if (pte_is_migration(pte))	/* shown as a kind of swap entry */
		return PM_SWAP | (migration_exclusive(pte) ? PM_MMAP_EXCLUSIVE : 0) |
		       (migration_uffd_wp(pte) ? PM_UFFD_WP : 0) |
		       (show_pfn ? pte_swp_type(pte) | page_to_pfn(migration_page(pte)) << 5 : 0);
	if (pte_is_swp(pte))
		return PM_SWAP | (show_pfn ? pte_swp_type(pte) | pte_swp_offset(pte) << 5 : 0);
	if (pte_is_marker(pte))		/* Linux keeps them as a kind of swap entry, and shows them so */
		return PM_SWAP | (pte_marker_uffd_wp(pte) ? PM_UFFD_WP : 0);
	if (!pte_present(pte))
		return 0;
	e = PM_PRESENT | (show_pfn ? pte_pfn(pte) : 0) | (pte_uffd_wp(pte) ? PM_UFFD_WP : 0);
	if (pte_special(pte))
		return e;
	page = pfn_to_page(pte_pfn(pte));
	if (!PageAnon(page))
		e |= PM_FILE;
	if (page_mapcount(page) == 1)
		e |= PM_MMAP_EXCLUSIVE;
	return e;
}

#define PAGEMAP_BATCH	64u		/* entries of a table that are shown at a time */
#define PAGEMAP_HOLE	16384u		/* ... and of pages that have none */

/*
 * The entries of [@va, @end): those of one table go to @buf, true; or there are none for a while, false.
 * *nr: how many.
 */
static bool pagemap_fill(struct mm_struct *mm, vaddr_t va, vaddr_t end, bool show_pfn, u64 *buf, unsigned *nr)
	REQUIRES_SHARED(mm->mmap_lock)
{
	vaddr_t at = va, stop;
	pte_t *ptep = pt_next_run(mm, &at, end, &stop);

	if (!ptep || at != va) {
		*nr = min_t(unsigned long, PAGEMAP_HOLE, ((ptep ? at : end) - va) >> PAGE_SHIFT);
		return false;
	}
	*nr = min_t(unsigned long, PAGEMAP_BATCH, (stop - va) >> PAGE_SHIFT);
	for (unsigned i = 0; i < *nr; i++)
		buf[i] = pagemap_entry(pte_load(&ptep[i]), show_pfn);
	return true;
}

ssize_t proc_pid_pagemap(struct mm_struct *mm, struct iov_iter *to, loff_t *pos)
{
	bool show_pfn = capable(CAP_SYS_ADMIN), filled;
	u64 buf[PAGEMAP_BATCH];
	ssize_t done = 0;

	if ((*pos | to->count) & 7)
		return -EINVAL;
	if (!mm)
		return 0;
	while (to->count && (u64)*pos / 8 < task_size >> PAGE_SHIFT) {
		vaddr_t va = (u64)*pos / 8 << PAGE_SHIFT;
		vaddr_t end = va + min((u64)to->count / 8 << PAGE_SHIFT, task_size - va);
		size_t copied;
		unsigned nr;

		mmap_read_lock(mm);
		filled = pagemap_fill(mm, va, end, show_pfn, buf, &nr);
		mmap_read_unlock(mm);
		copied = filled ? copy_to_iter(buf, nr * 8, to) : iov_iter_zero(nr * 8, to);
		*pos += copied;
		done += copied;
		if (copied < nr * 8)
			return done ? done : -EFAULT;
		if (cond_resched_killable())
			return done;
	}
	return done;
}

/* ---- clear_refs ------------------------------------------------------------------------------ */

#define CLEAR_REFS_ALL		1
#define CLEAR_REFS_ANON		2
#define CLEAR_REFS_MAPPED	3
#define CLEAR_REFS_SOFT_DIRTY	4
#define CLEAR_REFS_MM_HIWATER_RSS 5

static int clear_refs_ptes(struct pt_walk *w, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	spinlock_t *ptl = &pt_page(ptep)->ptl;

	(void)w;
	spin_lock(ptl);
	for (; va < end; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);

		if (!pte_hw_valid(pte) || pte_special(pte))
			continue;
		ptep_test_and_clear_young(ptep);
		ClearPageReferenced(pfn_to_page(pte_pfn(pte)));
	}
	spin_unlock(ptl);
	return 0;
}

int proc_clear_refs(struct mm_struct *mm, int what)
{
	struct pt_walk w = { .mm = mm, .ptes = clear_refs_ptes };
	struct vm_area_struct *vma;

	if (what < CLEAR_REFS_ALL || what > CLEAR_REFS_MM_HIWATER_RSS)
		return -EINVAL;
	if (!mm)
		return 0;
	mmap_write_lock(mm);
	if (what == CLEAR_REFS_MM_HIWATER_RSS) {
		mm->hiwater_rss = get_mm_rss(mm);
	} else if (what != CLEAR_REFS_SOFT_DIRTY) {	/* there are no soft-dirty bits to clear */
		for (vma = mm->mmap; vma; vma = vma->vm_next) {
			if ((what == CLEAR_REFS_ANON && vma->vm_file) ||
			    (what == CLEAR_REFS_MAPPED && !vma->vm_file))
				continue;
			pt_walk_range(&w, vma->vm_start, vma->vm_end);
			cond_resched();
		}
		flush_tlb_mm(mm);
	}
	mmap_write_unlock(mm);
	return 0;
}
