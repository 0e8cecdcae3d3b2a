/*
 * fs/memfd.c - memfd_create(2): an anonymous file of memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/memfd.h"
#include "fs/fdtable.h"
#include "fs/file.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/mman.h"
#include "kernel/task/task.h"
#include "lib/printk.h"
#include "lib/string.h"
#include "mm/cache/shmem.h"
#include "mm/slab/slab.h"
#include "mm/space/mmap.h"

#define MFD_NAME_PREFIX		"memfd:"
#define MFD_NAME_MAX_LEN	(NAME_MAX - (sizeof(MFD_NAME_PREFIX) - 1))
#define MFD_ALL_FLAGS	(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_NOEXEC_SEAL | MFD_EXEC)

int memfd_noexec;

static int memfd_check_flags(unsigned flags)
{
	if (flags & ~(MFD_ALL_FLAGS | (flags & MFD_HUGETLB ? MAP_HUGE_MASK << MAP_HUGE_SHIFT : 0)))
		return -EINVAL;
	if ((flags & MFD_EXEC) && (flags & MFD_NOEXEC_SEAL))
		return -EINVAL;
	if (flags & MFD_HUGETLB)		/* there is no pool of huge pages */
		return hugetlb_size_exists(flags) ? -ENOENT : -ENODEV;
	return 0;
}

/* What @flags leave to the machine's owner.  0 or -EACCES */
static int memfd_check_noexec(unsigned *flags)
{
	int scope = READ_ONCE(memfd_noexec);

	if (!(*flags & (MFD_EXEC | MFD_NOEXEC_SEAL)))
		*flags |= scope ? MFD_NOEXEC_SEAL : MFD_EXEC;
	if (*flags & MFD_NOEXEC_SEAL || scope < MEMFD_NOEXEC_SCOPE_NOEXEC_ENFORCED)
		return 0;
	pr_err_ratelimited("%s[%d]: memfd_create() requires MFD_NOEXEC_SEAL with vm.memfd_noexec=%d\n",
			   current->comm, current->pid, scope);
	return -EACCES;
}

/* "memfd:NAME" in kernel memory, or ERR_PTR. */
static char *memfd_name(const char __user *uname)
{
	char *name = kmalloc(NAME_MAX + 1, GFP_KERNEL);
	const size_t prefix = sizeof(MFD_NAME_PREFIX) - 1;
	long n;

	if (!name)
		return ERR_PTR(-ENOMEM);
	memcpy(name, MFD_NAME_PREFIX, prefix);
	n = strncpy_from_user(name + prefix, uname, MFD_NAME_MAX_LEN + 1);
	if (n >= 0 && n <= (long)MFD_NAME_MAX_LEN)
		return name;
	kfree(name);
	return ERR_PTR(n < 0 ? -EFAULT : -EINVAL);
}

static void memfd_set_seals(struct file *f, unsigned flags)
{
	unsigned *seals = &SHMEM_I(f->f_inode)->seals;

	if (flags & MFD_NOEXEC_SEAL) {
		f->f_inode->i_mode &= ~S_IXUGO;
		*seals = (*seals & ~F_SEAL_SEAL) | F_SEAL_EXEC;
	} else if (flags & MFD_ALLOW_SEALING) {
		*seals &= ~F_SEAL_SEAL;
	}
}

SYSCALL_DEFINE2(memfd_create, const char __user *, uname, unsigned, flags)
{
	struct file *f;
	char *name;
	int fd = memfd_check_flags(flags);

	if (!fd)
		fd = memfd_check_noexec(&flags);
	if (fd)
		return fd;
	name = memfd_name(uname);
	if (IS_ERR(name))
		return PTR_ERR(name);
	fd = get_unused_fd_flags(flags & MFD_CLOEXEC ? O_CLOEXEC : 0);
	if (fd < 0)
		goto out;
	f = shmem_file_setup(name, 0, VM_NORESERVE);
	if (IS_ERR(f)) {
		put_unused_fd(fd);
		fd = PTR_ERR(f);
		goto out;
	}
	memfd_set_seals(f, flags);
	fd_install(fd, f);
out:
	kfree(name);
	return fd;
}
