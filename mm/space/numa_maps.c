/*
 * mm/space/numa_maps.c - /proc/PID/numa_maps: each region's policy, and on which nodes its pages are.
 *
 * LOCKING   mmap_lock for reading, which the caller holds; entries are read without their lock: each is a snapshot.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/fs.h"
#include "include/uapi/errno.h"
#include "mm/phys/zone.h"
#include "mm/pt/walk.h"
#include "mm/policy/mempolicy.h"
#include "mm/space/mm.h"
#include "mm/region/vma.h"

/* Up-calls: fs/seq_file.c */
void seq_printf(struct seq_file *m, const char *fmt, ...) __printf(2, 3);
void seq_putc(struct seq_file *m, char c);
void seq_puts(struct seq_file *m, const char *s);
int seq_path(struct seq_file *m, const struct path *path, const char *esc);

struct numa_maps {
	unsigned long pages, anon, active, writeback, mapcount_max, dirty, swapcache;
	unsigned long node[MAX_NUMNODES];
};

static int gather_ptes(struct pt_walk *w, pte_t *ptep, vaddr_t va, vaddr_t end)
{
	struct numa_maps *md = w->private_data;

	for (; va != end; va += PAGE_SIZE, ptep++) {
		pte_t pte = pte_load(ptep);
		struct page *page;

		if (!pte_present(pte) || pte_special(pte))
			continue;
		page = pfn_to_page(pte_pfn(pte));
		md->pages++;
		md->dirty += pte_dirty(pte) || PageDirty(page);
		md->swapcache += PageSwapCache(page);
		md->active += PageActive(page) || PageUnevictable(page);
		md->writeback += PageWriteback(page);
		md->anon += PageAnon(page);
		md->mapcount_max = max(md->mapcount_max, (unsigned long)page_mapcount(page));
		md->node[page_to_nid(page)]++;
	}
	return 0;
}

static void show_name(struct seq_file *m, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_file) {
		seq_puts(m, " file=");
		seq_path(m, &vma->vm_file->f_path, "\n\t= ");
	} else if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk) {
		seq_puts(m, " heap");
	} else if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack) {
		seq_puts(m, " stack");
	}
}

static void show_pages(struct seq_file *m, const struct numa_maps *md)
{
	if (md->anon)
		seq_printf(m, " anon=%lu", md->anon);
	if (md->dirty)
		seq_printf(m, " dirty=%lu", md->dirty);
	if (md->pages != md->anon && md->pages != md->dirty)
		seq_printf(m, " mapped=%lu", md->pages);
	if (md->mapcount_max > 1)
		seq_printf(m, " mapmax=%lu", md->mapcount_max);
	if (md->swapcache)
		seq_printf(m, " swapcache=%lu", md->swapcache);
	if (md->active < md->pages)
		seq_printf(m, " active=%lu", md->active);
	if (md->writeback)
		seq_printf(m, " writeback=%lu", md->writeback);
	for (unsigned nid = 0; nid < nr_node_ids; nid++)
		if (md->node[nid])
			seq_printf(m, " N%u=%lu", nid, md->node[nid]);
	seq_printf(m, " kernelpagesize_kB=%lu", PAGE_SIZE >> 10);
}

void proc_show_numa_map(struct seq_file *m, struct vm_area_struct *vma, const struct mempolicy *task_policy)
{
	struct numa_maps md = { 0 };
	struct pt_walk w = { .mm = vma->vm_mm, .ptes = gather_ptes, .private_data = &md };
	char policy[64];

	mpol_to_str(policy, sizeof(policy), vma->vm_policy ? vma->vm_policy : task_policy);
	seq_printf(m, "%08lx %s", vma->vm_start, policy);
	show_name(m, vma);
	pt_walk_range(&w, vma->vm_start, vma->vm_end);
	if (md.pages)
		show_pages(m, &md);
	seq_putc(m, '\n');
}
