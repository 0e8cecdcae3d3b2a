/*
 * mm/cache/seals.c - what may never be done to a file of memory again.
 *
 * MODEL     Seals are added, never taken away; F_SEAL_SEAL ends that.  WRITE and FUTURE_WRITE forbid writes, and
 *           mappings that write; SHRINK and GROW a change of size; EXEC a change of the execute bits, and what may
 *           be executed is sealed against writing with it.  FUTURE_WRITE leaves the mappings that are there.
 * INVARIANTS
 *   S1  A file that is sealed against writing denies writable mappings (i_mmap_writable < 0) from before the seal
 *       is seen, for ever.  mmap() counts its mapping from before it looks for seals; so the two cannot both
 *       succeed, and a mapping that is made before the seal is seen by it until no hart can write (U2 of
 *       mm/space/munmap.c).
 * LOCKING   i_rwsem for writing to add one; who only maps looks without it (S1).
 * TESTS     test/user/t_seals.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "mm/cache/shmem.h"
#include "mm/cache/pagemap.h"

static bool shmem_file(const struct file *file)
{
	return file->f_mapping && file->f_mapping->a_ops == &shmem_aops && file->f_inode->i_private;
}

int shmem_check_mmap(struct file *file, unsigned long *vm_flags)
{
	if (!shmem_file(file) || !(READ_ONCE(SHMEM_I(file->f_inode)->seals) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
		return 0;
	if (*vm_flags & VM_WRITE)
		return -EPERM;
	*vm_flags &= ~VM_MAYWRITE;
	return 0;
}

int shmem_check_mode(struct inode *inode, umode_t mode)
{
	return SHMEM_I(inode)->seals & F_SEAL_EXEC && (inode->i_mode ^ mode) & S_IXUGO ? -EPERM : 0;
}

int shmem_add_seals(struct file *file, unsigned seals)
{
	struct shmem_inode_info *info;
	int rc = 0;

	if (!(file->f_mode & FMODE_WRITE))
		return -EPERM;
	if (!shmem_file(file) || (seals & ~(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE |
					    F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)))
		return -EINVAL;
	info = SHMEM_I(file->f_inode);
	down_write(&file->f_inode->i_rwsem);
	if ((seals & F_SEAL_EXEC) && (file->f_inode->i_mode & S_IXUGO))	/* what may run does not change */
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	if (info->seals & F_SEAL_SEAL)
		rc = -EPERM;
	else if ((seals & F_SEAL_WRITE) && !(info->seals & F_SEAL_WRITE))
		rc = mapping_deny_writable(file->f_mapping);	/* for ever (H3) */
	INV(S1, !(info->seals & F_SEAL_WRITE) || atomic_read(&file->f_mapping->i_mmap_writable) < 0);
	if (!rc)
		WRITE_ONCE(info->seals, info->seals | seals);
	INV(S1, !(info->seals & F_SEAL_WRITE) || atomic_read(&file->f_mapping->i_mmap_writable) < 0);
	up_write(&file->f_inode->i_rwsem);
	return rc;
}

int shmem_get_seals(struct file *file)
{
	return shmem_file(file) ? (int)SHMEM_I(file->f_inode)->seals : -EINVAL;
}
