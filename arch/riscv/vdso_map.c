/*
 * arch/riscv/vdso_map.c - the vDSO in a process: pages of data, then the code.
 *
 * MODEL     Both are pages of the kernel image that every process maps, the data read-only ("[vvar]"),
 *           the code executable ("[vdso]").  The only writers of the data are vdso_update_time(), vdso_note_hwprobe()
 *           and vdso_forget_hwprobe().
 * LOCKING   vvar_lock between writers; readers in user space use the sequence count.
 *
 * SPDX-License-Identifier: MIT
 */
#include "arch/riscv/vdso_map.h"
#include "arch/riscv/vdso/vdso.h"
#include "include/arch/arch.h"
#include "include/uapi/errno.h"
#include "kernel/time/time.h"
#include "include/mmap_lock.h"
#include "mm/space/mmap.h"
#include <asm/thread.h>
#include "offsets.h"

#define VDSO_PAGES_MAX	8

extern char vdso_image[], vdso_image_end[];

static union {
	struct vvar v;
	char page[PAGE_SIZE];
} vvar_page __section(".data.page_aligned") __aligned(4096) = { .v.tick_ns = TICK_NSEC };
static DEFINE_SPINLOCK(vvar_lock, RANK_NONE);

static struct page *vvar_pages[2], *vdso_pages[VDSO_PAGES_MAX + 1];
static const struct vm_special_mapping vvar_mapping = { .name = "[vvar]", .pages = vvar_pages };
static const struct vm_special_mapping vdso_mapping = { .name = "[vdso]", .pages = vdso_pages };

static unsigned long vdso_bytes(void) { return vdso_image_end - vdso_image; }

static void find_pages(void)
{
	ASSERT(vdso_bytes() <= VDSO_PAGES_MAX * PAGE_SIZE);
	for (unsigned i = 0; i < vdso_bytes() / PAGE_SIZE; i++)
		vdso_pages[i] = virt_to_page(vdso_image + i * PAGE_SIZE);
	vvar_pages[0] = virt_to_page(&vvar_page);
}

int arch_setup_vdso(struct mm_struct *mm)
{
	unsigned long len = VVAR_PAGES * PAGE_SIZE + vdso_bytes(), addr;
	int rc = 0;

	if (unlikely(!vvar_pages[0]))
		find_pages();
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	addr = get_unmapped_area(NULL, 0, len, 0, 0);
	if (IS_ERR_VALUE(addr)) {
		rc = (int)addr;
	} else if (!_install_special_mapping(mm, addr, VVAR_PAGES * PAGE_SIZE, VM_READ | VM_MAYREAD | VM_DONTDUMP,
					     &vvar_mapping) ||
		   !_install_special_mapping(mm, addr + VVAR_PAGES * PAGE_SIZE, vdso_bytes(),
					     VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC | VM_MAYWRITE,
					     &vdso_mapping)) {
		rc = -ENOMEM;	/* the caller drops the mm, and what was mapped with it */
	} else {
		mm->vdso = (void *)(addr + VVAR_PAGES * PAGE_SIZE);
	}
	mmap_write_unlock(mm);
	return rc;
}

unsigned long vdso_sigreturn(const struct mm_struct *mm)
{
	return (unsigned long)mm->vdso + VDSO_SIGRETURN;
}

void vdso_update_time(void)
{
	struct vvar *v = &vvar_page.v;
	unsigned long flags;

	spin_lock_irqsave(&vvar_lock, flags);
	WRITE_ONCE(v->seq, v->seq + 1);
	smp_wmb();	/* odd before the data; pairs with the fences of read_clock() in the vDSO */
	v->base_ticks = timebase.base_ticks;
	v->mult = timebase.mult;
	v->real_offset = ktime_real_offset();
	smp_wmb();	/* the data before even */
	WRITE_ONCE(v->seq, v->seq + 1);
	spin_unlock_irqrestore(&vvar_lock, flags);
}

void vdso_note_hwprobe(long key, u64 value, hartmask_t harts)
{
	struct vvar *v = &vvar_page.v;
	unsigned long flags;

	if ((u64)key >= NR_HWPROBE_KEYS || (READ_ONCE(v->hwprobe_known) & BIT(key)))
		return;
	spin_lock_irqsave(&vvar_lock, flags);
	if (harts.bits == READ_ONCE(hart_online_mask.bits)) {
		WRITE_ONCE(v->hwprobe[key], value);
		smp_wmb();	/* pairs with the fence of __vdso_riscv_hwprobe() */
		WRITE_ONCE(v->hwprobe_known, v->hwprobe_known | BIT(key));
	}
	spin_unlock_irqrestore(&vvar_lock, flags);
}

void vdso_forget_hwprobe(void)
{
	unsigned long flags;

	spin_lock_irqsave(&vvar_lock, flags);
	WRITE_ONCE(vvar_page.v.hwprobe_known, 0);
	spin_unlock_irqrestore(&vvar_lock, flags);
}
