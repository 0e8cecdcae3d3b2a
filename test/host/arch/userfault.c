/*
 * test/host/arch/userfault.c - the memory manager's up-calls about userfaultfds, where nobody watches anything.
 *
 * SPDX-License-Identifier: MIT
 */
#include "include/userfaultfd_k.h"
#include <stdlib.h>

__weak unsigned handle_userfault(struct vm_fault *vmf, unsigned long reason)
{
	(void)vmf, (void)reason;
	abort();
}

__weak int __dup_userfaultfd(struct vm_area_struct *vma, struct list_head *forks)
{
	(void)vma, (void)forks;
	abort();
}

__weak void __dup_userfaultfd_complete(struct list_head *forks) { (void)forks, abort(); }
__weak void __dup_userfaultfd_fail(struct list_head *forks) { (void)forks, abort(); }

__weak void __mremap_userfaultfd_prep(struct vm_area_struct *vma, struct userfaultfd_remap *r)
{
	(void)vma, (void)r;
	abort();
}

__weak void __mremap_userfaultfd_complete(struct userfaultfd_remap *r, unsigned long from, unsigned long to,
					  unsigned long len)
{
	(void)r, (void)from, (void)to, (void)len;
	abort();
}

__weak bool __userfaultfd_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	(void)vma, (void)start, (void)end;
	abort();
}

__weak int __userfaultfd_unmap_prep(struct vm_area_struct *vma, unsigned long start, unsigned long end,
				    struct list_head *unmaps)
{
	(void)vma, (void)start, (void)end, (void)unmaps;
	abort();
}

__weak void __userfaultfd_unmap_complete(struct list_head *unmaps) { (void)unmaps, abort(); }
