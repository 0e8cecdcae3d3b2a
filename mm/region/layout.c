/*
 * mm/region/layout.c - where mappings go: the shape of an address space, and free room in it.
 *
 * MODEL     From below: program, heap, ... the mmap area, whose top is mmap_base and which is filled
 *           from the top down, room for the stack (RLIMIT_STACK plus guard gap, at least 128 MiB), stack.
 *           The window is 2^38 bytes in Sv39 and 2^47 in Sv48 and Sv57; in Sv57 a program reaches what
 *           lies above by a hint that is free, or by a request for more than the window has room for, so
 *           that pointers with tags on top keep working.  A hint that is taken, or leads out of the address
 *           space, is as good as none.
 *           A process that may grow its stack without limit, or asks for it by personality, gets the
 *           old layout: bottom-up from UNMAPPED_BASE.
 * INVARIANTS
 *   L1  Room that is found is free, page-aligned, and ends within the address space.
 *   L2  Between the mmap area and the end of the window there is room for the stack.
 * LOCKING   get_unmapped_area(): mmap_lock for writing.
 * SEE       Linux: Documentation/arch/riscv/vm-layout
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/region/layout.h"
#include "include/fs.h"
#include "include/mmap_lock.h"
#include "include/uapi/errno.h"
#include "include/uapi/mman.h"
#include "include/uapi/resource.h"
#include "lib/cmdline.h"
#include "mm/region/vma.h"

#define ADDR_NO_RANDOMIZE	0x0040000
#define ADDR_COMPAT_LAYOUT	0x0200000

#define STACK_RND_MASK		0x3ffffu	/* pages */
#define GAP_MIN			(128ul << 20)
#define WINDOW_SV39		(1ul << 38)
#define WINDOW_SV48		(1ul << 47)
#define UNMAPPED_BASE		PAGE_ALIGN((1ul << 39) / 3)	/* the same in every mode, as on Linux */

int randomize_va_space = 2;
unsigned long mmap_min_addr = 4096;
int sysctl_max_map_count = 65530;
int sysctl_legacy_va_layout;
int mmap_rnd_bits = MMAP_RND_BITS_MIN;		/* what Linux takes on 64-bit RISC-V */

unsigned long get_random_long(void);		/* up-call: drivers/char/random.c */

static int __init set_norandmaps(const char *value)
{
	(void)value;
	randomize_va_space = 0;
	return 0;
}
PARAM("norandmaps", set_norandmaps);

unsigned long mmap_default_window(void)
{
	return task_size <= WINDOW_SV39 ? WINDOW_SV39 : WINDOW_SV48;
}

int mmap_rnd_bits_max(void)
{
	return __builtin_ctzl(2 * mmap_default_window()) - PAGE_SHIFT - 3;
}

bool mm_randomize(void)
{
	return randomize_va_space && !(task_personality() & ADDR_NO_RANDOMIZE);
}

unsigned long arch_mmap_rnd(void)
{
	return mm_randomize() ? (get_random_long() & (BIT(READ_ONCE(mmap_rnd_bits)) - 1)) << PAGE_SHIFT : 0;
}

unsigned long stack_rnd(void)
{
	return mm_randomize() ? (get_random_long() & STACK_RND_MASK) << PAGE_SHIFT : 0;
}

unsigned long randomize_page(unsigned long start, unsigned long range)
{
	start = PAGE_ALIGN(start);
	range >>= PAGE_SHIFT;
	return range ? start + (get_random_long() % range << PAGE_SHIFT) : start;
}

unsigned long arch_randomize_brk(unsigned long end_bss)
{
	end_bss = PAGE_ALIGN(end_bss);
	return mm_randomize() && randomize_va_space > 1 ? randomize_page(end_bss, 1ul << 30) : end_bss;
}

unsigned long elf_et_dyn_base(void)
{
	return ALIGN_DOWN(mmap_default_window() / 3 * 2, PAGE_SIZE) + arch_mmap_rnd();
}

void arch_pick_mmap_layout(struct mm_struct *mm)
{
	unsigned long window = mmap_default_window(), gap = task_rlimit(RLIMIT_STACK);
	unsigned long pad = stack_guard_gap, rnd = arch_mmap_rnd();

	mm->task_size = task_size;
	mm->mmap_legacy = gap == RLIM_INFINITY || sysctl_legacy_va_layout ||
			  (task_personality() & ADDR_COMPAT_LAYOUT);
	if (mm->mmap_legacy) {
		mm->mmap_base = UNMAPPED_BASE + rnd;
		return;
	}
	if (mm_randomize())
		pad += (unsigned long)STACK_RND_MASK << PAGE_SHIFT;
	if (gap + pad > gap)
		gap += pad;
	gap = clamp(gap, GAP_MIN, window / 6 * 5);
	rnd %= window - gap;		/* vm.mmap_rnd_bits may ask for more than a large stack leaves */
	mm->mmap_base = PAGE_ALIGN(window - gap - rnd);
	INV(L2, mm->mmap_base <= window - GAP_MIN);
}

/* ---- free room ------------------------------------------------------------------------------- */

/* Is [@addr, @addr + @len) free, with the guard gap of a stack above it? */
static bool range_is_free(struct mm_struct *mm, unsigned long addr, unsigned long len)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return !vma || addr + len <= vm_start_gap(vma);
}

static unsigned long find_room(struct mm_struct *mm, unsigned long len) REQUIRES_SHARED(mm->mmap_lock)
{
	unsigned long addr;

	if (mm->mmap_legacy) {
		addr = vma_find_gap_up(mm, len, mm->mmap_base, task_size);
		INV(L1, IS_ERR_VALUE(addr) || (range_is_free(mm, addr, len) && addr >= mm->mmap_base));
		return addr;
	}
	addr = vma_find_gap_down(mm, len, max(mmap_min_addr, PAGE_SIZE), mm->mmap_base);
	INV(L1, IS_ERR_VALUE(addr) || (range_is_free(mm, addr, len) && addr + len <= mm->mmap_base));
	if (likely(!IS_ERR_VALUE(addr)))
		return addr;
	/* Large or many: use what lies between mmap_base and the stack, and above the window, too. */
	addr = vma_find_gap_up(mm, len, UNMAPPED_BASE, task_size);
	INV(L1, IS_ERR_VALUE(addr) || (range_is_free(mm, addr, len) && addr + len <= task_size));
	return addr;
}

static unsigned long generic_get_unmapped_area(struct mm_struct *mm, unsigned long addr,
					       unsigned long len, unsigned long flags)
	REQUIRES_SHARED(mm->mmap_lock)
{
	if (flags & MAP_FIXED)
		return addr;
	if (len > task_size - mmap_min_addr)
		return -ENOMEM;
	if (addr) {
		addr = PAGE_ALIGN(addr);
		if (addr <= task_size - len && addr >= mmap_min_addr && range_is_free(mm, addr, len))
			return addr;
	}
	return find_room(mm, len);
}

unsigned long get_unmapped_area(struct file *file, unsigned long addr, unsigned long len,
				pgoff_t pgoff, unsigned long flags)
{
	struct mm_struct *mm = current_base()->mm;

	mmap_assert_write_locked(mm);
	if (len > task_size)
		return -ENOMEM;
	if (file && file->f_op->get_unmapped_area)
		addr = file->f_op->get_unmapped_area(file, addr, len, pgoff, flags);
	else
		addr = generic_get_unmapped_area(mm, addr, len, flags);
	if (IS_ERR_VALUE(addr))
		return addr;
	INV(L1, flags & MAP_FIXED || (file && file->f_op->get_unmapped_area) ||
		(IS_ALIGNED(addr, PAGE_SIZE) && addr <= task_size - len));
	if (addr > task_size - len)
		return -ENOMEM;
	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (addr < mmap_min_addr && !capable(17 /* CAP_SYS_RAWIO */))
		return -EPERM;
	return addr;
}
