/*
 * test/user/t_sysvipc.c - System V shared memory, semaphores and message queues.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <limits.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

#define PAGE	4096ul

#define fork_child(...) ({ \
	fflush(NULL); pid_t _p = fork(); CHECK(_p >= 0); \
	if (!_p) { __VA_ARGS__; _exit(0); } \
	_p; })

static int wait_child(pid_t p)
{
	int status;

	CHECK_EQ(waitpid(p, &status, 0), p);
	return status;
}

static struct shmid_ds shm_ds(int id)
{
	struct shmid_ds ds;

	CHECK_EQ(shmctl(id, IPC_STAT, &ds), 0);
	return ds;
}

/* Does a line of @file begin with @start, after blanks, and hold @want? */
static bool line_has(const char *file, const char *start, const char *want)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(file, "r");

	CHECK(f);
	while (!found && fgets(line, sizeof(line), f))
		found = !strncmp(line + strspn(line, " "), start, strlen(start)) && strstr(line, want);
	fclose(f);
	return found;
}

TEST(shm_is_shared_and_goes_with_its_last_user)
{
	int id = shmget(IPC_PRIVATE, 3 * PAGE - 100, IPC_CREAT | 0600);
	char *a, *b, want[32];

	CHECK(id >= 0);
	a = shmat(id, NULL, 0);
	b = shmat(id, NULL, SHM_RDONLY);
	CHECK(a != (void *)-1 && b != (void *)-1 && a != b);
	a[2 * PAGE] = 7;
	CHECK_EQ(b[2 * PAGE], 7);
	CHECK_ERR(mprotect(b, PAGE, PROT_READ | PROT_WRITE), EACCES);
	CHECK_EQ(shm_ds(id).shm_nattch, 2);
	CHECK_EQ(shm_ds(id).shm_segsz, 3 * PAGE - 100);
	CHECK_EQ(shm_ds(id).shm_cpid, getpid());
	snprintf(want, sizeof(want), "%lx-", (unsigned long)a);
	CHECK(line_has("/proc/self/maps", want, "/SYSV00000000 (deleted)"));

	CHECK_EQ(munmap(a + PAGE, PAGE), 0);			/* in two pieces now */
	CHECK_EQ(shm_ds(id).shm_nattch, 3);
	CHECK_EQ(CHILD_STATUS({
		CHECK_EQ(shm_ds(id).shm_nattch, 6);
		a[0] = 8;
		CHECK_EQ(shmdt(a), 0);				/* both pieces */
		CHECK_EQ(shm_ds(id).shm_nattch, 4);
		CHECK_ERR(shmdt(a), EINVAL);
	}), 0);
	CHECK_EQ(b[0], 8);
	CHECK_EQ(shm_ds(id).shm_nattch, 3);

	CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0);
	CHECK_EQ(shm_ds(id).shm_perm.mode, 0600 | 01000);
	CHECK_EQ(shmdt(a), 0);
	a = shmat(id, NULL, 0);					/* who knows it may still come in */
	CHECK_EQ(a[0], 8);
	CHECK_EQ(shmdt(a), 0);
	CHECK_EQ(shmdt(b), 0);
	CHECK_ERR(shmctl(id, IPC_RMID, NULL), EINVAL);
	CHECK_EQ((long)shmat(id, NULL, 0), -1);
}

TEST(shm_by_key)
{
	key_t key = 0x56454c00 + getpid();
	int id = shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0640), next;
	char want[32];

	CHECK(id >= 0);
	CHECK_ERR(shmget(key, PAGE, IPC_CREAT | IPC_EXCL), EEXIST);
	CHECK_EQ(shmget(key, 0, 0), id);
	CHECK_ERR(shmget(key, PAGE + 1, 0), EINVAL);
	CHECK_ERR(shmget(key + 100000, PAGE, 0600), ENOENT);
	CHECK_ERR(shmget(IPC_PRIVATE, 0, 0600), EINVAL);
	CHECK_ERR(shmget(IPC_PRIVATE, ULONG_MAX, 0600), EINVAL);
	snprintf(want, sizeof(want), "%d %10d   640", key, id);
	CHECK(line_has("/proc/sysvipc/shm", want, " 4096 "));
	CHECK_EQ(WEXITSTATUS(CHILD_STATUS({
		struct shmid_ds ds;

		CHECK_EQ(setgid(1000), 0);
		CHECK_EQ(setuid(1000), 0);
		CHECK_ERR(shmget(key, PAGE, 0400), EACCES);
		CHECK_ERR(shmctl(id, IPC_STAT, &ds), EACCES);
		CHECK_ERR(shmctl(id, IPC_RMID, NULL), EPERM);
		CHECK_ERR((long)shmat(id, NULL, SHM_RDONLY), EACCES);
	})), 0);
	CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0);
	next = shmget(key, PAGE, IPC_CREAT | 0600);
	CHECK(next >= 0 && next != id);				/* an identifier is not used again soon */
	CHECK_EQ(shmctl(next, IPC_RMID, NULL), 0);
}

TEST(shm_addresses)
{
	int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
	char *room = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(room != MAP_FAILED);
	CHECK_ERR((long)shmat(id, room, 0), EINVAL);			/* something is there */
	CHECK_ERR((long)shmat(id, room + 1, SHM_REMAP), EINVAL);
	CHECK_ERR((long)shmat(id, NULL, SHM_REMAP), EINVAL);
	CHECK_EQ((long)shmat(id, room + PAGE + 5, SHM_RND | SHM_REMAP), (long)(room + PAGE));
	room[PAGE] = 1;
	CHECK_EQ((long)mremap(room + PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + 4 * PAGE),
		 (long)(room + 4 * PAGE));
	CHECK_EQ(room[4 * PAGE], 1);
	CHECK_EQ(shm_ds(id).shm_nattch, 1);
	CHECK_ERR(shmdt(room + 1), EINVAL);
	CHECK_EQ(shmdt(room + 4 * PAGE), 0);
	CHECK_EQ(shm_ds(id).shm_nattch, 0);
	CHECK_EQ(shmctl(id, SHM_LOCK, NULL), 0);
	CHECK_EQ(shm_ds(id).shm_perm.mode, 0600 | 02000);
	CHECK_EQ(shmctl(id, SHM_UNLOCK, NULL), 0);
	CHECK_EQ(shmctl(id, IPC_RMID, NULL), 0);
	munmap(room, 8 * PAGE);
}

static int sem_do(int id, int num, int op, int flags)
{
	struct sembuf b = { .sem_num = num, .sem_op = op, .sem_flg = flags };

	return semop(id, &b, 1);
}

TEST(sem_operations_are_done_together_or_not_at_all)
{
	int id = semget(IPC_PRIVATE, 3, 0600);
	struct sembuf two[] = { { 0, 5, 0 }, { 1, -1, IPC_NOWAIT } }, many[501] = { 0 };
	unsigned short vals[3] = { 1, 2, 3 };
	struct timespec soon = { .tv_nsec = 20000000 };

	CHECK(id >= 0);
	CHECK_ERR(semop(id, two, 2), EAGAIN);
	CHECK_EQ(semctl(id, 0, GETVAL), 0);
	CHECK_EQ(semctl(id, 0, SETALL, vals), 0);
	CHECK_EQ(semop(id, two, 2), 0);
	CHECK_EQ(semctl(id, 0, GETALL, vals), 0);
	CHECK_EQ(vals[0], 6);
	CHECK_EQ(vals[1], 1);
	CHECK_EQ(vals[2], 3);
	CHECK_EQ(semctl(id, 1, GETPID), getpid());
	CHECK_ERR(sem_do(id, 3, 1, 0), EFBIG);
	CHECK_ERR(sem_do(id, 0, 32767, 0), ERANGE);
	CHECK_ERR(semop(id, many, 501), E2BIG);
	CHECK_ERR(semctl(id, 0, SETVAL, 32768), ERANGE);
	CHECK_ERR(semctl(id, 3, GETVAL), EINVAL);
	two[0] = (struct sembuf){ 0, 0, 0 };
	CHECK_ERR(semtimedop(id, two, 1, &soon), EAGAIN);
	CHECK_EQ(semctl(id, 0, IPC_RMID), 0);
	CHECK_ERR(sem_do(id, 0, 1, 0), EINVAL);
}

TEST(sem_sleepers_are_woken_and_counted)
{
	int id = semget(IPC_PRIVATE, 2, 0600);
	pid_t taker = fork_child({ CHECK_EQ(sem_do(id, 0, -2, 0), 0); }), zero, left;

	CHECK_EQ(sem_do(id, 1, 1, 0), 0);
	zero = fork_child({ CHECK_EQ(sem_do(id, 1, 0, 0), 0); });
	while (semctl(id, 0, GETNCNT) != 1 || semctl(id, 1, GETZCNT) != 1)
		usleep(1000);
	CHECK_EQ(semctl(id, 1, GETNCNT), 0);
	CHECK_EQ(sem_do(id, 0, 1, 0), 0);
	CHECK_EQ(semctl(id, 0, GETVAL), 1);			/* not enough for it */
	CHECK_EQ(sem_do(id, 0, 1, 0), 0);
	CHECK_EQ(wait_child(taker), 0);
	CHECK_EQ(semctl(id, 0, GETVAL), 0);
	CHECK_EQ(sem_do(id, 1, -1, 0), 0);
	CHECK_EQ(wait_child(zero), 0);
	left = fork_child({ CHECK_ERR(sem_do(id, 0, -1, 0), EIDRM); });
	while (semctl(id, 0, GETNCNT) != 1)
		usleep(1000);
	CHECK_EQ(semctl(id, 0, IPC_RMID), 0);
	CHECK_EQ(wait_child(left), 0);
}

TEST(sem_undo_at_the_end_of_a_process)
{
	int id = semget(IPC_PRIVATE, 2, 0600);

	CHECK_EQ(semctl(id, 0, SETVAL, 5), 0);
	CHECK_EQ(semctl(id, 1, SETVAL, 5), 0);
	CHECK_EQ(CHILD_STATUS({
		CHECK_EQ(sem_do(id, 0, -3, SEM_UNDO), 0);
		CHECK_EQ(sem_do(id, 1, -3, SEM_UNDO), 0);
		CHECK_EQ(semctl(id, 1, SETVAL, 9), 0);		/* forgets what was to be undone */
		CHECK_EQ(semctl(id, 0, GETVAL), 2);
	}), 0);
	CHECK_EQ(semctl(id, 0, GETVAL), 5);
	CHECK_EQ(semctl(id, 1, GETVAL), 9);
	CHECK_EQ(semctl(id, 0, IPC_RMID), 0);
}

struct message { long type; char text[64]; };

TEST(msg_types)
{
	int id = msgget(IPC_PRIVATE, 0600);
	struct message m = { .type = 3, .text = "three" };
	struct msqid_ds ds;

	CHECK_EQ(msgsnd(id, &m, 6, 0), 0);
	m = (struct message){ .type = 2, .text = "two" };
	CHECK_EQ(msgsnd(id, &m, 4, 0), 0);
	m = (struct message){ .type = 5, .text = "five" };
	CHECK_EQ(msgsnd(id, &m, 5, 0), 0);
	CHECK_EQ(msgctl(id, IPC_STAT, &ds), 0);
	CHECK_EQ(ds.msg_qnum, 3);
	CHECK_EQ(ds.__msg_cbytes, 15);
	CHECK_EQ(ds.msg_lspid, getpid());
	CHECK_ERR(msgrcv(id, &m, 64, 4, IPC_NOWAIT), ENOMSG);
	CHECK_ERR(msgrcv(id, &m, 2, 3, 0), E2BIG);
	CHECK_EQ(msgrcv(id, &m, 64, -4, 0), 4);
	CHECK_EQ(m.type, 2);
	CHECK_EQ(msgrcv(id, &m, 64, 3, MSG_EXCEPT), 5);
	CHECK_EQ(strcmp(m.text, "five"), 0);
	CHECK_EQ(msgrcv(id, &m, 2, 0, MSG_NOERROR), 2);
	CHECK_EQ(m.type, 3);
	m.type = 0;
	CHECK_ERR(msgsnd(id, &m, 4, 0), EINVAL);
	m.type = 1;
	CHECK_ERR(msgsnd(id, &m, 8193, 0), EINVAL);
	CHECK_EQ(msgctl(id, IPC_RMID, NULL), 0);
	CHECK_ERR(msgsnd(id, &m, 4, 0), EINVAL);
}

TEST(msg_waits_for_room_and_for_messages)
{
	static struct { long type; char text[8192]; } big = { .type = 1 };
	int id = msgget(IPC_PRIVATE, 0600);
	pid_t sender, receiver;
	struct message m;

	receiver = fork_child({ CHECK_EQ(msgrcv(id, &m, 64, 9, 0), 1); });
	CHECK_EQ(msgsnd(id, &big, 8192, 0), 0);
	CHECK_EQ(msgsnd(id, &big, 8192, 0), 0);
	big.type = 9;
	CHECK_ERR(msgsnd(id, &big, 1, IPC_NOWAIT), EAGAIN);
	sender = fork_child({ CHECK_EQ(msgsnd(id, &big, 1, 0), 0); });
	usleep(20000);
	CHECK_EQ(msgrcv(id, &big, 8192, 1, 0), 8192);
	CHECK_EQ(wait_child(sender), 0);
	CHECK_EQ(wait_child(receiver), 0);
	receiver = fork_child({ CHECK_ERR(msgrcv(id, &m, 64, 9, 0), EIDRM); });
	until_tasks_sleep(receiver, 1);
	CHECK_EQ(msgctl(id, IPC_RMID, NULL), 0);
	CHECK_EQ(wait_child(receiver), 0);
}

static void write_next_id(const char *file, int id)
{
	char text[16];
	int fd = open(file, O_WRONLY);

	CHECK(fd >= 0);
	snprintf(text, sizeof(text), "%d", id);
	CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static int read_next_id(const char *file)
{
	char text[16] = "";
	int fd = open(file, O_RDONLY);

	CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return atoi(text);
}

/* Who restores processes says which identifier the next object is to have. */
TEST(the_next_identifier_can_be_chosen)
{
	static const char *const file = "/proc/sys/kernel/msg_next_id";
	int want = 7 << 15 | 1234, id, other;

	if (access(file, F_OK))
		test_skip("no msg_next_id");
	CHECK_EQ(read_next_id(file), -1);
	write_next_id(file, want);
	CHECK_EQ(read_next_id(file), want);
	id = msgget(IPC_PRIVATE, 0600);
	CHECK_EQ(id, want);
	CHECK_EQ(read_next_id(file), -1);		/* for one object only */
	write_next_id(file, want);
	other = msgget(IPC_PRIVATE, 0600);
	CHECK(other >= 0 && other != want && other >> 15 == 7);
	CHECK_EQ(msgctl(other, IPC_RMID, NULL), 0);
	CHECK_EQ(msgctl(id, IPC_RMID, NULL), 0);
	CHECK_EQ(wait_child(fork_child({
		if (setgid(7001) || setuid(7001))
			_exit(1);
		CHECK_ERR(open(file, O_WRONLY), EACCES);
		CHECK_EQ(read_next_id(file), -1);
	})), 0);
	CHECK(!access("/proc/sys/kernel/shm_next_id", R_OK) && !access("/proc/sys/kernel/sem_next_id", R_OK));
}
