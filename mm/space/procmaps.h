/*
 * mm/space/procmaps.h - what /proc/PID says about an address space, in Linux's formats.
 *
 * MODEL     Each producer writes into a seq_file; the caller holds a reference to @mm (get_task_mm()).  Those that
 *           show a whole file take mmap_lock for reading; NULL mm: kernel thread, empty file.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VELLUM_MM_SPACE_PROCMAPS_H
#define VELLUM_MM_SPACE_PROCMAPS_H

#include "include/fs.h"

struct mempolicy;
struct seq_file;

/* One region, mmap lock held: its line of maps; its paragraph of smaps. */
void proc_show_map(struct seq_file *m, struct vm_area_struct *vma);
void proc_show_smap(struct seq_file *m, struct vm_area_struct *vma);
/* The name of a region without a file ("[heap]"), mmap lock held; its length, 0: none.  Cut off at @n - 1. */
int proc_region_name(struct vm_area_struct *vma, char *buf, size_t n);
int proc_pid_smaps_rollup(struct seq_file *m, struct mm_struct *mm);
int proc_pid_statm(struct seq_file *m, struct mm_struct *mm);
/* VmPeak .. VmSwap lines of /proc/PID/status (Linux's task_mem). */
void proc_status_vm(struct seq_file *m, struct mm_struct *mm);
/* pagemap: 8 bytes per page from byte *@pos; whole entries only (-EINVAL otherwise). */
ssize_t proc_pid_pagemap(struct mm_struct *mm, struct iov_iter *to, loff_t *pos);
/* ioctl(2) PAGEMAP_SCAN of pagemap: regions put out, or -errno; @mm may be NULL.  pagemap_scan.c */
long proc_pagemap_scan(struct mm_struct *mm, void __user *uarg);
/* clear_refs: 1..5 as Linux defines them; -EINVAL for others. */
int proc_clear_refs(struct mm_struct *mm, int what);

/* A region's line of /proc/PID/numa_maps, mmap lock held; @task_policy: for those without one.  numa_maps.c */
void proc_show_numa_map(struct seq_file *m, struct vm_area_struct *vma, const struct mempolicy *task_policy);

#endif
