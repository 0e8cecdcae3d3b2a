/* test/user/t_exec.c - execve with files that are not what they seem, and at its limits.
 *
 * SPDX-License-Identifier: MIT
 */
#include "test/user/tap.h"
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char *image;		/* our own program's bytes */
static size_t image_size;

static void load_image(void)
{
	struct stat st;
	int fd = open("/proc/self/exe", O_RDONLY);

	CHECK(fd >= 0);
	CHECK_EQ(fstat(fd, &st), 0);
	image_size = st.st_size;
	image = mmap(NULL, image_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(image != MAP_FAILED);
	close(fd);
}

static const char *put_file(const void *data, size_t n, mode_t mode)
{
	static const char path[] = "/tmp/t_exec_file";
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, data, n), n);
	close(fd);
	CHECK_EQ(chmod(path, mode), 0);
	return path;
}

/* -errno of execve in a child, or the signal that killed it, or 1000 + exit code. */
static int run(const char *path)
{
	int st = CHILD_STATUS({
		char *argv[] = { "utest", "--none-of-these", NULL };
		char *envp[] = { NULL };

		close(1);
		close(2);
		execve(path, argv, envp);
		_exit(errno);
	});

	if (WIFSIGNALED(st))
		return WTERMSIG(st);
	/* The program itself ends with 1: no test has that name. */
	return WEXITSTATUS(st) == 1 || WEXITSTATUS(st) == 0 ? 1000 : -WEXITSTATUS(st);
}

#define CHECK_RUN(path, want) do { int _r = run(path), _w = (want); \
	if (_r != _w) test_fail(__FILE__, __LINE__, "%s: %d, want %d", what, _r, _w); } while (0)

TEST(malformed_programs)
{
	enum { EH, PH };
	static const struct {
		const char *what;
		int where, off, size;
		unsigned long value;
		int want;
	} cases[] = {
#define E(f) EH, offsetof(Elf64_Ehdr, f), sizeof(((Elf64_Ehdr *)0)->f)
#define P(f) PH, offsetof(Elf64_Phdr, f), sizeof(((Elf64_Phdr *)0)->f)
		{ "magic", EH, 1, 1, 'F', -ENOEXEC },
		{ "32 bit", EH, EI_CLASS, 1, ELFCLASS32, -ENOEXEC },
		{ "big endian", EH, EI_DATA, 1, ELFDATA2MSB, 1000 },	/* Linux does not look */
		{ "relocatable", E(e_type), ET_REL, -ENOEXEC },
		{ "core", E(e_type), ET_CORE, -ENOEXEC },
		{ "x86", E(e_machine), EM_X86_64, -ENOEXEC },
		{ "phentsize", E(e_phentsize), 32, -ENOEXEC },
		{ "no headers", E(e_phnum), 0, -ENOEXEC },
		{ "65535 headers", E(e_phnum), 0xffff, -ENOEXEC },
		{ "headers behind the end", E(e_phoff), 1ul << 40, -ENOEXEC },
		{ "headers at -1", E(e_phoff), -1ul, -ENOEXEC },
		{ "entry 0", E(e_entry), 0, SIGSEGV },
		{ "entry in the kernel", E(e_entry), -4096ul, SIGSEGV },
		{ "entry not mapped", E(e_entry), 0x10, SIGSEGV },
		{ "less memory than file", P(p_memsz), 1, SIGSEGV },
		{ "more memory than there is", P(p_memsz), -1ul, SIGSEGV },
		{ "address in the kernel", P(p_vaddr), -4096ul, SIGSEGV },
		{ "address and offset disagree", P(p_offset), 8, SIGSEGV },
		{ "offset far behind the end", P(p_offset), 1ul << 41, SIGBUS },
		{ "no right to read or execute", P(p_flags), 0, SIGSEGV },
	};

	load_image();
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *what = cases[i].what;
		char *copy = malloc(image_size);
		Elf64_Ehdr *eh = (Elf64_Ehdr *)copy;
		Elf64_Phdr *ph = (Elf64_Phdr *)(copy + ((Elf64_Ehdr *)image)->e_phoff);
		unsigned long old = 0;

		memcpy(copy, image, image_size);
		while (cases[i].where == PH && ph->p_type != PT_LOAD)
			ph++;
		memcpy(&old, (cases[i].where == PH ? (char *)ph : (char *)eh) + cases[i].off, cases[i].size);
		memcpy((cases[i].where == PH ? (char *)ph : (char *)eh) + cases[i].off, &cases[i].value,
		       cases[i].size);
		CHECK_RUN(put_file(copy, image_size, 0700), cases[i].want);
		free(copy);
	}
}

TEST(short_and_empty_files)
{
	static const size_t sizes[] = { 0, 1, 4, 16, 63, 64, 100 };
	const char *what = "short file";

	load_image();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		CHECK_RUN(put_file(image, sizes[i], 0700), -ENOEXEC);
	CHECK_RUN(put_file("just text\n", 10, 0700), -ENOEXEC);
	CHECK_RUN(put_file(image, image_size, 0700), 1000);
	what = "rights";
	CHECK_RUN(put_file(image, image_size, 0600), -EACCES);
	CHECK_RUN("/tmp", -EACCES);
	CHECK_RUN("/tmp/t_exec_nothing", -ENOENT);
	CHECK_RUN("/tmp/t_exec_file/x", -ENOTDIR);
}

/* Random damage to the headers: the machine goes on, whatever comes of the program. */
TEST_TIMED(damaged_headers, 120)
{
	unsigned seed = 1;
	const char *path;
	Elf64_Ehdr *eh;

	load_image();
	eh = (Elf64_Ehdr *)image;
	for (int i = 0; i < 150; i++) {
		size_t span = sizeof(*eh) + eh->e_phnum * sizeof(Elf64_Phdr);
		char *copy = malloc(image_size);

		memcpy(copy, image, image_size);
		for (int k = 0; k < 1 + i % 4; k++)
			copy[16 + rand_r(&seed) % (span - 16)] ^= 1 << rand_r(&seed) % 8;
		path = put_file(copy, image_size, 0700);
		(void)CHILD_STATUS({
			struct rlimit lim = { 2, 2 };
			char *argv[] = { "utest", "--none-of-these", NULL };

			setrlimit(RLIMIT_CPU, &lim);
			alarm(3);
			close(0); close(1); close(2);
			execve(path, argv, argv + 2);
		});
		free(copy);
	}
}

static const char *script(const char *text)
{
	return put_file(text, strlen(text), 0700);
}

TEST(scripts)
{
	const char *what = "script";
	char name[32], text[64], line[400];

	CHECK_RUN(script("#!\n"), -ENOEXEC);
	CHECK_RUN(script("#!   \n"), -ENOEXEC);
	CHECK_RUN(script("#!/tmp/t_exec_nothing\n"), -ENOENT);
	CHECK_RUN(script("#!/tmp\n"), -EACCES);
	CHECK_RUN(script("#!/proc/self/exe --none-of-these\n"), 1000);
	CHECK_RUN(script("#!\t/proc/self/exe\t \n"), 1000);
	CHECK_RUN(script("#!/proc/self/exe"), 1000);		/* no newline */
	/* A path that is cut off by the 256 bytes that are looked at is no path. */
	memset(line, '/', sizeof(line));
	memcpy(line, "#!", 2);
	strcpy(line + 300, "proc/self/exe\n");
	CHECK_RUN(script(line), -ENOEXEC);
	/* Each names the next: five are too many. */
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "/tmp/t_exec_s%d", i);
		unlink(name);
		int fd = open(name, O_WRONLY | O_CREAT, 0700);
		snprintf(text, sizeof(text), "#!/tmp/t_exec_s%d\n", i + 1);
		if (i == 5)
			strcpy(text, "#!/proc/self/exe\n");
		CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
		close(fd);
	}
	CHECK_RUN("/tmp/t_exec_s0", -ELOOP);
	CHECK_RUN("/tmp/t_exec_s1", 1000);
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "/tmp/t_exec_s%d", i);
		unlink(name);
	}
}

TEST(busy_text)
{
	const char *path;
	int fd, ready[2];
	char c;
	pid_t p;

	load_image();
	path = put_file(image, image_size, 0700);
	fd = open(path, O_WRONLY);
	CHECK(fd >= 0);
	const char *what = "open for writing";
	CHECK_RUN(path, -ETXTBSY);
	close(fd);

	/* A copy of ourselves that waits for us to close its standard input. */
	CHECK_EQ(pipe(ready), 0);
	p = fork();
	if (!p) {
		dup2(ready[0], 0);
		close(ready[0]);
		close(ready[1]);
		execl(script("#!/bin/sh\nexit 1\n"), "x", NULL);
		_exit(1);
	}
	waitpid(p, NULL, 0);
	(void)c;
	close(ready[0]);
	close(ready[1]);
	CHECK_ERR(open("/proc/self/exe", O_WRONLY), ETXTBSY);
	CHECK_ERR(open("/proc/self/exe", O_RDWR), ETXTBSY);
	CHECK_ERR(truncate("/proc/self/exe", 0), ETXTBSY);
}

static int exec_args(size_t n, size_t len, bool env)
{
	int st = CHILD_STATUS({
		char **v = calloc(n + 2, sizeof(*v)), *s = malloc(len + 1), *none[] = { NULL };
		char *argv[] = { "utest", "--none-of-these", NULL };

		memset(s, 'a', len);
		s[len] = 0;
		for (size_t i = 0; i < n; i++)
			v[i] = s;
		v[0] = "utest";
		close(1);
		close(2);
		if (env)
			execve("/proc/self/exe", argv, v);
		else
			execve("/proc/self/exe", v, none);
		_exit(errno);
	});

	CHECK(WIFEXITED(st));
	return WEXITSTATUS(st) == 1 || !WEXITSTATUS(st) ? 0 : WEXITSTATUS(st);
}

TEST(argument_limits)
{
	CHECK_EQ(exec_args(2, 131071, false), 0);		/* MAX_ARG_STRLEN with its NUL */
	CHECK_EQ(exec_args(2, 131072, false), E2BIG);
	CHECK_EQ(exec_args(15, 131071, false), 0);		/* a quarter of 8 MiB in all */
	CHECK_EQ(exec_args(17, 131071, false), E2BIG);
	CHECK_EQ(exec_args(17, 131071, true), E2BIG);
	CHECK_EQ(exec_args(1000, 1000, true), 0);
}

TEST(execveat_forms)
{
	char *argv[] = { "utest", "--none-of-these", NULL }, *envp[] = { NULL };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), st;

	CHECK(fd >= 0);
	st = CHILD_STATUS({ close(1); syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH); _exit(errno); });
	CHECK(WIFEXITED(st) && WEXITSTATUS(st) <= 1);
	st = CHILD_STATUS({ syscall(SYS_execveat, fd, "", argv, envp, 0); _exit(errno); });
	CHECK_EQ(WEXITSTATUS(st), ENOENT);
	st = CHILD_STATUS({ syscall(SYS_execveat, fd, "x", argv, envp, 0); _exit(errno); });
	CHECK_EQ(WEXITSTATUS(st), ENOTDIR);
	st = CHILD_STATUS({ syscall(SYS_execveat, 99, "x", argv, envp, 0); _exit(errno); });
	CHECK_EQ(WEXITSTATUS(st), EBADF);
	st = CHILD_STATUS({ syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH | 0x8000); _exit(errno); });
	CHECK_EQ(WEXITSTATUS(st), EINVAL);
	CHECK_EQ(symlink("/proc/self/exe", "/tmp/t_exec_link"), 0);
	st = CHILD_STATUS({
		syscall(SYS_execveat, AT_FDCWD, "/tmp/t_exec_link", argv, envp, AT_SYMLINK_NOFOLLOW);
		_exit(errno);
	});
	CHECK_EQ(WEXITSTATUS(st), ELOOP);
	unlink("/tmp/t_exec_link");
}
