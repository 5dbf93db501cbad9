#include "supervisor/payload.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/pace.h"
#include "base/puttext.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMED_OUT = 124 };

static const uint64_t traced_ns = 20 * MS_NS; /* between looks at one that another process traces */
static const uint64_t adopt_ns = SECOND_NS;   /* time of the host's init to reap it */
static const uint64_t again_ns = SECOND_NS;   /* before another try to kill it */

/* The kernel's struct pidfd_info, version 0. Headers have it from 6.13 on. */
struct pidfd_info_v0 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define PIDFD_INFO_GET  _IOWR(0xFF, 11, struct pidfd_info_v0)
#define PIDFD_INFO_EXIT (UINT64_C(1) << 3) /* 6.15; known once its parent has reaped it */

static bool status_if_reaped(const struct payload *p, int *ret)
{
	struct pidfd_info_v0 info = {.mask = PIDFD_INFO_EXIT};

	if (ioctl(p->pidfd, PIDFD_INFO_GET, &info) < 0 || !(info.mask & PIDFD_INFO_EXIT))
		return false;
	*ret = info.exit_code;
	return true;
}

/* The last field of /proc/PID/stat, for as long as nobody has reaped it. */
static bool status_if_zombie(const struct payload *payload, int *ret)
{
	char text[1024], *end, *p = put_number(put_text(text, "/proc/"), (uint64_t)payload->pid, 1);
	uint32_t status;
	ssize_t n;
	int fd;

	*put_text(p, "/stat") = '\0';
	fd = open(text, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	fd_forget(&fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	end = strrchr(text, ')');
	p = strrchr(text, ' ');
	if (!end || !p || end + 2 >= p || end[2] != 'Z')
		return false;
	text[n - 1] = '\0'; /* the newline */
	if (num_parse_u32(p + 1, &status) < 0 || status > UINT16_MAX)
		return false;
	*ret = (int)status;
	return true;
}

static int adopted_status(const struct payload *p)
{
	const struct timespec rest = {0, 10 * (long)MS_NS};
	uint64_t until = monotonic_ns() + adopt_ns;
	int status;

	do {
		if (status_if_reaped(p, &status) || status_if_zombie(p, &status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		ppoll(NULL, 0, &rest, NULL);
	} while (monotonic_ns() < until);
	return STATUS_UNKNOWN;
}

static bool payload_reap(struct payload *p, uint64_t now)
{
	siginfo_t end = {0};

	if (p->adopted)
		p->status = adopted_status(p);
	else if (waitid(P_PID, (id_t)p->pid, &end, WEXITED | WNOHANG) < 0 || !end.si_pid) {
		p->reap_at = now + traced_ns;
		return false;
	} else
		p->status = end.si_code == CLD_EXITED ? end.si_status & 0xff : 128 + end.si_status;
	if (p->timed_out)
		p->status = TIMED_OUT;
	p->dead = true;
	p->kill_at = NEVER;
	return true;
}

static void payload_kill(struct payload *p, uint64_t now)
{
	p->kill_at = NEVER;
	p->timed_out = true;
	if (syscall(SYS_pidfd_send_signal, p->pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		p->kill_at = now + again_ns;
}

bool payload_serve(struct payload *p, const struct pollfd *poll, uint64_t now)
{
	if (now >= p->kill_at)
		payload_kill(p, now);
	return poll->revents && payload_reap(p, now);
}

void payload_poll(const struct payload *p, struct pollfd *ret, uint64_t now)
{
	*ret = (struct pollfd){p->dead || now < p->reap_at ? -1 : p->pidfd, POLLIN, 0};
}

uint64_t payload_deadline(const struct payload *p, uint64_t now)
{
	return now < p->reap_at ? earlier(p->kill_at, p->reap_at) : p->kill_at;
}

void payload_record(const struct payload *payload, int exit_fd)
{
	char text[32], *p = text;

	if (payload->status == STATUS_UNKNOWN)
		return;
	p = put_number(p, (uint64_t)payload->status, 1);
	*p++ = '\n';
	p = put_number(p, (uint64_t)now_ns(), 1);
	*p++ = '\n';
	/* There is nobody to tell, and nobody else who knows: what fails for the moment is tried again. */
	for (int tries = 0; tries < 10; tries++) {
		if (pwrite(exit_fd, text, (size_t)(p - text), 0) == p - text)
			return;
		poll(NULL, 0, 10);
	}
}
