/*
 * inject [-d SECONDS] [-p PROCESS:K:FAULT] [-t FILE] [-r FD] -- PROGRAM [ARGUMENT]...
 *
 * Runs a command of ours with all its processes, and makes one of their system calls go wrong.
 *
 *   PROCESS  0 is the command, 0.1 the first process that it made, 0.1.2 the second one of that
 *   K        the K-th system call of that process, from 1, over all programs that it executes; or
 *            NAME, the first one of that name
 *   FAULT    KILL: SIGKILL when it is about to make the call; ALL: to every process of the command;
 *            else the number of an error that the call returns. The call is not made, but for close(2),
 *            which frees the descriptor whatever it returns
 *
 *   -t       writes "PROCESS K PROGRAM CALL can|memory|cannot" for every call: whether it can fail at
 *            all, or for want of memory only
 *   -r       writes what happened in one line: "STATUS hit|linking|missed|harmless PROGRAM CALL HUNG";
 *            linking: before the dynamic loader, if there is one, has any memory
 *   -d       ends everything after so many seconds
 *
 * Only our own programs are followed: a process that executes another one (the payload) is let go of, and
 * only its end is waited for. System calls before the first one of main() count like any other.
 * A call's place is its process and number, not the moment: what other processes do meanwhile varies.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "inject.c knows the registers of x86_64 only"
#endif

/* glibc's dynamic loader asks for memory with its second call. */
enum { PROCESSES_MAX = 64, FAULT_KILL = -1, FAULT_ALL = -2, LINKING = 2 };
enum {
	OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
		  PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL,
};

struct process {
	pid_t pid;
	char role[64];    /* "" until its parent's stop has told who made it */
	char program[32]; /* the last component of what it executes */
	unsigned long calls, children;
	unsigned long executed; /* how many of these calls when it last executed a program */
	bool inside;            /* between the two stops of a call */
	bool accepts;           /* that call is accept4(2) or accept(2) */
	bool leaves;            /* at its next stop */
	bool waits;             /* for its role */
	long result;            /* what the call it is in shall return; 0: its own */
	long brk;               /* what brk(2) was asked for, which is put back */
};

static struct process processes[PROCESSES_MAX];
static const char *point_role;
static unsigned long point_call; /* 0: the first one of point_name */
static const char *point_name;
static int point_fault;
static char outcome[128] = "missed - -";
static FILE *trace;
static bool waiting_left; /* some were let go of that wait for others to come */
static bool killed_all;
static volatile sig_atomic_t late;

static void die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(2);
}

static struct process *process_find(pid_t pid)
{
	struct process *unused = NULL;

	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
		if (!processes[i].pid && !unused)
			unused = &processes[i];
	}
	if (!unused) {
		errno = ENOSPC;
		die("too many processes");
	}
	*unused = (struct process){.pid = pid};
	return unused;
}

static void process_forget(struct process *p)
{
	*p = (struct process){0};
}

static void read_comm(struct process *p)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)p->pid);
	f = fopen(path, "re");
	if (f && !fgets(p->program, sizeof(p->program), f))
		p->program[0] = '\0';
	p->program[strcspn(p->program, "\n")] = '\0';
	if (f)
		fclose(f);
}

/* The last component of what it executes; false if that is not one of ours. */
static bool process_program(struct process *p)
{
	char path[64], target[4096];
	const char *name;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)p->pid);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	name = strrchr(target, '/');
	/* A copy of itself in memory. */
	if (name && strncmp(name, "/memfd:ctr", 10) == 0)
		return true;
	snprintf(p->program, sizeof(p->program), "%s", name ? name + 1 : "?");
	/* On a mount of its own, as it runs for who could overwrite it, it has no path. */
	if (!p->program[0])
		read_comm(p);
	return strcmp(p->program, "ctr") == 0 || strncmp(p->program, "ctr-", 4) == 0;
}

/* For want of memory only. */
static bool is_memory(long call)
{
	return call == SYS_brk || call == SYS_mmap || call == SYS_munmap || call == SYS_mprotect ||
	       call == SYS_mremap || call == SYS_madvise;
}

/* Some calls report no failure, or fail for wrong arguments only; nobody here waits in futex(2). */
static bool can_fail(long call, int error)
{
	static const long never[] = {SYS_exit, SYS_exit_group, SYS_getpid, SYS_gettid, SYS_getppid,
		SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_umask, SYS_rt_sigreturn,
		SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_restart_syscall, SYS_set_tid_address,
		SYS_set_robust_list, SYS_rseq, SYS_arch_prctl, SYS_alarm, SYS_sched_yield,
		SYS_futex, SYS_uname};

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		if (call == never[i])
			return false;
	return !is_memory(call) || error == ENOMEM;
}

/* To read or set the flags of a descriptor fails for no descriptor that is open. */
static bool is_of_flags(const struct process *p, long call)
{
	long command = ptrace(PTRACE_PEEKUSER, p->pid, offsetof(struct user_regs_struct, rsi), 0);

	return call == SYS_fcntl &&
	       (command == F_GETFD || command == F_SETFD || command == F_GETFL);
}

static const char *call_name(long call)
{
	static char *name;

	free(name);
	name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)call);
	return name ? name : "?";
}

static void kill_all(void)
{
	killed_all = true;
	for (int i = 0; i < PROCESSES_MAX; i++)
		if (processes[i].pid)
			kill(processes[i].pid, SIGKILL);
}

/* What who is still there is doing: a blank-separated line of the kernel's for each. */
static void tell_what_hangs(void)
{
	static const char *const files[] = {"stat", "wchan", "syscall"};

	for (int i = 0; i < PROCESSES_MAX; i++) {
		const struct process *p = &processes[i];

		if (!p->pid)
			continue;
		fprintf(stderr, "inject: %s %s, call %lu%s%s:", p->role, p->program, p->calls,
			p->inside ? ", in it" : "", p->waits ? ", waits" : "");
		for (size_t k = 0; k < sizeof(files) / sizeof(files[0]); k++) {
			char path[64], text[64] = "";
			FILE *f;

			snprintf(path, sizeof(path), "/proc/%d/%s", (int)p->pid, files[k]);
			f = fopen(path, "re");
			if (f && fgets(text, sizeof(text), f))
				fprintf(stderr, " %s", text);
			if (f)
				fclose(f);
		}
		fprintf(stderr, "\n");
	}
}

static void set_register(pid_t pid, size_t offset, long value)
{
	ptrace(PTRACE_POKEUSER, pid, offset, value);
}

static void fail_call(struct process *p, long call)
{
	/* brk(2) does not say no: it returns what is, as it does when it is asked for nothing. */
	if (call == SYS_brk) {
		p->brk = ptrace(PTRACE_PEEKUSER, p->pid, offsetof(struct user_regs_struct, rdi), 0);
		set_register(p->pid, offsetof(struct user_regs_struct, rdi), 0);
		return;
	}
	if (call != SYS_close)
		set_register(p->pid, offsetof(struct user_regs_struct, orig_rax), -1);
	p->result = -point_fault;
}

static bool is_point(const struct process *p, long call)
{
	if (!point_role || outcome[0] != 'm' || strcmp(p->role, point_role) != 0)
		return false;
	return point_call ? p->calls == point_call : strcmp(call_name(call), point_name) == 0;
}

static void call_begins(struct process *p)
{
	long call = ptrace(PTRACE_PEEKUSER, p->pid, offsetof(struct user_regs_struct, orig_rax), 0);
	bool of_flags = is_of_flags(p, call), can = !of_flags && can_fail(call, point_fault);

	p->calls++;
	/* The C library may make do with the older one. */
	p->accepts = (call == SYS_accept4 || call == SYS_accept) &&
		     strcmp(p->program, "ctr-oci") == 0;
	if (trace)
		fprintf(trace, "%s %lu %s %s %s\n", p->role, p->calls, p->program, call_name(call),
			is_memory(call)                    ? "memory"
			: !of_flags && can_fail(call, EIO) ? "can"
							   : "cannot");
	if (!is_point(p, call))
		return;
	snprintf(outcome, sizeof(outcome), "%s %s %s",
		!can && point_fault >= 0            ? "harmless"
		: p->calls - p->executed <= LINKING ? "linking"
						    : "hit",
		p->program, call_name(call));
	if (point_fault == FAULT_KILL)
		kill(p->pid, SIGKILL);
	else if (point_fault == FAULT_ALL)
		kill_all();
	else if (can)
		fail_call(p, call);
}

static void call_ends(struct process *p)
{
	if (p->result)
		set_register(p->pid, offsetof(struct user_regs_struct, rax), p->result);
	if (p->brk)
		set_register(p->pid, offsetof(struct user_regs_struct, rdi), p->brk);
	p->result = p->brk = 0;
}

static void resume(struct process *p, int sig)
{
	if (ptrace(PTRACE_SYSCALL, p->pid, 0, sig) < 0 && errno != ESRCH)
		die("resume a process");
}

static void child_appears(struct process *parent)
{
	unsigned long pid = 0;
	struct process *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, 0, &pid) < 0 || !pid)
		return;
	child = process_find((pid_t)pid);
	snprintf(child->role, sizeof(child->role), "%.48s.%lu", parent->role, ++parent->children);
	strcpy(child->program, parent->program);
	if (child->waits) {
		child->waits = false;
		resume(child, 0);
	}
}

/* Whose parent was killed before it told of the child has no place of its own, and goes on. */
static void adopt_if_orphan(struct process *p)
{
	char path[64], text[512], *end;
	int parent = -1;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)p->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	end = strrchr(text, ')');
	if (!end || sscanf(end + 1, " %*c %d", &parent) != 1 || parent != getpid())
		return;
	strcpy(p->role, "orphan");
	process_program(p);
	p->waits = false;
	resume(p, 0);
}

static void process_ended(struct process *p)
{
	process_forget(p);
	for (int i = 0; i < PROCESSES_MAX; i++)
		if (processes[i].pid && processes[i].waits)
			adopt_if_orphan(&processes[i]);
}

static void stopped(struct process *p, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	/* Any stop takes the place of the one that was asked for. */
	if (p->leaves) {
		ptrace(PTRACE_DETACH, p->pid, 0, 0);
		process_forget(p);
		waiting_left = true;
		return;
	}
	if (sig == (SIGTRAP | 0x80)) {
		p->inside = !p->inside;
		p->inside ? call_begins(p) : call_ends(p);
		sig = 0;
	} else if (event == PTRACE_EVENT_EXEC && !process_program(p)) {
		ptrace(PTRACE_DETACH, p->pid, 0, 0);
		process_forget(p);
		return;
	} else if (event == PTRACE_EVENT_EXEC) {
		p->executed = p->calls;
	} else if (event == PTRACE_EVENT_STOP && !p->role[0]) {
		p->waits = true;
		if (killed_all)
			kill(p->pid, SIGKILL);
		else
			adopt_if_orphan(p);
		return;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
		   event == PTRACE_EVENT_CLONE) {
		child_appears(p);
	}
	resume(p, event ? 0 : sig);
}

static pid_t start(char **argv)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		raise(SIGSTOP);
		execv(argv[0], argv);
		die(argv[0]);
	}
	waitpid(pid, NULL, WUNTRACED);
	if (ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) < 0)
		die("trace the command");
	kill(pid, SIGCONT);
	return pid;
}

static bool any_process(void)
{
	for (int i = 0; i < PROCESSES_MAX; i++)
		if (processes[i].pid)
			return true;
	return false;
}

/* Once nobody is left who would come to those that wait. */
static void let_go_of_waiting(void)
{
	for (int i = 0; i < PROCESSES_MAX; i++)
		if (processes[i].pid &&
			!(processes[i].inside && processes[i].accepts && !processes[i].result))
			return;
	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (processes[i].pid && !processes[i].leaves) {
			processes[i].leaves = true;
			ptrace(PTRACE_INTERRUPT, processes[i].pid, 0, 0);
		}
	}
}

static void on_alarm(int sig)
{
	(void)sig;
	late = 1;
}

/* Until every process of the command has ended, its orphans too. Returns the command's own status. */
static int follow(pid_t command)
{
	int status, result = 0;

	for (;;) {
		struct process *p;
		pid_t pid;

		let_go_of_waiting();
		if (waiting_left && !any_process())
			return result;
		pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR && late == 1) {
			late = 2;
			tell_what_hangs();
			kill_all();
			return 0;
		}
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return result;
		if (!WIFSTOPPED(status)) {
			if (pid == command)
				result = WIFSIGNALED(status) ? 128 + WTERMSIG(status)
							     : WEXITSTATUS(status);
			process_ended(process_find(pid));
			continue;
		}
		p = process_find(pid);
		/* The first exec is that of the command itself: its calls are counted from there. */
		if (pid == command && !p->role[0]) {
			if (status >> 16 == PTRACE_EVENT_EXEC) {
				strcpy(p->role, "0");
				process_program(p);
				ptrace(PTRACE_SYSCALL, pid, 0, 0);
				p->inside = true;
			} else {
				ptrace(PTRACE_CONT, pid, 0, 0);
			}
			continue;
		}
		stopped(p, status);
	}
}

static void parse_point(char *text)
{
	char *call = strchr(text, ':'), *fault = call ? strchr(call + 1, ':') : NULL;

	if (!fault) {
		errno = EINVAL;
		die(text);
	}
	*call++ = *fault++ = '\0';
	point_role = text;
	point_call = strtoul(call, NULL, 10);
	point_name = call;
	point_fault = strcmp(fault, "KILL") == 0  ? FAULT_KILL
		      : strcmp(fault, "ALL") == 0 ? FAULT_ALL
						  : atoi(fault);
}

int main(int argc, char **argv)
{
	int o, report = -1, status;
	unsigned seconds = 20;

	while ((o = getopt(argc, argv, "+d:p:t:r:")) != -1) {
		if (o == 'd')
			seconds = (unsigned)atoi(optarg);
		else if (o == 'p')
			parse_point(optarg);
		else if (o == 't')
			trace = fopen(optarg, "we");
		else if (o == 'r')
			report = atoi(optarg);
		else
			return 2;
	}
	if (!argv[optind])
		return 2;
	/* Orphans come to us: what is detached ends within the run, or makes it late. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	if (report >= 0)
		fcntl(report, F_SETFD, FD_CLOEXEC);
	alarm(seconds);
	status = follow(start(argv + optind));
	if (report >= 0)
		dprintf(report, "%d %s %s\n", status, outcome, late ? "hung" : "ended");
	return 0;
}
