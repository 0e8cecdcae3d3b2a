/*
 * test/user/t_storm.c - many threads and processes at once, every byte checked.
 *
 * MODEL     Each worker owns slots (areas of memory) and a model of what is in every page of them, does random
 *           mmap, write, munmap, mprotect, mremap, madvise and fork, and compares.  All workers share one
 *           address space, so that each one's calls race with all others' faults and with their forks.
 *           STORM=seconds in the environment (or on the kernel command line) makes each test run longer;
 *           SEED=n chooses another sequence.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <time.h>

#define PAGE		4096ul
#define SLOTS		10
#define MAX_PAGES	32
#define MAX_WORKERS	16

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static double storm_seconds(void)
{
	const char *s = getenv("STORM");

	return s ? atof(s) : 1.0;
}

static unsigned nr_workers(void)
{
	long n = 2 * sysconf(_SC_NPROCESSORS_ONLN);

	return n > MAX_WORKERS ? MAX_WORKERS : n < 4 ? 4 : n;
}

struct slot {
	unsigned char *at;
	unsigned pages;
	bool readonly[MAX_PAGES];
	bool was_split;			/* a part of it was protected otherwise at some time */
	unsigned value[MAX_PAGES];	/* 0: reads as zeros */
};

struct worker {
	struct slot slot[SLOTS];
	unsigned long rng;
	unsigned id, max_pages, next_value, rounds;
	int file, zero;
	double end;
	pthread_t thread;
};

static unsigned rnd(struct worker *w, unsigned n)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return (w->rng >> 11) % n;
}

/* The word at offset @i of a page whose value is @v. */
static unsigned long word_of(unsigned v, unsigned i)
{
	return v ? v * 0x9e3779b97f4a7c15ul + i : 0;
}

static void page_fill(struct slot *s, unsigned p, unsigned v)
{
	unsigned long *word = (unsigned long *)(s->at + p * PAGE);

	for (unsigned i = 0; i < PAGE / 8; i += 37)
		word[i] = word_of(v, i);
	s->value[p] = v;
}

static void page_verify(struct worker *w, struct slot *s, unsigned p, const char *when)
{
	unsigned long *word = (unsigned long *)(s->at + p * PAGE);

	for (unsigned i = 0; i < PAGE / 8; i += 37)
		if (word[i] != word_of(s->value[p], i))
			test_fail(__FILE__, __LINE__, "%s: worker %u, page %p word %u is %#lx, want %#lx", when,
				  w->id, word, i, word[i], word_of(s->value[p], i));
}

static void worker_verify(struct worker *w, const char *when)
{
	for (unsigned i = 0; i < SLOTS; i++)
		for (unsigned p = 0; p < w->slot[i].pages; p++)
			page_verify(w, &w->slot[i], p, when);
}

static void slot_drop(struct slot *s)
{
	if (s->pages)
		CHECK_EQ(munmap(s->at, s->pages * PAGE), 0);
	s->pages = 0;
}

static void slot_map(struct worker *w, struct slot *s)
{
	unsigned pages = 1 + rnd(w, w->max_pages);

	slot_drop(s);
	s->at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->at == MAP_FAILED) {
		CHECK_EQ(errno, ENOMEM);
		return;
	}
	s->pages = pages;
	memset(s->readonly, 0, sizeof(s->readonly));
	s->was_split = false;
	memset(s->value, 0, sizeof(s->value));
}

static void slot_write(struct worker *w, struct slot *s)
{
	unsigned p = rnd(w, s->pages), n = 1 + rnd(w, 8);

	for (; n-- && p < s->pages; p++)
		if (!s->readonly[p])
			page_fill(s, p, w->id << 24 | (++w->next_value & 0xffffff) | 1);
}

static void slot_protect(struct worker *w, struct slot *s)
{
	unsigned p = rnd(w, s->pages), n = 1 + rnd(w, s->pages - p);
	bool readonly = rnd(w, 2);

	CHECK_EQ(mprotect(s->at + p * PAGE, n * PAGE, readonly ? PROT_READ : PROT_READ | PROT_WRITE), 0);
	s->was_split = true;
	for (unsigned i = 0; i < n; i++)
		s->readonly[p + i] = readonly;
	if (readonly)
		CHECK_ERR(read(w->zero, s->at + p * PAGE, 8), EFAULT);
}

static void slot_forget(struct worker *w, struct slot *s)
{
	unsigned p = rnd(w, s->pages), n = 1 + rnd(w, s->pages - p);

	CHECK_EQ(madvise(s->at + p * PAGE, n * PAGE, MADV_DONTNEED), 0);
	for (unsigned i = 0; i < n; i++)
		s->value[p + i] = 0;
}

/* Unmap pages at an end of the slot. */
static void slot_trim(struct worker *w, struct slot *s)
{
	unsigned n = 1 + rnd(w, s->pages);

	if (n == s->pages || rnd(w, 2)) {
		CHECK_EQ(munmap(s->at + (s->pages - n) * PAGE, n * PAGE), 0);
	} else {
		CHECK_EQ(munmap(s->at, n * PAGE), 0);
		s->at += n * PAGE;
		memmove(s->value, s->value + n, (s->pages - n) * sizeof(*s->value));
		memmove(s->readonly, s->readonly + n, (s->pages - n) * sizeof(*s->readonly));
	}
	s->pages -= n;
}

/* Move the slot, and grow it where it is one area. */
static void slot_move(struct worker *w, struct slot *s)
{
	unsigned pages = 1 + rnd(w, w->max_pages);

	for (unsigned p = 1; p < s->pages; p++)
		if (s->readonly[p] != s->readonly[0])
			return;
	void *to = mremap(s->at, s->pages * PAGE, pages * PAGE, MREMAP_MAYMOVE);
	if (to == MAP_FAILED) {
		/* Linux may keep apart what was split once: EFAULT says that there are two regions. */
		CHECK(errno == ENOMEM || (errno == EFAULT && s->was_split));
		return;
	}
	s->at = to;
	for (unsigned p = s->pages; p < pages; p++) {
		s->value[p] = 0;
		s->readonly[p] = s->readonly[0];
	}
	s->pages = pages;
}

/* Through the kernel: a pipe of one page, into and out of the slot. */
static void slot_copy(struct worker *w, struct slot *s)
{
	unsigned from = rnd(w, s->pages), to = rnd(w, s->pages);
	int fd[2];

	if (s->readonly[to])
		return;
	CHECK_EQ(pipe(fd), 0);
	CHECK_EQ(write(fd[1], s->at + from * PAGE, PAGE), PAGE);
	CHECK_EQ(read(fd[0], s->at + to * PAGE, PAGE), PAGE);
	s->value[to] = s->value[from];
	close(fd[0]);
	close(fd[1]);
}

static int child_life(struct worker *w, int depth)
{
	int st;

	worker_verify(w, "child");
	for (int i = 0; i < 4; i++) {
		struct slot *s = &w->slot[rnd(w, SLOTS)];

		if (s->pages)
			slot_write(w, s);
	}
	if (depth && !rnd(w, 3)) {
		pid_t pid = fork();

		if (!pid)
			_exit(child_life(w, depth - 1));
		if (pid > 0 && (waitpid(pid, &st, 0) != pid || st))
			return 3;
	}
	worker_verify(w, "child that wrote");
	return 0;
}

/* Children see what was there at fork, and what they write stays theirs. */
static void worker_fork(struct worker *w)
{
	pid_t pid = fork();
	int st;

	if (!pid)
		_exit(child_life(w, 2));
	if (pid < 0) {
		CHECK(errno == EAGAIN || errno == ENOMEM);
		return;
	}
	for (int i = 0; i < 4; i++) {
		struct slot *s = &w->slot[rnd(w, SLOTS)];

		if (s->pages)
			slot_write(w, s);
	}
	CHECK_EQ(waitpid(pid, &st, 0), pid);
	CHECK_EQ(st, 0);
}

static void worker_step(struct worker *w)
{
	struct slot *s = &w->slot[rnd(w, SLOTS)];
	unsigned what = rnd(w, 100);

	if (!s->pages || what < 8)
		slot_map(w, s);
	else if (what < 45)
		slot_write(w, s);
	else if (what < 60)
		page_verify(w, s, rnd(w, s->pages), "slot");
	else if (what < 70)
		slot_protect(w, s);
	else if (what < 78)
		slot_forget(w, s);
	else if (what < 83)
		slot_trim(w, s);
	else if (what < 90)
		slot_move(w, s);
	else if (what < 95)
		slot_copy(w, s);
	else if (what < 97)
		worker_fork(w);
	else
		sched_yield();
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	for (w->rounds = 0; (w->rounds & 63) || now() < w->end; w->rounds++)
		worker_step(w);
	worker_verify(w, "end");
	for (unsigned i = 0; i < SLOTS; i++)
		slot_drop(&w->slot[i]);
	return NULL;
}

static void worker_init(struct worker *w, unsigned id, unsigned nr)
{
	const char *seed = getenv("SEED");
	struct sysinfo si;

	sysinfo(&si);
	/* A worker, its child and its grandchildren may each have a copy: a quarter of what is free. */
	unsigned long budget = si.freeram / PAGE / 16 / (nr * SLOTS);

	memset(w, 0, sizeof(*w));
	w->id = id + 1;
	w->rng = (seed ? strtoul(seed, NULL, 0) : 1) * 0x9e3779b97f4a7c15ul + id * 77777 + 1;
	w->max_pages = budget > MAX_PAGES ? MAX_PAGES : budget < 1 ? 1 : budget;
	w->zero = open("/dev/zero", O_RDONLY);
	CHECK(w->zero >= 0);
	w->end = now() + storm_seconds();
}

/*
 * What a fault brings is whole, zeros or the content of another (E2 of mm/fault/anon.c), and the look-up of a
 * region ends whatever others do to the tree (K5 of mm/region/vma_lock.c).
 */
TEST_TIMED(threads_map_write_protect_move_and_fork, 600)
{
	static struct worker workers[MAX_WORKERS];
	unsigned nr = nr_workers();

	for (unsigned i = 0; i < nr; i++)
		worker_init(&workers[i], i, nr);
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]), 0);
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(pthread_join(workers[i].thread, NULL), 0);
}

/* A process for each worker, which lives @life: all end well. */
static void in_processes(void *(*life)(void *worker))
{
	unsigned nr = nr_workers();
	int st;

	for (unsigned i = 0; i < nr; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (!pid) {
			static struct worker w;

			worker_init(&w, i, nr);
			life(&w);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < nr; i++) {
		CHECK(wait(&st) > 0);
		CHECK_EQ(st, 0);
	}
}

/* The same in processes, which share nothing but the machine. */
TEST_TIMED(processes_map_write_protect_move_and_fork, 600) { in_processes(worker_main); }

/* ---- threads come and go --------------------------------------------------------------------- */

static __thread unsigned long tls[64];

static void *short_life(void *arg)
{
	unsigned long id = (unsigned long)arg;
	unsigned long stack[256];

	for (unsigned i = 0; i < 64; i++)
		if (tls[i])
			test_fail(__FILE__, __LINE__, "a new thread's word %u is %#lx", i, tls[i]);
	for (unsigned i = 0; i < 64; i++)
		tls[i] = id + i;
	for (unsigned i = 0; i < 256; i++)
		((volatile unsigned long *)stack)[i] = id * i;
	sched_yield();
	for (unsigned i = 0; i < 64; i++)
		CHECK_EQ(tls[i], id + i);
	for (unsigned i = 0; i < 256; i++)
		CHECK_EQ(((volatile unsigned long *)stack)[i], id * i);
	return (void *)(id * 3);
}

static atomic_ulong threads_made;

static void *spawner(void *arg)
{
	double end = *(double *)arg;

	do {
		pthread_t t[8];
		void *ret;

		for (unsigned long i = 0; i < 8; i++)
			CHECK_EQ(pthread_create(&t[i], NULL, short_life, (void *)(i + 1)), 0);
		for (unsigned long i = 0; i < 8; i++) {
			CHECK_EQ(pthread_join(t[i], &ret), 0);
			CHECK_EQ((unsigned long)ret, (i + 1) * 3);
		}
		threads_made += 8;
	} while (now() < end);
	return NULL;
}

TEST_TIMED(threads_are_made_and_joined_everywhere, 600)
{
	double end = now() + storm_seconds();
	unsigned nr = nr_workers() / 2;
	pthread_t t[MAX_WORKERS];

	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, spawner, &end), 0);
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(pthread_join(t[i], NULL), 0);
	CHECK(threads_made >= 8 * nr);
}

/* ---- what one hart takes away, no other still has -------------------------------------------- */

static sigjmp_buf *volatile jump[MAX_WORKERS];
static __thread unsigned reader_id;

static void on_segv(__attribute__((unused)) int sig)
{
	siglongjmp(*jump[reader_id], 1);
}

/* The page that is shown, and what it holds: a multiple of 4 while it is readable; one more while it is being
 * taken away or made, two more while nobody may read it. */
static unsigned long *volatile shown;
static atomic_ulong generation;
static atomic_bool stop;
static atomic_ulong reads, faults;

static void *reader(void *arg)
{
	sigjmp_buf here;

	reader_id = (unsigned long)arg;
	jump[reader_id] = &here;
	while (!stop) {
		unsigned long before = generation, value, after;

		if (sigsetjmp(here, 1)) {
			/* It was readable throughout: then there is no reason to fault. */
			if (generation == before && !(before & 3))
				test_fail(__FILE__, __LINE__, "fault on a readable page, generation %lu", before);
			faults++;
			continue;
		}
		value = *(volatile unsigned long *)shown;
		after = generation;
		if (before != after)
			continue;
		if ((before & 3) == 1)
			continue;
		if (before & 3)
			test_fail(__FILE__, __LINE__, "read %#lx through a translation that was taken away", value);
		if (value != before)
			test_fail(__FILE__, __LINE__, "read %lu, the page has %lu", value, before);
		reads++;
	}
	return NULL;
}

/* Take the page away in one of four ways; what follows makes a fresh one. */
static void take_away(unsigned way, unsigned long *page)
{
	switch (way) {
	case 0:
		CHECK_EQ(mprotect(page, PAGE, PROT_NONE), 0);
		break;
	case 1:
		CHECK_EQ(munmap(page, PAGE), 0);
		break;
	case 2:
		CHECK(mmap(page, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
		break;
	case 3:
		CHECK(mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page + 2 * PAGE / 8) ==
		      page + 2 * PAGE / 8);
		break;
	}
}

TEST_TIMED(no_hart_keeps_a_translation, 600)
{
	struct sigaction sa = { .sa_handler = on_segv, .sa_flags = SA_NODEFER };
	double end = now() + storm_seconds();
	unsigned nr = nr_workers() / 2;
	pthread_t t[MAX_WORKERS];
	unsigned long *page = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(page != MAP_FAILED);
	sigaction(SIGSEGV, &sa, NULL);
	CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
	shown = page;
	for (unsigned long i = 0; i < nr; i++)
		CHECK_EQ(pthread_create(&t[i], NULL, reader, (void *)i), 0);
	for (unsigned long round = 0; now() < end; round++) {
		unsigned long gen = generation;

		generation = gen + 1;
		take_away(round & 3, page);
		generation = gen + 2;		/* the call has returned: from now on nobody reads */
		if (round % 16 == 0)
			sched_yield();
		generation = gen + 5;
		CHECK(mmap(page, PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
		*page = gen + 4;
		generation = gen + 4;
		if (round % 7 == 0)
			usleep(100);
	}
	stop = true;
	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(pthread_join(t[i], NULL), 0);
}

/* ---- shared memory and files ----------------------------------------------------------------- */

/* Every process adds to every counter; nothing is lost, whoever forks, maps or truncates meanwhile. */
TEST_TIMED(shared_pages_are_one, 600)
{
	double end = now() + storm_seconds();
	unsigned nr = nr_workers();
	atomic_ulong *sum = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = memfd_create("storm", 0), st;

	CHECK(sum != MAP_FAILED && fd >= 0);
	CHECK_EQ(ftruncate(fd, 16 * PAGE), 0);
	for (unsigned i = 0; i < nr; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid)
			continue;
		unsigned long mine = 0;
		while (now() < end) {
			atomic_ulong *file = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

			CHECK(file != MAP_FAILED);
			for (unsigned p = 0; p < 16; p++) {
				file[p * PAGE / 8]++;
				sum[p * PAGE / 8]++;
			}
			if (++mine % 16 == 0)
				CHECK_EQ(madvise(file, 16 * PAGE, MADV_DONTNEED), 0);
			if (mine % 32 == i)
				CHECK_EQ(CHILD_STATUS({ file[0]--; sum[0]--; file[0]++; sum[0]++; }), 0);
			CHECK_EQ(munmap(file, 16 * PAGE), 0);
		}
		sum[8] += mine;
		_exit(0);
	}
	for (unsigned i = 0; i < nr; i++) {
		CHECK(wait(&st) > 0);
		CHECK_EQ(st, 0);
	}
	for (unsigned p = 0; p < 16; p++) {
		unsigned long in_file;

		CHECK_EQ(pread(fd, &in_file, 8, p * PAGE), 8);
		CHECK_EQ(in_file, sum[8]);
		CHECK_EQ(sum[p * PAGE / 8], sum[8]);
	}
}

/* Files of their own: written, read through a mapping, truncated, renamed, unlinked. */
static void *file_life(void *arg)
{
	struct worker *w = arg;
	char name[64], other[64];
	static unsigned char buf[64 * 1024], got[64 * 1024];

	snprintf(name, sizeof(name), "/tmp/storm.%d", w->id);
	snprintf(other, sizeof(other), "/tmp/storm.%d.x", w->id);
	while (now() < w->end) {
		unsigned len = 1 + rnd(w, sizeof(buf)), cut = rnd(w, len);
		int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);

		CHECK(fd >= 0);
		for (unsigned i = 0; i < len; i++)
			buf[i] = i * w->id + len;
		CHECK_EQ(write(fd, buf, len), len);
		unsigned char *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
		CHECK(map != MAP_FAILED);
		CHECK(!memcmp(map, buf, len));
		CHECK_EQ(rename(name, other), 0);
		CHECK_EQ(ftruncate(fd, cut), 0);
		CHECK_EQ(ftruncate(fd, len), 0);
		memset(buf + cut, 0, len - cut);
		CHECK_EQ(pread(fd, got, len, 0), len);
		CHECK(!memcmp(got, buf, len));
		CHECK(!memcmp(map, buf, len));
		CHECK_EQ(munmap(map, len), 0);
		CHECK_EQ(unlink(other), 0);
		close(fd);
	}
	return NULL;
}

TEST_TIMED(files_are_written_mapped_cut_and_removed, 600) { in_processes(file_life); }

/* ---- signals, pipes and waiting -------------------------------------------------------------- */

static volatile sig_atomic_t got_usr1;
static void count_usr1(__attribute__((unused)) int sig) { got_usr1++; }

/* A token goes round a ring of processes by pipe while all are signalled: nothing is lost or doubled. */
TEST_TIMED(a_token_goes_round_under_signals, 600)
{
	double end = now() + storm_seconds();
	unsigned nr = nr_workers();
	int ring[MAX_WORKERS][2], st;
	pid_t pid[MAX_WORKERS];
	unsigned long token = 0, laps = 0;
	struct sigaction sa = { .sa_handler = count_usr1, .sa_flags = SA_RESTART };

	for (unsigned i = 0; i < nr; i++)
		CHECK_EQ(pipe(ring[i]), 0);
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);	/* they are born with it */
	for (unsigned i = 0; i < nr - 1; i++) {
		pid[i] = fork();
		CHECK(pid[i] >= 0);
		if (pid[i])
			continue;
		for (unsigned j = 0; j < nr; j++) {
			if (j != i)
				close(ring[j][0]);
			if (j != i + 1)
				close(ring[j][1]);
		}
		while (read(ring[i][0], &token, 8) == 8) {
			token++;
			CHECK_EQ(write(ring[i + 1][1], &token, 8), 8);
		}
		_exit(0);
	}
	for (unsigned j = 0; j < nr; j++) {
		if (j != nr - 1)
			close(ring[j][0]);
		if (j)
			close(ring[j][1]);
	}
	for (token = 0; now() < end; laps++) {
		for (unsigned i = 0; laps % 4 == 0 && i < nr - 1; i++)
			CHECK_EQ(kill(pid[i], SIGUSR1), 0);
		CHECK_EQ(write(ring[0][1], &token, 8), 8);
		CHECK_EQ(read(ring[nr - 1][0], &token, 8), 8);
		CHECK_EQ(token, (laps + 1) * (nr - 1));
	}
	close(ring[0][1]);
	for (unsigned i = 0; i < nr - 1; i++) {
		CHECK_EQ(waitpid(pid[i], &st, 0), pid[i]);
		CHECK_EQ(st, 0);
	}
}

/* Processes are killed at any moment of a fork, an exec, a fault or an exit; all of it is cleaned up. */
TEST_TIMED(killed_at_any_moment, 600)
{
	double end = now() + storm_seconds();
	struct worker w;
	unsigned nr = nr_workers();

	worker_init(&w, 0, nr);
	/* What they leave behind comes to us: zombies count against what a small machine may have of tasks. */
	CHECK_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	while (now() < end) {
		pid_t pid[MAX_WORKERS];
		int st;

		for (unsigned i = 0; i < nr; i++) {
			pid[i] = fork();
			CHECK(pid[i] >= 0);
			if (pid[i])
				continue;
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			setpgid(0, 0);
			for (unsigned n = 0;; n++) {
				char *m = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
					       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

				if (m != MAP_FAILED)
					memset(m, n, 16 * PAGE);
				pid_t child = i % 2 ? fork() : vfork();
				if (!child) {
					execl("/usr/bin/busybox", "true", NULL);
					_exit(0);
				}
				if (child > 0 && n % 2)
					waitpid(child, &st, 0);
				if (m != MAP_FAILED)
					munmap(m, 64 * PAGE);
			}
		}
		usleep(rnd(&w, 30000));
		for (unsigned i = 0; i < nr; i++) {
			setpgid(pid[i], pid[i]);
			CHECK_EQ(kill(-pid[i], SIGKILL), 0);
		}
		for (unsigned i = 0; i < nr; i++) {
			CHECK_EQ(waitpid(pid[i], &st, 0), pid[i]);
			CHECK(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
		}
		while (waitpid(-1, &st, 0) > 0)
			;
		CHECK_EQ(errno, ECHILD);
	}
}
