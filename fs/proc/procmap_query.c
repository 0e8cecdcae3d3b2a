/*
 * fs/proc/procmap_query.c - the PROCMAP_QUERY call of /proc/PID/maps: one region, in numbers instead of text.
 *
 * MODEL     The region that covers an address, or the next one, that is of the kinds asked for; its name, and the
 *           build id of its file if the caller has room for them.  No value of an earlier answer holds on.
 * LOCKING   mmap_lock for reading while the region is looked at; user memory and the file are reached without it.
 * TESTS     test/user/t_procfs.c
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/proc/internal.h"
#include "fs/file.h"
#include "include/uaccess.h"
#include "include/uapi/procmap.h"
#include "kernel/sync/wait.h"
#include "lib/elf.h"
#include "lib/string.h"
#include "mm/slab/slab.h"
#include "mm/space/mm.h"
#include "mm/space/procmaps.h"
#include "mm/region/vma.h"

/* ---- build id -------------------------------------------------------------------------------- */

#define BUILD_ID_MAX	20
#define NOTES_MAX	4096		/* of a segment; the build id stands in the first */

static bool read_all(struct file *f, void *buf, size_t n, loff_t pos)
{
	return kernel_read(f, buf, n, &pos) == (ssize_t)n;
}

/* The length of the build id among the notes in @p, copied to @id; 0: none. */
static unsigned find_build_id(const char *p, size_t n, u8 *id)
{
	while (n >= sizeof(Elf64_Nhdr)) {
		const Elf64_Nhdr *h = (const void *)p;
		u64 name = ((u64)h->n_namesz + 3) & ~3ull, desc = ((u64)h->n_descsz + 3) & ~3ull;

		if (sizeof(*h) + name + h->n_descsz > n)
			return 0;
		if (h->n_type == NT_GNU_BUILD_ID && h->n_namesz == 4 && !memcmp(h + 1, "GNU", 4) &&
		    h->n_descsz && h->n_descsz <= BUILD_ID_MAX) {
			memcpy(id, p + sizeof(*h) + name, h->n_descsz);
			return h->n_descsz;
		}
		if (sizeof(*h) + name + desc > n)
			return 0;
		p += sizeof(*h) + name + desc;
		n -= sizeof(*h) + name + desc;
	}
	return 0;
}

/* Its length, or -EINVAL: the file has none. */
static int read_build_id(struct file *f, u8 *id)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;
	char *notes;
	unsigned n = 0;

	if (!read_all(f, &eh, sizeof(eh), 0) || memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof(ph))
		return -EINVAL;
	notes = kmalloc(NOTES_MAX, GFP_KERNEL);
	if (!notes)
		return -ENOMEM;
	for (unsigned i = 0; !n && i < eh.e_phnum; i++) {
		cond_resched();
		if (fatal_signal_pending() || !read_all(f, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)))
			break;
		if (ph.p_type == PT_NOTE && ph.p_filesz <= NOTES_MAX &&
		    read_all(f, notes, ph.p_filesz, ph.p_offset))
			n = find_build_id(notes, ph.p_filesz, id);
	}
	kfree(notes);
	return n ? (int)n : -EINVAL;
}

/* ---- the region ------------------------------------------------------------------------------ */

static bool region_matches(const struct vm_area_struct *vma, u64 want)
{
	u64 has = (vma->vm_flags & VM_READ ? PROCMAP_QUERY_VMA_READABLE : 0) |
		  (vma->vm_flags & VM_WRITE ? PROCMAP_QUERY_VMA_WRITABLE : 0) |
		  (vma->vm_flags & VM_EXEC ? PROCMAP_QUERY_VMA_EXECUTABLE : 0) |
		  (vma->vm_flags & VM_MAYSHARE ? PROCMAP_QUERY_VMA_SHARED : 0) |
		  (vma->vm_file ? PROCMAP_QUERY_FILE_BACKED_VMA : 0);

	return !(want & ~has & ~PROCMAP_QUERY_COVERING_OR_NEXT_VMA);
}

static struct vm_area_struct *find_region(struct mm_struct *mm, const struct procmap_query *q)
	REQUIRES_SHARED(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, q->query_addr);

	if (!(q->query_flags & PROCMAP_QUERY_COVERING_OR_NEXT_VMA))
		return vma && vma->vm_start <= q->query_addr && region_matches(vma, q->query_flags) ? vma : NULL;
	while (vma && !region_matches(vma, q->query_flags))
		vma = vma->vm_next;
	return vma;
}

static void tell_region(const struct vm_area_struct *vma, struct procmap_query *q)
{
	struct inode *inode = vma->vm_file ? vma->vm_file->f_inode : NULL;

	q->vma_start = vma->vm_start;
	q->vma_end = vma->vm_end;
	q->vma_flags = 0;
	for (u64 flag = PROCMAP_QUERY_VMA_READABLE; flag <= PROCMAP_QUERY_VMA_SHARED; flag <<= 1)
		if (region_matches(vma, flag))
			q->vma_flags |= flag;
	q->vma_page_size = PAGE_SIZE;
	q->vma_offset = inode ? (u64)vma->vm_pgoff << PAGE_SHIFT : 0;
	q->dev_major = inode ? MAJOR(inode->i_sb->s_dev) : 0;
	q->dev_minor = inode ? MINOR(inode->i_sb->s_dev) : 0;
	q->inode = inode ? inode->i_ino : 0;
}

/* The name with its NUL at the start of @buf, @size bytes; how many bytes, 0: it has none. */
static int name_region(struct vm_area_struct *vma, char *buf, size_t size)
{
	int len;

	if (vma->vm_file) {
		char *text = d_path(&vma->vm_file->f_path, buf, size);

		if (IS_ERR(text))
			return PTR_ERR(text);
		len = strlen(text) + 1;
		memmove(buf, text, len);
		return len;
	}
	len = proc_region_name(vma, buf, size);
	if (!len)
		return 0;
	return (size_t)len < size ? len + 1 : -ENAMETOOLONG;
}

/* Find the region and tell of it.  *@file, counted: what its build id is to be read from */
static int look(struct mm_struct *mm, struct procmap_query *q, char *name, struct file **file)
{
	struct vm_area_struct *vma;
	int rc = 0;

	if (mmap_read_lock_killable(mm))
		return -EINTR;
	vma = find_region(mm, q);
	if (!vma) {
		rc = -ENOENT;
		goto out;
	}
	tell_region(vma, q);
	if (q->vma_name_size) {
		rc = name_region(vma, name, min_t(size_t, PATH_MAX, q->vma_name_size));
		if (rc < 0)
			goto out;
		q->vma_name_size = rc;
		rc = 0;
	}
	if (q->build_id_size && vma->vm_file)
		*file = get_file(vma->vm_file);
out:
	mmap_read_unlock(mm);
	return rc;
}

static int put_answer(void __user *arg, const struct procmap_query *q, u64 usize, const char *name, const u8 *id)
{
	if (q->vma_name_size && copy_to_user((void __user *)q->vma_name_addr, name, q->vma_name_size))
		return -EFAULT;
	if (q->build_id_size && copy_to_user((void __user *)q->build_id_addr, id, q->build_id_size))
		return -EFAULT;
	return copy_to_user(arg, q, min_t(u64, sizeof(*q), usize)) ? -EFAULT : 0;
}

/* ---- the call -------------------------------------------------------------------------------- */

static int get_question(void __user *arg, struct procmap_query *q, u64 *usize)
{
	int rc;

	if (copy_from_user(usize, arg, sizeof(*usize)))
		return -EFAULT;
	if (*usize > PAGE_SIZE)
		return -E2BIG;
	if (*usize < offsetof(struct procmap_query, vma_start))
		return -EINVAL;
	rc = copy_struct_from_user(q, sizeof(*q), arg, *usize);
	if (rc)
		return rc;
	if ((q->query_flags & ~(u64)PROCMAP_QUERY_VALID_FLAGS) || !q->vma_name_size != !q->vma_name_addr ||
	    !q->build_id_size != !q->build_id_addr)
		return -EINVAL;
	return 0;
}

/* A file without a build id is no failure: its size is 0. */
static int answer_build_id(struct procmap_query *q, struct file *file, u8 *id)
{
	int n = file && S_ISREG(file->f_inode->i_mode) ? read_build_id(file, id) : 0;

	if (n > 0 && q->build_id_size < (unsigned)n)
		return -ENAMETOOLONG;
	q->build_id_size = max(n, 0);
	return 0;
}

int procmap_query(struct mm_struct *mm, void __user *arg)
{
	struct file *file = NULL;
	struct procmap_query q;
	u8 id[BUILD_ID_MAX];
	char *name;
	u64 usize;
	int rc = get_question(arg, &q, &usize);

	if (rc)
		return rc;
	if (!mm)
		return -ESRCH;
	name = kmalloc(PATH_MAX, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	rc = look(mm, &q, name, &file);
	if (!rc && q.build_id_size)
		rc = answer_build_id(&q, file, id);
	if (!rc)
		rc = put_answer(arg, &q, usize, name, id);
	if (file)
		fput(file);
	kfree(name);
	return rc;
}
