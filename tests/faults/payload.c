/*
 * payload tell [FILE]  writes down everything that it was given, one fact to a line, and ends with 7:
 *                      two containers that tell the same were made alike
 * payload stay FILE    does so, with a last line that says so, and ends with 9 on SIGTERM
 * payload wait [FILE]  makes the file once it is ready for SIGTERM, and ends with 9 then
 * payload once [FILE] does so in the first life of a container, and ends with 0 at once in the next
 * payload twice        ends with 9 in the first life, with 0 in the next
 * payload nap [FILE]   ends with 9 by itself after a moment
 * payload echo [FILE]  makes the file, and ends with 9 when it has read a line and written it
 * payload hook FILE    writes down the state that it is told, and ends with 0
 * payload none         ends with 0 at once
 */
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

static void tell_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		printf("%s: %s", path, line);
	if (f)
		fclose(f);
	else
		printf("%s: %m\n", path);
}

/* Without the numbers of mounts and devices, which are others each time. */
static void tell_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], root[1024], target[1024], options[256];

	while (f && fgets(line, sizeof(line), f)) {
		const char *type = strstr(line, " - ");

		if (sscanf(line, "%*s %*s %*s %1023s %1023s %255s", root, target, options) == 3 &&
			type)
			printf("mount %s %s%s", target, options,
				strncmp(type, " - overlay", 10) == 0 ? " overlay\n" : type);
	}
	if (f)
		fclose(f);
}

static void tell_directory(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char file[512], to[256] = "";
		struct stat st;

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (lstat(file, &st) == 0 && S_ISLNK(st.st_mode))
			(void)!readlink(file, to, sizeof(to) - 1);
		printf("%s %o %u:%u %lx %s\n", file, st.st_mode, st.st_uid, st.st_gid,
			(unsigned long)st.st_rdev, to);
		free(names[i]);
	}
}

static void tell_namespaces(void)
{
	static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char path[64], to[64] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		(void)!readlink(path, to, sizeof(to) - 1);
		printf("namespace %s\n", to);
	}
}

static void tell_descriptors(void)
{
	for (int fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("descriptor %d\n", fd);
}

static void tell_status(void)
{
	static const char *const wanted[] = {"Umask", "Uid", "Gid", "Groups", "NoNewPrivs",
		"Seccomp", "Cap", "SigBlk", "SigIgn", "SigCgt", "Cpus_allowed:"};
	FILE *f = fopen("/proc/self/status", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
				printf("%s", line);
	if (f)
		fclose(f);
}

static void tell_loopback(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo"};

	printf("loopback %x\n", fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &lo) == 0 ? lo.ifr_flags : -1);
	if (fd >= 0)
		close(fd);
}

/* What the rules of the group, or the user namespace, say about it. */
static void tell_device(void)
{
	int r = mknod("/dev/probe", S_IFCHR | 0600, makedev(1, 11)), fd = -1;

	printf("device made: %d", r);
	if (r == 0)
		fd = open("/dev/probe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	printf(", opened: %d\n", fd >= 0);
	if (fd >= 0)
		close(fd);
	unlink("/dev/probe");
}

static int hook(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char buf[4096];
	ssize_t n;

	if (fd < 0)
		return 8;
	while ((n = read(0, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return 8;
	return close(fd) == 0 ? 0 : 8;
}

static int tell(char **env)
{
	static const char *const files[] = {"/proc/self/uid_map", "/proc/self/gid_map",
		"/proc/self/limits", "/proc/self/cgroup", "/proc/self/oom_score_adj", "/etc/hosts",
		"/etc/hostname", "/etc/resolv.conf", "/sys/fs/cgroup/cgroup.max.descendants",
		"/sys/fs/cgroup/hugetlb.2MB.max", "/proc/sys/net/ipv4/ip_forward", "/host/file"};
	char cwd[4096];
	struct utsname uts;
	int death = 0;

	for (int i = 0; env[i]; i++)
		printf("environment %s\n", env[i]);
	uname(&uts);
	prctl(PR_GET_PDEATHSIG, &death);
	printf("host %s, directory %s, session leader %d, signal of death %d\n", uts.nodename,
		getcwd(cwd, sizeof(cwd)) ? cwd : "?", getsid(0) == getpid(), death);
	tell_descriptors();
	tell_status();
	tell_namespaces();
	tell_loopback();
	tell_mounts();
	tell_device();
	tell_directory("/dev");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		tell_file(files[i]);
	return fflush(stdout) == 0 ? 7 : 8;
}

static int echo(void)
{
	char line[64];

	if (!fgets(line, sizeof(line), stdin))
		return 8;
	return fputs(line, stdout) >= 0 && fflush(stdout) == 0 ? 9 : 8;
}

/* Whether this is the first life of the container. */
static int is_new(void)
{
	int fd = open("/tmp/been", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void end(int sig)
{
	(void)sig;
	_exit(9);
}

int main(int argc, char **argv, char **env)
{
	const char *what = argc > 1 ? argv[1] : "none";

	if (strcmp(what, "tell") == 0)
		return argc > 2 && !freopen(argv[2], "we", stdout) ? 8 : tell(env);
	if (strcmp(what, "hook") == 0)
		return argc > 2 ? hook(argv[2]) : 8;
	if (strcmp(what, "none") == 0)
		return 0;
	if (strcmp(what, "twice") == 0)
		return is_new() ? 9 : 0;
	if (strcmp(what, "once") == 0 && !is_new())
		return 0;
	sigaction(SIGTERM, &(struct sigaction){.sa_handler = end}, NULL);
	if (strcmp(what, "stay") == 0) {
		if (argc < 3 || !freopen(argv[2], "we", stdout) || tell(env) != 7)
			return 8;
		puts("end");
		fflush(stdout);
	} else if (argc > 2) {
		close(open(argv[2], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	}
	if (strcmp(what, "echo") == 0)
		return echo();
	if (strcmp(what, "nap") == 0)
		usleep(40000);
	else
		pause();
	return 9;
}
