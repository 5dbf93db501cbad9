/*
 * A payload that uses up one thing and says how much it got.
 *
 *   memory MIB          touches so much, twice
 *   hold MIB            the same, and keeps it
 *   spin SECONDS        rounds of a loop in that time
 *   fork N              children alive at once, of N
 *   storm               forks without end
 *   write FILE KIB      writes past the page cache, milliseconds it took
 *   disk FILE SECONDS   blocks of 64 KiB so written in that time
 *   node TYPE MAJOR MINOR ACCESS   makes the device and opens it: "ok", or what failed
 *   huge                touches a huge page
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int failed(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	return 1;
}

static int memory(long mib)
{
	size_t size = (size_t)mib << 20;
	volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0);

	if (p == MAP_FAILED)
		return failed("mmap");
	for (size_t i = 0; i < size; i += 4096)
		p[i] = (char)(i >> 12 | 1);
	printf("touched %ld\n", mib);
	fflush(stdout);
	/* What went to swap comes back whole. */
	for (size_t i = 0; i < size; i += 4096)
		if (p[i] != (char)(i >> 12 | 1))
			return printf("lost at %zu\n", i);
	return 0;
}

static int spin(long seconds)
{
	unsigned long rounds = 0;
	double end = now() + (double)seconds;

	for (; now() < end; rounds++)
		for (volatile int i = 0; i < 10000; i++)
			;
	printf("%lu\n", rounds);
	return 0;
}

static int fork_many(long n)
{
	long alive = 0;

	for (; alive < n; alive++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0) {
			pause();
			_exit(0);
		}
	}
	printf("%ld %s\n", alive, alive < n ? strerror(errno) : "");
	return 0;
}

_Noreturn static void storm(void)
{
	signal(SIGCHLD, SIG_IGN);
	printf("raging\n");
	fflush(stdout);
	for (;;)
		if (fork() < 0)
			usleep(1000);
}

enum { BLOCK = 64 << 10 };

static int open_direct(const char *path, void **block)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_DIRECT, 0600);

	if (fd < 0 || posix_memalign(block, 4096, BLOCK))
		return -1;
	memset(*block, 1, BLOCK);
	return fd;
}

static int write_direct(const char *path, long kib)
{
	double start = now();
	void *block;
	int fd = open_direct(path, &block);

	if (fd < 0)
		return failed(path);
	for (long done = 0; done < kib; done += BLOCK >> 10)
		if (write(fd, block, BLOCK) != BLOCK)
			return failed("write");
	printf("%.0f\n", (now() - start) * 1000);
	return 0;
}

static int write_for(const char *path, long seconds)
{
	double end = now() + (double)seconds;
	void *block;
	int fd = open_direct(path, &block);
	long done = 0;

	if (fd < 0)
		return failed(path);
	for (; now() < end; done++)
		if (pwrite(fd, block, BLOCK, 0) != BLOCK)
			return failed("write");
	printf("%ld\n", done);
	return 0;
}

static int node(char **argv)
{
	int flags = !strcmp(argv[3], "r") ? O_RDONLY : !strcmp(argv[3], "w") ? O_WRONLY : O_RDWR;
	mode_t type = *argv[0] == 'b' ? S_IFBLK : S_IFCHR;

	unlink("/tmp/node");
	if (mknod("/tmp/node", type | 0600, makedev(atoi(argv[1]), atoi(argv[2]))) < 0)
		return failed("mknod");
	if (open("/tmp/node", flags | O_NONBLOCK) < 0)
		return failed("open");
	puts("ok");
	return 0;
}

static int huge(void)
{
	char *p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (p == MAP_FAILED)
		return failed("mmap");
	*p = 1;
	puts("ok");
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	long n = argc > 2 ? atol(argv[2]) : 0;

	if (!strcmp(what, "memory"))
		return memory(n);
	if (!strcmp(what, "hold"))
		return memory(n) || pause();
	if (!strcmp(what, "spin"))
		return spin(n);
	if (!strcmp(what, "disk") && argc == 4)
		return write_for(argv[2], atol(argv[3]));
	if (!strcmp(what, "fork"))
		return fork_many(n);
	if (!strcmp(what, "storm"))
		storm();
	if (!strcmp(what, "write") && argc == 4)
		return write_direct(argv[2], atol(argv[3]));
	if (!strcmp(what, "node") && argc == 6)
		return node(argv + 2);
	if (!strcmp(what, "huge"))
		return huge();
	fprintf(stderr, "work: do what?\n");
	return 2;
}
