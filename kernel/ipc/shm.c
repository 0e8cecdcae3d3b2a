/*
 * kernel/ipc/shm.c - shared memory segments of System V: shmget, shmat, shmdt, shmctl.
 *
 * MODEL     A segment is a nameless file of memory (mm/cache/shmem.c) with an identifier; /proc shows its
 *           mappings as /SYSV%08x, its inode number is the identifier.  shmat() opens that file once more and
 *           maps it; the opened file's private_data is the segment, so every region finds it, also those that
 *           fork, mremap and a split make.  nattch counts regions.
 * INVARIANTS
 *   S1  nattch is the number of regions with shm_vm_ops whose file leads here, and of shmat()s on their way.
 *   S2  A segment with SHM_DEST has IPC_PRIVATE for its key and leaves the table with the last region.
 *   S3  An opened file has a reference of its segment, which keeps the memory.
 *   S4  creator is the thread that made the segment, NULL once that began to exit; its shm_made says that it may
 *       have made one.
 *           With shm_rmid_forced a segment goes with its last region, marked or not; or, if it has none, with its
 *           creator.  Who sets it takes away what has neither.
 * LOCKING   shm_ids.lock, taken inside mmap_lock: regions come and go under that.
 *
 * SPDX-License-Identifier: MIT
 */
#include "fs/file.h"
#include "fs/proc/proc.h"
#include "include/syscall.h"
#include "include/uaccess.h"
#include "include/uapi/mman.h"
#include "include/uapi/resource.h"
#include "kernel/ipc/ipc.h"
#include "kernel/task/cred.h"
#include "lib/vsprintf.h"
#include "mm/cache/shmem.h"
#include "mm/slab/slab.h"
#include "mm/policy/account.h"
#include "mm/fault/fault.h"
#include "mm/space/mm.h"
#include "mm/space/mmap.h"
#include "mm/region/vma.h"

struct shm_segment {
	struct kern_ipc_perm perm;
	struct file *file;		/* (I) the memory */
	size_t size;			/* (I) bytes, as asked for */
	long nattch;			/* S1 */
	s64 atime, dtime, ctime;	/* seconds */
	pid_t cpid, lpid;
	struct task_struct *creator;	/* S4; compared, never followed */
	struct shm_segment *doomed;	/* next of those that are to go, out of the table already */
	struct user_struct *locker;	/* SHM_LOCK: whose RLIMIT_MEMLOCK it counts for; counted */
};

#define SHM_MOST	(~0ul - (1ul << 24))
static unsigned long shm_ctlmax = SHM_MOST, shm_ctlall = SHM_MOST;
static int shm_ctlmni = 4096;
static int shm_rmid_forced;
static unsigned long shm_total;		/* (shm_ids.lock) pages of all segments */

static inline struct shm_segment *to_shm(struct kern_ipc_perm *perm)
{
	return container_of(perm, struct shm_segment, perm);
}

static inline unsigned long shm_pages(const struct shm_segment *s)
{
	return PAGE_ALIGN(s->size) >> PAGE_SHIFT;
}

static inline unsigned long shm_rss(const struct shm_segment *s)
{
	return READ_ONCE(s->file->f_mapping->nrpages);
}

/* ---- segments ---------------------------------------------------------------------------------- */

static struct kern_ipc_perm *shm_create(const struct ipc_params *p)
{
	unsigned long noreserve = (p->flags & SHM_NORESERVE) && sysctl_overcommit_memory != OVERCOMMIT_NEVER;
	struct shm_segment *s;
	struct file *file;
	char name[16];

	if (p->size < 1 || p->size > shm_ctlmax)
		return ERR_PTR(-EINVAL);
	if (PAGE_ALIGN(p->size) < p->size)
		return ERR_PTR(-ENOSPC);
	if (p->flags & SHM_HUGETLB)
		return ERR_PTR(hugetlb_size_exists(p->flags) ? -ENOMEM : -EINVAL);	/* there is no pool */
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return ERR_PTR(-ENOMEM);
	snprintf(name, sizeof(name), "SYSV%08x", p->key);
	file = shmem_file_setup(name, p->size, noreserve ? VM_NORESERVE : 0);
	if (IS_ERR(file)) {
		kfree(s);
		return ERR_PTR(PTR_ERR(file));
	}
	atomic_set(&s->perm.refs, 1);
	s->file = file;
	s->size = p->size;
	s->cpid = current->tgid;
	s->ctime = ipc_now();
	s->creator = current;
	current->shm_made = true;
	return &s->perm;
}

static void shm_unlock_memory(struct shm_segment *s)
{
	if (!s->locker)
		return;
	atomic_long_sub(shm_pages(s), &s->locker->locked_shm);
	free_uid(s->locker);
	s->locker = NULL;
}

static void shm_free(struct kern_ipc_perm *perm)
{
	struct shm_segment *s = to_shm(perm);

	shm_unlock_memory(s);
	fput(s->file);
	kfree(s);
}

static int shm_check(const struct kern_ipc_perm *perm, const struct ipc_params *p)
{
	return container_of(perm, struct shm_segment, perm)->size < p->size ? -EINVAL : 0;
}

static int shm_account(struct kern_ipc_perm *perm, int sign)
{
	struct shm_segment *s = to_shm(perm);
	unsigned long nr = shm_pages(s);

	if (sign < 0) {
		shm_total -= nr;
		return 0;
	}
	if (shm_total + nr < shm_total || shm_total + nr > shm_ctlall)
		return -ENOSPC;
	shm_total += nr;
	s->file->f_inode->i_ino = perm->id;	/* what /proc/PID/maps shows */
	return 0;
}

static void shm_show(struct seq_file *m, struct kern_ipc_perm *perm)
{
	struct shm_segment *s = to_shm(perm);

	seq_printf(m, "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10llu %10llu %10llu %21lu %21lu\n",
		   perm->key, perm->id, perm->mode, s->size, s->cpid, s->lpid, s->nattch, perm->uid, perm->gid,
		   perm->cuid, perm->cgid, (unsigned long long)s->atime, (unsigned long long)s->dtime,
		   (unsigned long long)s->ctime, shm_rss(s) << PAGE_SHIFT, 0ul);
}

struct ipc_ids shm_ids = {
	IPC_IDS_INIT(shm_ids),
	.limit = &shm_ctlmni, .create = shm_create, .free = shm_free, .check = shm_check, .account = shm_account,
	.heading = "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid"
		   "      atime      dtime      ctime                   rss                  swap\n",
	.show = shm_show,
};

SYSCALL_DEFINE3(shmget, int, key, size_t, size, int, flags)
{
	struct ipc_params p = { .key = key, .flags = flags, .size = size };

	return ipc_get(&shm_ids, &p);
}

/* ---- regions ------------------------------------------------------------------------------------- */

static void shm_attach(struct shm_segment *s)
{
	s->atime = ipc_now();
	s->lpid = current->tgid;
	s->nattch++;
}

/* Does nothing keep @s?  Users do, and its name, unless that is marked or shm_rmid_forced. */
static bool shm_may_destroy(const struct shm_segment *s)
{
	return !s->nattch && (READ_ONCE(shm_rmid_forced) || s->perm.mode & SHM_DEST) && !s->perm.deleted;
}

/* One user fewer; S2.  The references are others'.  => shm_ids.lock, released */
static void shm_leave(struct shm_segment *s) RELEASE(shm_ids.lock)
{
	bool last;

	s->nattch--;
	last = shm_may_destroy(s);
	if (last)
		ipc_remove(&shm_ids, &s->perm);
	mutex_unlock(&shm_ids.lock);
	if (last)
		ipc_put(&shm_ids, &s->perm);
}

static void shm_vma_open(struct vm_area_struct *vma)
{
	mutex_lock(&shm_ids.lock);
	shm_attach(vma->vm_file->private_data);
	mutex_unlock(&shm_ids.lock);
}

static void shm_vma_close(struct vm_area_struct *vma)
{
	struct shm_segment *s = vma->vm_file->private_data;

	mutex_lock(&shm_ids.lock);
	s->lpid = current->tgid;
	s->dtime = ipc_now();
	shm_leave(s);
}

static struct vm_operations_struct shm_vm_ops;	/* shmem's, and these two */

static int shm_mmap(struct file *file, struct vm_area_struct *vma)
{
	int rc = shmem_mmap(file, vma);

	if (!rc) {
		vma->vm_ops = &shm_vm_ops;
		shm_vma_open(vma);
	}
	return rc;
}

static void shm_release(__maybe_unused struct inode *inode, struct file *file)
{
	struct shm_segment *s = file->private_data;

	ipc_put(&shm_ids, &s->perm);
}

static const struct file_operations shm_file_operations = {
	.mmap = shm_mmap, .release = shm_release, .llseek = noop_llseek, .fallocate = shmem_fallocate,
};

/* What shmat() asks for, from its flags. */
struct shm_request {
	unsigned long addr, prot, map_flags;
	unsigned access;		/* permission bits */
	int open_flags;
	bool remap;
};

static int shm_decode(struct shm_request *r, unsigned long addr, int flags)
{
	*r = (struct shm_request){ .addr = addr, .map_flags = MAP_SHARED, .remap = flags & SHM_REMAP };
	if (addr & ~PAGE_MASK) {
		if (!(flags & SHM_RND))
			return -EINVAL;
		r->addr &= PAGE_MASK;
		if (!r->addr && r->remap)
			return -EINVAL;
	}
	if (addr)
		r->map_flags |= MAP_FIXED;
	else if (r->remap)
		return -EINVAL;
	r->prot = flags & SHM_RDONLY ? PROT_READ : PROT_READ | PROT_WRITE;
	r->access = flags & SHM_RDONLY ? S_IRUGO : S_IRUGO | S_IWUGO;
	r->open_flags = flags & SHM_RDONLY ? O_RDONLY : O_RDWR;
	if (flags & SHM_EXEC) {
		r->prot |= PROT_EXEC;
		r->access |= S_IXUGO;
	}
	return 0;
}

/* The segment of identifier @id with one more user, which shm_leave() takes away, and a reference; ERR_PTR */
static struct shm_segment *shm_enter(int id, unsigned access)
{
	struct kern_ipc_perm *perm;

	mutex_lock(&shm_ids.lock);
	perm = ipc_find(&shm_ids, id);
	if (!perm || !ipc_permits(perm, access)) {
		mutex_unlock(&shm_ids.lock);
		return ERR_PTR(perm ? -EACCES : -EINVAL);
	}
	to_shm(perm)->nattch++;
	ipc_hold(perm);
	mutex_unlock(&shm_ids.lock);
	return to_shm(perm);
}

static unsigned long shm_map_locked(struct mm_struct *mm, struct file *file, const struct shm_request *r,
				    unsigned long *populate) REQUIRES(mm->mmap_lock)
{
	size_t size = file->f_inode->i_size;

	if (r->addr && !r->remap &&
	    (r->addr + size < r->addr || find_vma_intersection(mm, r->addr, r->addr + size)))
		return -EINVAL;
	return do_mmap(file, r->addr, size, r->prot, r->map_flags, 0, populate, NULL);
}

static unsigned long shm_map(struct shm_segment *s, const struct shm_request *r)
{
	struct file *file = dentry_open(&s->file->f_path, r->open_flags);
	struct mm_struct *mm = current->mm;
	unsigned long populate = 0, addr;

	if (IS_ERR(file))
		return PTR_ERR(file);
	file->f_op = &shm_file_operations;
	file->private_data = s;
	ipc_hold(&s->perm);			/* S3: shm_release() puts it */
	addr = -EINTR;
	if (!mmap_write_lock_killable(mm)) {
		addr = shm_map_locked(mm, file, r, &populate);
		mmap_write_unlock(mm);
	}
	fput(file);
	if (populate)
		mm_populate(addr, populate);
	return addr;
}

SYSCALL_DEFINE3(shmat, int, id, unsigned long, addr, int, flags)
{
	struct shm_request r;
	struct shm_segment *s;
	long rc = id < 0 ? -EINVAL : shm_decode(&r, addr, flags);

	if (rc)
		return rc;
	s = shm_enter(id, r.access);
	if (IS_ERR(s))
		return PTR_ERR(s);
	rc = shm_map(s, &r);
	mutex_lock(&shm_ids.lock);
	shm_leave(s);
	ipc_put(&shm_ids, &s->perm);
	return rc;
}

/* A region that belongs to the attachment at @addr.  => mmap_lock */
static bool shm_belongs(const struct vm_area_struct *vma, unsigned long addr)
{
	return vma->vm_ops == &shm_vm_ops && (vma->vm_start - addr) >> PAGE_SHIFT == vma->vm_pgoff;
}

/* Unmap what is left of the attachment at @addr, in as many regions as it is now. */
static int shm_unmap(struct mm_struct *mm, unsigned long addr) REQUIRES(mm->mmap_lock)
{
	struct vm_area_struct *vma = find_vma(mm, addr), *next;
	struct shm_segment *s;
	unsigned long end;
	int rc = 0;

	while (vma && !shm_belongs(vma, addr))
		vma = vma->vm_next;
	if (!vma)
		return -EINVAL;
	s = vma->vm_file->private_data;
	end = addr + PAGE_ALIGN(s->size);
	for (; vma && vma->vm_start < end && !rc; vma = next) {
		next = vma->vm_next;
		if (shm_belongs(vma, addr) && vma->vm_file->private_data == s)
			rc = do_munmap(mm, vma->vm_start, vma->vm_end - vma->vm_start, NULL);
	}
	return rc;
}

SYSCALL_DEFINE1(shmdt, unsigned long, addr)
{
	struct mm_struct *mm = current->mm;
	int rc;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	rc = shm_unmap(mm, addr);
	mmap_write_unlock(mm);
	return rc;
}

/* ---- creators, and shm_rmid_forced ----------------------------------------------------------------- */

/* @s goes out of the table, onto the list @doomed. */
static void shm_doom(struct shm_segment *s, struct shm_segment **doomed) REQUIRES(shm_ids.lock)
{
	ipc_remove(&shm_ids, &s->perm);
	s->doomed = *doomed;
	*doomed = s;
}

static void shm_put_doomed(struct shm_segment *s)
{
	for (struct shm_segment *next; s; s = next) {
		next = s->doomed;
		ipc_put(&shm_ids, &s->perm);
	}
}

/* What @creator made is an orphan from now on; what may go without one goes.  NULL: what is an orphan already. */
static void shm_orphan(struct task_struct *creator)
{
	struct shm_segment *doomed = NULL;
	struct kern_ipc_perm *perm;
	unsigned long i;

	mutex_lock(&shm_ids.lock);
	xa_for_each(&shm_ids.table, i, perm) {
		struct shm_segment *s = to_shm(perm);

		if (s->creator != creator)
			continue;
		s->creator = NULL;
		if (shm_may_destroy(s))
			shm_doom(s, &doomed);
	}
	mutex_unlock(&shm_ids.lock);
	shm_put_doomed(doomed);
}

void exit_shm(struct task_struct *t)
{
	if (t->shm_made)
		shm_orphan(t);
}

static void shm_forced_changed(void)
{
	if (shm_rmid_forced)
		shm_orphan(NULL);
}

/* ---- shmctl --------------------------------------------------------------------------------------- */

static long shm_limits(void __user *buf)
{
	struct shminfo64 info = {
		.shmmax = shm_ctlmax, .shmmin = 1, .shmmni = shm_ctlmni, .shmseg = shm_ctlmni, .shmall = shm_ctlall,
	};
	int max;

	mutex_lock(&shm_ids.lock);
	max = ipc_max_index(&shm_ids);
	mutex_unlock(&shm_ids.lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max;
}

static long shm_totals(void __user *buf)
{
	struct shm_info info = { 0 };
	struct kern_ipc_perm *perm;
	unsigned long i;
	int max;

	mutex_lock(&shm_ids.lock);
	info.used_ids = shm_ids.in_use;
	info.shm_tot = shm_total;
	xa_for_each(&shm_ids.table, i, perm)
		info.shm_rss += shm_rss(to_shm(perm));
	max = ipc_max_index(&shm_ids);
	mutex_unlock(&shm_ids.lock);
	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max;
}

static void shm_fill(struct shmid64_ds *out, const struct shm_segment *s)
{
	*out = (struct shmid64_ds){
		.shm_segsz = s->size, .shm_atime = s->atime, .shm_dtime = s->dtime, .shm_ctime = s->ctime,
		.shm_cpid = s->cpid, .shm_lpid = s->lpid, .shm_nattch = s->nattch,
	};
	ipc_fill_perm(&out->shm_perm, &s->perm);
}

static long shm_stat(int id, int cmd, void __user *buf)
{
	struct shmid64_ds out;
	struct kern_ipc_perm *perm;
	long rc = -EINVAL;

	mutex_lock(&shm_ids.lock);
	perm = cmd == IPC_STAT ? ipc_find(&shm_ids, id) : ipc_find_index(&shm_ids, id);
	if (perm) {
		rc = cmd == SHM_STAT_ANY || ipc_permits(perm, S_IRUGO) ? 0 : -EACCES;
		shm_fill(&out, to_shm(perm));
		if (!rc && cmd != IPC_STAT)
			rc = perm->id;
	}
	mutex_unlock(&shm_ids.lock);
	return rc >= 0 && copy_to_user(buf, &out, sizeof(out)) ? -EFAULT : rc;
}

/* IPC_RMID: it goes now, or with its last region (S2).  What the caller is to put, or NULL */
static struct kern_ipc_perm *shm_rmid(struct shm_segment *s) REQUIRES(shm_ids.lock)
{
	if (s->nattch) {
		s->perm.mode |= SHM_DEST;
		s->perm.key = IPC_PRIVATE;
		return NULL;
	}
	ipc_remove(&shm_ids, &s->perm);
	return &s->perm;
}

/* IPC_SET and IPC_RMID, the owner's. */
static long shm_change(int id, int cmd, void __user *buf)
{
	struct kern_ipc_perm *perm, *gone = NULL;
	struct shmid64_ds in;
	long rc;

	if (cmd == IPC_SET && copy_from_user(&in, buf, sizeof(in)))
		return -EFAULT;
	mutex_lock(&shm_ids.lock);
	perm = ipc_find(&shm_ids, id);
	rc = !perm ? -EINVAL : ipc_owned(perm) ? 0 : -EPERM;
	if (!rc && cmd == IPC_RMID)
		gone = shm_rmid(to_shm(perm));
	if (!rc && cmd == IPC_SET) {
		rc = ipc_set_perm(perm, &in.shm_perm);
		if (!rc)
			to_shm(perm)->ctime = ipc_now();
	}
	mutex_unlock(&shm_ids.lock);
	if (gone)
		ipc_put(&shm_ids, gone);
	return rc;
}

/*
 * SHM_LOCK: its pages are never written out.  They never are while there is no swap; what is left to do is
 * to count them and to say so.  => shm_ids.lock
 */
static int shm_lock_memory(struct shm_segment *s)
{
	struct user_struct *user = current_cred()->user;
	unsigned long nr = shm_pages(s), limit = task_rlimit(RLIMIT_MEMLOCK);

	if (s->perm.mode & SHM_LOCKED)
		return 0;
	if ((unsigned long)atomic_long_add_return(nr, &user->locked_shm) > limit >> PAGE_SHIFT &&
	    limit != RLIM_INFINITY && !capable(CAP_IPC_LOCK)) {
		atomic_long_sub(nr, &user->locked_shm);
		return -ENOMEM;
	}
	s->locker = get_uid(user);
	s->perm.mode |= SHM_LOCKED;
	return 0;
}

static long shm_lock(int id, int cmd)
{
	struct kern_ipc_perm *perm;
	long rc = -EINVAL;

	mutex_lock(&shm_ids.lock);
	perm = ipc_find(&shm_ids, id);
	if (perm) {
		bool owner = current_euid() == perm->uid || current_euid() == perm->cuid;

		rc = capable(CAP_IPC_LOCK) ||
		     (owner && (cmd != SHM_LOCK || task_rlimit(RLIMIT_MEMLOCK))) ? 0 : -EPERM;
		if (!rc && cmd == SHM_LOCK) {
			rc = shm_lock_memory(to_shm(perm));
		} else if (!rc) {
			shm_unlock_memory(to_shm(perm));
			perm->mode &= ~SHM_LOCKED;
		}
	}
	mutex_unlock(&shm_ids.lock);
	return rc;
}

SYSCALL_DEFINE3(shmctl, int, id, int, cmd, void __user *, buf)
{
	if (cmd < 0 || id < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
		return shm_limits(buf);
	case SHM_INFO:
		return shm_totals(buf);
	case IPC_STAT:
	case SHM_STAT:
	case SHM_STAT_ANY:
		return shm_stat(id, cmd, buf);
	case IPC_SET:
	case IPC_RMID:
		return shm_change(id, cmd, buf);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_lock(id, cmd);
	default:
		return -EINVAL;
	}
}

static const struct ctl_table shm_table[] = {
	{ .name = "shmmax", .data = &shm_ctlmax, .maxlen = sizeof(long), .mode = 0644, .handler = proc_doulongvec },
	{ .name = "shmall", .data = &shm_ctlall, .maxlen = sizeof(long), .mode = 0644, .handler = proc_doulongvec },
	{ .name = "shmmni", .data = &shm_ctlmni, .maxlen = sizeof(int), .mode = 0644, .handler = proc_dointvec,
	  .min = 0, .max = IPCMNI },
	{ .name = "shm_rmid_forced", .data = &shm_rmid_forced, .maxlen = sizeof(int), .mode = 0644,
	  .handler = proc_dointvec, .min = 0, .max = 1, .changed = shm_forced_changed },
	IPC_NEXT_ID("shm_next_id", shm_ids),
};

void __init shm_init(void)
{
	shm_vm_ops = shmem_vm_ops;
	shm_vm_ops.open = shm_vma_open;
	shm_vm_ops.close = shm_vma_close;
	(void)register_sysctl("kernel", shm_table, ARRAY_SIZE(shm_table));
}
