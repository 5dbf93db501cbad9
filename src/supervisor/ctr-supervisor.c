/*
 * What stays behind with one detached container: it waits for PID 1, whose parent it is, keeps the
 * log, and serves those who attach (console/attach.h). Started by exec in the process that
 * started the container; everything it works on is a descriptor:
 *
 *   ctr-supervisor --pid PID --pidfd FD --listen FD --exit FD --lock FD
 *     (--tty FD | --stdout FD --stderr FD [--stdin FD]) [--log-dir FD --log-max BYTES]
 *     [--log-rate BYTES] [--hold FD] [--ready FD] [--timeout-ns NS] [--check-ns NS] [--check-soon-ns NS]
 *     [--resolver PATH --resolver-udp FD --resolver-tcp FD]
 *     [-- CLEANUP [ARGUMENT]... [-- CHECK [ARGUMENT]...]]
 *
 * --tty     master side of the container's terminal. It is kept open on the other side too, so
 *           that a getty which hangs up its line does not end it.
 * --exit    receives "STATUS\nNANOSECONDS\n" at offset 0, once, when PID 1 has ended and its output
 *           is in the log: 0..255, 128+n for signal n; time of day in decimal. Preallocated by
 *           the caller, so that a full disk does not lose it.
 * --lock    only kept open, also across the exec of CLEANUP; every other descriptor is closed there.
 * --log-dir directory of "log" and "log.1", together at most twice BYTES (at least 16 KiB). A record
 *           is "TIME stdout|stderr F|P TEXT": UTC with nanoseconds, P for a piece of a line whose
 *           rest follows. When it cannot be written, records are dropped and counted, and the
 *           count is written once that is possible again.
 * --hold    only kept open, as long as PID 1 lives: it holds the published ports of the host.
 * --log-rate  so many bytes a second are written to the log, on average, and once as much as one log file
 *           holds. Of what comes faster the last lines are logged, a second later or at the end, behind the
 *           number of bytes that are not. 0, the default: no limit.
 * --ready   gets one byte and is closed once clients are served; or what is wrong, behind a byte 1. Given
 *           first, it gets all of that; else standard error does.
 * --check-ns  so long after the start and after each end of CHECK, that is executed, as long as PID 1 lives; or, if
 *           it ended with status 1, after --check-soon-ns, which if given is also that of the first one. Nobody waits for
 *           it: it sees to its own time, and is killed when PID 1 has ended.
 * --resolver  executed when something comes to its sockets, which are in the container's network: ctr-resolver.c. They
 *           are closed when PID 1 has ended, so that its network can end too.
 * --timeout-ns  PID 1 gets SIGKILL so long after the start, and 124 is its status, as timeout(1) has it.
 *
 * It sleeps in poll(2) alone and every descriptor is non-blocking: nothing a container or client
 * does stops it, and the container waits for a client no longer than attach.h says. All signals but
 * SIGKILL are ignored, and the OOM killer is asked to look elsewhere.
 *
 * What it does is done for a container that may have a small part of a CPU: it takes a twentieth of one, on
 * average, or a half with clients, who do not come from there. When it has had more, it waits a moment for more to
 * read at once; then it stops logging, as if too much came; and if that does not help, or there is no rate, it
 * rests, and what writes faster than that waits.
 *
 * It is two processes with one memory and one table of descriptors. The second, the guard, sleeps until
 * the first is killed; then it goes on where that was, with its clients, and makes a guard of its own. It
 * is not the parent of PID 1, whose status it has from the pidfd (Linux 6.15; on older kernels it is lost
 * if the host's init is faster). Whoever kills both leaves the container without a reader.
 *
 * No stdio and no heap: its private memory is what a thousand containers pay a thousand times.
 */
#include "base/clock.h"
#include "supervisor/loop.h"
#include "supervisor/options.h"
#include "supervisor/self.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct supervisor super;
static struct options options;

static int payload_check(void)
{
	siginfo_t end;

	if (waitid(P_PID, (id_t)options.pid, &end, WEXITED | WNOHANG | WNOWAIT) < 0)
		return options_refuse(&options, "--pid", "is not a child of this process");
	return 0;
}

static int nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int descriptors_prepare(void)
{
	if (nonblocking(options.listen) < 0)
		return options_refuse(&options, "--listen", "cannot be made non-blocking");
	if (options.tty >= 0)
		options.in = options.out = options.tty;
	if (nonblocking(options.out) < 0 || (options.in >= 0 && nonblocking(options.in) < 0) ||
		(options.err >= 0 && nonblocking(options.err) < 0))
		return options_refuse(&options, "--stdout", "cannot be made non-blocking");
	return 0;
}

enum { EXEC_TRIES = 5, EXEC_AGAIN_US = 200000 };

static _Noreturn void finish(void)
{
	guard_end(&super.guard);
	self_restore();
	/* Memory may be short for a moment. */
	for (int tries = 0; options.cleanup && tries < EXEC_TRIES; tries++) {
		if (tries)
			usleep(EXEC_AGAIN_US);
		execv(options.cleanup[0], options.cleanup);
	}
	_exit(options.cleanup ? ERR_STATUS_OURS : 0);
}

/* The one in the memory of whoever was killed, who may have been in the middle of anything. */
static void take_over(void)
{
	super.now = monotonic_ns();
	super.payload.adopted = true;
	super.output.work.cpu_ns = 0;
	guard_taken_over(&super.guard, super.now);
	check_taken_over(&super.check, super.now);
	nameservice_taken_over(&super.names);
	super.input.pos = super.input.len = 0;
	clients_recover(&super.clients);
	lines_recover(&super.lines);
	loop_serve(&super);
	finish();
}

static void state_prepare(int null)
{
	super.now = monotonic_ns();
	super.ready = options.ready;
	super.exit = options.exit;
	super.payload = (struct payload){.pid = (pid_t)options.pid,
		.pidfd = options.pidfd,
		.kill_at = options.timeout_ns ? super.now + options.timeout_ns : NEVER};
	super.guard = (struct guard){.self = -1, .fd = -1, .at = super.now, .go_on = take_over};
	check_start(&super.check, options.check, options.check_ns, options.check_soon_ns,
		options.lock, super.now);
	super.names = (struct nameservice){.program = options.resolver,
		.udp = options.resolver_udp,
		.tcp = options.resolver_tcp,
		.state = options.lock,
		.first = options.pidfd,
		.prepare = self_restore,
		.fd = -1};
	super.terminal = (struct terminal){options.tty, -1};
	super.input.fd = options.in;
	super.input.terminal = &super.terminal;
	clients_start(&super.clients, options.listen, &super.input);
	log_start(&super.log, options.log_dir, options.log_max, options.log_rate);
	lines_start(&super.lines, &super.log);
	super.output = (struct output){.of = {{.fd = options.out}, {.fd = options.err}},
		.terminal = &super.terminal,
		.lines = &super.lines,
		.clients = &super.clients,
		.null = null};
	if (options.tty >= 0)
		terminal_hold(&super.terminal);
}

int main(int argc, char **argv)
{
	int null;

	(void)argc;
	if (options_parse(&options, argv) < 0 || payload_check() < 0 || descriptors_prepare() < 0)
		return ERR_STATUS_OURS;
	self_detach(options.lock, &null);
	state_prepare(null);
	loop_serve(&super);
	finish();
}
