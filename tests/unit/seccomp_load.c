/* The filter as ctr uses it: found, cached, loaded into a real kernel. */
#include "process/seccomp.h"
#include "process/seccomp_helper.h"
#include "process/seccomp_listener.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_CAPS UINT64_C(0x800405fb)
#define SYS_ADMIN    (UINT64_C(1) << 21)

static char store[] = "/tmp/ctr-seccomp-XXXXXX";
static int store_fd = -1;
static char helper_dir[4096];

/* Unit tests lie one folder below the programs. */
static void setup(void)
{
	ssize_t n = readlink("/proc/self/exe", helper_dir, sizeof(helper_dir) - 8);

	cr_assert(n > 0);
	helper_dir[n] = '\0';
	strcpy(strrchr(helper_dir, '/'), "/..");
	seccomp_helper_dir = helper_dir;
	cr_assert(mkdtemp(store));
	store_fd = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(store_fd >= 0);
}

static void teardown(void)
{
	struct err err;

	tree_remove(AT_FDCWD, store, &err);
}

TestSuite(seccomp_load, .init = setup, .fini = teardown);

static struct seccomp_filter resolve(const char *profile, uint64_t caps)
{
	struct process_spec p = {.seccomp = profile};
	struct seccomp_filter f;
	struct err err = {0};

	p.caps[CAPSET_BOUNDING] = caps;
	cr_assert(seccomp_resolve(&p, store_fd, &f, &err) == 0, "%s", err.text);
	return f;
}

static void confine(void)
{
	struct seccomp_filter f = resolve(NULL, DEFAULT_CAPS);
	struct err err = {0};

	cr_assert(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	cr_assert(seccomp_apply(&f, &err) == 0, "%s", err.text);
}

/* The only file of the cache; fails if there is another number of them. */
static void cached_name(size_t expected, char *name)
{
	autofd int dir = openat(store_fd, "seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *d = dir < 0 ? NULL : fdopendir(dup(dir));
	size_t count = 0;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		sprintf(name, "seccomp/%s", e->d_name);
		count++;
	}
	cr_assert(count == expected, "%zu files in the cache", count);
}

static int refusal(long r)
{
	return r < 0 ? errno : 0;
}

Test(seccomp_load, the_kernel_surface_is_refused)
{
	char buf[4096] = {0};

	confine();
	cr_assert(refusal(socket(38, SOCK_SEQPACKET, 0)) == EAFNOSUPPORT);
	cr_assert(refusal(socket(AF_VSOCK, SOCK_STREAM, 0)) == EAFNOSUPPORT);
	cr_assert(refusal(socket(AF_NETLINK, SOCK_RAW, 6)) == EPROTONOSUPPORT);
	cr_assert(refusal(socket(AF_INET, SOCK_STREAM, 132)) == EPROTONOSUPPORT);
	cr_assert(refusal(syscall(SYS_io_uring_setup, 1, buf)) == EPERM);
	cr_assert(refusal(syscall(SYS_bpf, 0, buf, 72)) == EPERM);
	cr_assert(refusal(syscall(SYS_userfaultfd, 0)) == EPERM);
	cr_assert(refusal(syscall(SYS_perf_event_open, buf, 0, -1, -1, 0)) == EPERM);
	cr_assert(refusal(syscall(SYS_keyctl, 0, -3, 0)) == EPERM);
	cr_assert(refusal(unshare(0x10000000)) == EPERM);
	cr_assert(refusal(syscall(SYS_clone, 0x10000000 | SIGCHLD, 0, 0, 0, 0)) == EPERM);
	cr_assert(refusal(syscall(SYS_clone3, buf, 88)) == ENOSYS);
	cr_assert(refusal(syscall(1000)) == ENOSYS);
}

Test(seccomp_load, programs_go_on)
{
	confine();
	cr_assert(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	cr_assert(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
	cr_assert(socket(AF_INET6, SOCK_DGRAM, 0) >= 0 || errno == EAFNOSUPPORT);
	cr_assert(socket(AF_NETLINK, SOCK_RAW, 0) >= 0);
	cr_assert(system("exec 3</etc/passwd; echo $(cat <&3 | wc -l) >/dev/null") == 0);
}

#ifdef __x86_64__
static int child_signal(void (*call)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		confine();
		call();
		_exit(0);
	}
	cr_assert(waitpid(pid, &status, 0) == pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void call_x32(void)
{
	syscall(0x40000000 | SYS_getpid);
}

static void call_i386(void)
{
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory");
}

static void call_native(void)
{
	syscall(SYS_getpid);
}

Test(seccomp_load, other_abis_end_the_process)
{
	cr_assert(child_signal(call_native) == 0);
	cr_assert(child_signal(call_x32) == SIGSYS);
	/* SIGSEGV: a kernel without 32-bit emulation. */
	int sig = child_signal(call_i386);
	cr_assert(sig == SIGSYS || sig == SIGSEGV, "%d", sig);
}
#endif

Test(seccomp_load, the_usual_case_opens_no_file)
{
	struct seccomp_filter usual, dropped, vps;
	char name[300];

	seccomp_helper_dir = "/nonexistent";
	usual = resolve(NULL, DEFAULT_CAPS);
	dropped = resolve(NULL, 0);
	vps = resolve("vps", DEFAULT_CAPS | SYS_ADMIN);
	cr_assert(usual.len && !usual.owned && dropped.bytes == usual.bytes);
	cr_assert(vps.len && !vps.owned && vps.bytes != usual.bytes);
	cr_assert(resolve("unconfined", 0).len == 0);
	cached_name(0, name);
}

Test(seccomp_load, an_added_capability_is_compiled_once)
{
	struct seccomp_filter first = resolve(NULL, DEFAULT_CAPS | SYS_ADMIN), again;
	struct stat before, after;
	char name[300];

	cached_name(1, name);
	cr_assert(fstatat(store_fd, name, &before, 0) == 0);
	again = resolve(NULL, DEFAULT_CAPS | SYS_ADMIN);
	cached_name(1, name);
	cr_assert(fstatat(store_fd, name, &after, 0) == 0);
	cr_assert(before.st_ino == after.st_ino);
	cr_assert(first.len == again.len && !memcmp(first.bytes, again.bytes, first.len));
	cr_assert(first.len != resolve(NULL, DEFAULT_CAPS).len);
	seccomp_free(&first);
	seccomp_free(&again);
}

/* Flips one byte at each of many places, and cuts the file short: the answer never changes. */
Test(seccomp_load, a_damaged_cache_is_made_again, .timeout = 60)
{
	struct seccomp_filter good = resolve(NULL, DEFAULT_CAPS | SYS_ADMIN);
	static const size_t places[] = {0, 9, 20, 26, 34, 42, 60, 310, 320, 400, 3000, 9000, 30000};
	char name[300];

	cached_name(1, name);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		autofd int fd = openat(store_fd, name, O_RDWR | O_CLOEXEC);
		struct seccomp_filter f;
		struct stat st;
		char byte;

		cr_assert(pread(fd, &byte, 1, (off_t)places[i]) == 1);
		byte ^= 0x40;
		cr_assert(pwrite(fd, &byte, 1, (off_t)places[i]) == 1);
		if (i == 3)
			cr_assert(ftruncate(fd, 100) == 0);
		f = resolve(NULL, DEFAULT_CAPS | SYS_ADMIN);
		cr_assert(f.len == good.len && !memcmp(f.bytes, good.bytes, f.len));
		cr_assert(fstat(fd, &st) == 0 && st.st_nlink == 0, "damage at %zu was believed",
			places[i]);
		seccomp_free(&f);
	}
	seccomp_free(&good);
}

static void profile_write(const char *text)
{
	struct err err = {0};

	cr_assert(file_write(store_fd, "p.json", text, strlen(text), 0600, FILE_NOSYNC, &err) == 0);
}

Test(seccomp_load, a_profile_of_the_user)
{
	struct process_spec p = {0};
	struct seccomp_filter f;
	struct err err = {0};
	char path[200], name[300];

	snprintf(path, sizeof(path), "%s/p.json", store);
	p.seccomp = path;
	profile_write(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],"
		"\"syscalls\":[{\"name\":\"mkdir\",\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EXDEV\"}]}");
	f = resolve(path, 0);
	cr_assert(f.flags == 2 && f.len && !f.note[0]);
	seccomp_free(&f);
	cached_name(1, name);
	profile_write("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"name\":\"mkdir\","
		      "\"action\":\"SCMP_ACT_ERRNO\",\"errno\":\"EXDEV\"}]}");
	f = resolve(path, 0);
	cr_assert(f.flags == 0);
	cached_name(2, name);
	cr_assert(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && seccomp_apply(&f, &err) == 0);
	cr_assert(syscall(SYS_mkdir, "/tmp/x", 0700) < 0 && errno == EXDEV);
	seccomp_free(&f);
	profile_write("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"name\":\"no_such\","
		      "\"action\":\"SCMP_ACT_ERRNO\"}]}");
	for (int i = 0; i < 2; i++) {
		f = resolve(path, 0);
		cr_assert(!strncmp(f.note, path, strlen(path)) && strstr(f.note, "no_such"), "%s",
			f.note);
		seccomp_free(&f);
	}
	cached_name(3, name);
	profile_write("{\"defaultAction\":\"NO\"}");
	cr_assert(seccomp_resolve(&p, store_fd, &f, &err) < 0);
	snprintf(name, sizeof(name),
		"seccomp profile: %s: defaultAction: \"NO\" must be an action such as SCMP_ACT_ERRNO",
		path);
	cr_assert(!strcmp(err.text, name), "%s", err.text);
	p.seccomp = "/nonexistent.json";
	cr_assert(seccomp_resolve(&p, store_fd, &f, &err) < 0 && err.sys == ENOENT && *err.hint);
}

Test(seccomp_load, without_a_store_it_is_compiled_each_time)
{
	struct process_spec p = {.seccomp = NULL};
	struct seccomp_filter f;
	struct err err = {0};

	p.caps[CAPSET_BOUNDING] = SYS_ADMIN;
	cr_assert(seccomp_resolve(&p, -1, &f, &err) == 0 && f.owned, "%s", err.text);
	seccomp_free(&f);
	seccomp_helper_dir = "/nonexistent";
	if (access(CTR_LIBEXEC "/ctr-seccomp", F_OK) < 0)
		cr_assert(seccomp_resolve(&p, -1, &f, &err) < 0 && *err.hint);
}

/* Every call that could be used to hand the descriptor over is among those that it is for. */
#define NOTIFYING                                                                                  \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/x\","                           \
	"\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\",\"SECCOMP_FILTER_FLAG_TSYNC\"],"    \
	"\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\",\"sendmsg\",\"write\",\"sched_yield\"],"  \
	"\"action\":\"SCMP_ACT_NOTIFY\"}]}"

static struct process_spec notifying(const char *path)
{
	return (struct process_spec){
		.seccomp_text = NOTIFYING,
		.listener = path,
		.listener_metadata = "say \"hi\"",
	};
}

static _Noreturn void be_notified(const char *path)
{
	struct process_spec p = notifying(path);
	struct seccomp_listener l;
	struct seccomp_filter f;
	struct err err = {0};

	if (seccomp_resolve(&p, store_fd, &f, &err) < 0 || !f.notifies ||
		seccomp_listener_open(&p, "1.3.0", &l, &err) < 0 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		seccomp_apply_listened(&f, &l, "{\"pid\":      4711,\"id\":\"c\"}", &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		_exit(1);
	}
	_exit(mkdir("/nowhere/at/all", 0700) < 0 && errno == EDOM ? 0 : 2);
}

/* The message and the descriptor that came with it. */
static int take_message(int sock, char *text, size_t size)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {text, size - 1};
	struct msghdr msg = {.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf)};
	ssize_t n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd;

	cr_assert(n > 0 && c && c->cmsg_type == SCM_RIGHTS);
	text[n] = '\0';
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static void answer_with(int fd, int error)
{
	struct seccomp_notif req = {0};
	struct seccomp_notif_resp resp = {0};

	cr_assert_eq(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req), 0, "%s", strerror(errno));
	resp.id = req.id;
	resp.error = -error;
	cr_assert_eq(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp), 0);
}

Test(seccomp_load, hands_the_notifications_to_a_listener, .timeout = 20)
{
	autofd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	autofd int peer = -1, notify = -1;
	autojson json_t *j = NULL;
	char text[4096];
	struct err err = {0};
	int status;
	pid_t pid;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/listener", store);
	cr_assert(bind(sock, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(sock, 1) == 0);
	pid = fork();
	if (pid == 0)
		be_notified(at.sun_path);
	peer = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	notify = take_message(peer, text, sizeof(text));
	j = json_parse("message", text, strlen(text), &err);
	cr_assert(j, "%s in %s", err.text, text);
	cr_assert_str_eq(json_string_value(json_object_get(j, "ociVersion")), "1.3.0");
	cr_assert_eq(json_integer_value(json_object_get(j, "pid")), 4711);
	cr_assert_str_eq(json_string_value(json_object_get(j, "metadata")), "say \"hi\"");
	cr_assert_str_eq(json_string_value(json_array_get(json_object_get(j, "fds"), 0)),
		"seccompFd");
	cr_assert_str_eq(json_string_value(json_object_get(json_object_get(j, "state"), "id")),
		"c");
	answer_with(notify, EDOM);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%x", (unsigned)status);
}

Test(seccomp_load, notifies_nobody_without_a_listener)
{
	struct process_spec p = notifying(NULL);
	struct seccomp_listener l;
	struct seccomp_filter f;
	struct err err = {0};

	cr_assert(seccomp_resolve(&p, store_fd, &f, &err) < 0);
	cr_assert(strstr(err.text, "linux.seccomp"), "%s", err.text);
	p.listener = "/nonexistent/socket";
	cr_assert(seccomp_listener_open(&p, "1.3.0", &l, &err) < 0);
	cr_assert(strstr(err.text, "the seccomp listener /nonexistent/socket"), "%s", err.text);
}

/* What the kernel answers where the memory for compiled filters is used up; here another filter says so. */
Test(seccomp_load, the_kernels_own_errno_is_explained)
{
	struct sock_filter full[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 524),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = {.len = 4, .filter = full};
	struct seccomp_filter filter = {.bytes = full, .len = sizeof(full)};
	struct err err = {0};

	cr_assert(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	cr_assert(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == 0);
	cr_assert(seccomp_apply(&filter, &err) == -1);
	cr_expect(err.sys == 524);
	cr_expect(strstr(err.text, "net.core.bpf_jit_limit"), "%s", err.text);
	cr_expect(!strstr(err.text, "524") && !strstr(err.text, "nknown error"), "%s", err.text);
	cr_expect(strstr(err.hint, "/proc/sys/net/core/bpf_jit_limit"), "%s", err.hint);
}
