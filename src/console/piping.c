#include "console/piping.h"

#include "base/program.h"
#include "base/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ends that are ready to be copied and are not done by then can wait until others have been seen to. */
enum { ROUNDS_MAX = 64 };

void piping_none(struct piping *p)
{
	*p = (struct piping){
		.payload = {STREAM_NULL, STREAM_NULL, STREAM_NULL},
		.pumps = {PUMP_NONE, PUMP_NONE, PUMP_NONE},
	};
}

/* -1: cannot be said. */
static int is_one_file(int a, int b)
{
	struct stat x, y;
	int of_a = fcntl(a, F_GETFL), of_b = fcntl(b, F_GETFL);

	if (of_a < 0 || of_b < 0 || fstat(a, &x) < 0 || fstat(b, &y) < 0)
		return -1;
	return of_a == of_b && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int open_output(struct piping *p, int fd)
{
	int ends[2];

	if (program_output_is_closed(fd))
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	p->payload[fd] = ends[1];
	return pump_out(&p->pumps[fd], ends[0], fd);
}

static int open_input(struct piping *p)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	p->payload[STDIN_FILENO] = ends[0];
	return pump_in(&p->pumps[STDIN_FILENO], STDIN_FILENO, ends[1]);
}

int piping_open(struct piping *p, bool with_stdin, struct err *err)
{
	const int one = is_one_file(STDOUT_FILENO, STDERR_FILENO);

	piping_none(p);
	if (one < 0)
		return err_sys(err, "cannot see what standard output and error are");
	/* At a file's limit a write is to fail, with nobody dead of it. */
	signal(SIGXFSZ, SIG_IGN);
	if ((with_stdin && open_input(p) < 0) || open_output(p, STDOUT_FILENO) < 0 ||
		(!one && open_output(p, STDERR_FILENO) < 0)) {
		err_sys(err, "cannot make a pipe to the container");
		piping_close(p);
		return -1;
	}
	if (one)
		p->payload[STDERR_FILENO] = p->payload[STDOUT_FILENO];
	return 0;
}

void piping_started(struct piping *p)
{
	for (int i = 0; i < 3; i++) {
		if (p->payload[i] >= 0 && (i < 2 || p->payload[2] != p->payload[1]))
			close(p->payload[i]);
	}
	for (int i = 0; i < 3; i++)
		p->payload[i] = STREAM_NULL;
}

void piping_poll(const struct piping *p, struct pollfd ret[PIPING_POLLS])
{
	for (size_t i = 0; i < 3; i++)
		pump_poll(&p->pumps[i], ret + 2 * i);
}

void piping_serve(struct piping *p, const struct pollfd polled[PIPING_POLLS])
{
	for (size_t i = 0; i < 3; i++)
		pump_serve(&p->pumps[i], polled + 2 * i);
}

bool piping_holds(struct piping *p)
{
	return !pump_is_over(&p->pumps[1]) || !pump_is_over(&p->pumps[2]);
}

void piping_end(struct piping *p)
{
	struct pollfd polled[PIPING_POLLS];

	piping_started(p);
	pump_close(&p->pumps[0]);
	pump_bound(&p->pumps[1]);
	pump_bound(&p->pumps[2]);
	for (int i = 0; i < ROUNDS_MAX && piping_holds(p); i++) {
		piping_poll(p, polled);
		if (poll(polled, PIPING_POLLS, 0) < 0 && errno != EINTR)
			return;
		piping_serve(p, polled);
	}
}

int piping_result(const struct piping *p, struct err *err)
{
	static const char *const what[] = {"pass standard input on", "write to standard output",
		"write to standard error"};

	for (int i = 0; i < 3; i++) {
		errno = p->pumps[i].error;
		if (errno)
			return err_sys(err, "%s", what[i]);
	}
	return 0;
}

void piping_close(struct piping *p)
{
	piping_started(p);
	for (int i = 0; i < 3; i++)
		pump_close(&p->pumps[i]);
}
