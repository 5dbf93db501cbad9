#include "cgroup/scope.h"

#include "base/await.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/spawn.h"
#include "cgroup/group.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define PROGRAM "ctr-scope"

enum { ARGS = 8, CPU_MAX = 8192 };

/* What systemd takes as the name of a unit. */
static bool unit_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\@";

	return strspn(name, letters) == strlen(name) && strlen(name) < UNIT_NAME_SIZE;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcmp(s + n - k, end) == 0;
}

int slice_expand(const char *what, const char *slice, char ret[CGROUP_PATH_SIZE], struct err *err)
{
	char to[CGROUP_PATH_SIZE] = "";
	size_t len = 0, stem;

	if (strcmp(slice, "-.slice") == 0) {
		ret[0] = '\0';
		return 0;
	}
	if (!ends_with(slice, ".slice") || !unit_valid(slice) || slice[0] == '-' ||
		strstr(slice, "--") || strstr(slice, "-.slice"))
		return err_value(err, what, slice, "is not the name of a slice");
	stem = strlen(slice) - strlen(".slice");
	for (size_t i = 1; i <= stem; i++) {
		if (i < stem && slice[i] != '-')
			continue;
		len += (size_t)snprintf(to + len, sizeof(to) - len, "/%.*s.slice", (int)i, slice);
		if (len >= sizeof(to))
			return err_value(err, what, slice, "lies in too many slices");
	}
	memcpy(ret, to, len + 1);
	return 0;
}

static int not_three(const char *what, const char *text, struct err *err)
{
	err_value(err, what, text, "is not SLICE:PREFIX:NAME, which systemd's scopes need");
	return err_hint(err, "system.slice:ctr:NAME, for example");
}

int scope_name_parse(const char *what, const char *text, bool user, struct scope_name *ret,
	struct err *err)
{
	size_t slice = strcspn(text, ":"), prefix;
	struct scope_name n = {.user = user};
	char path[CGROUP_PATH_SIZE];
	const char *rest = text + slice;

	if (!*rest++)
		return not_three(what, text, err);
	prefix = strcspn(rest, ":");
	if (!rest[prefix] || !rest[prefix + 1] || strchr(rest + prefix + 1, ':'))
		return not_three(what, text, err);
	if (ends_with(rest + prefix + 1, ".slice")) {
		err_value(err, what, text, "names a slice, in which no container can be");
		return err_hint(err, "systemd delegates scopes only: leave out \".slice\"");
	}
	if (slice == 0)
		snprintf(n.slice, sizeof(n.slice), "%s", user ? "user.slice" : "system.slice");
	else if (snprintf(n.slice, sizeof(n.slice), "%.*s", (int)slice, text) >=
		 (int)sizeof(n.slice))
		return err_value(err, what, text, "is too long for the name of a unit");
	if (snprintf(n.unit, sizeof(n.unit), "%.*s%s%s.scope", (int)prefix, rest, prefix ? "-" : "",
		    rest + prefix + 1) >= (int)sizeof(n.unit))
		return err_value(err, what, text, "is too long for the name of a unit");
	if (!unit_valid(n.unit))
		return err_value(err, what, text, "has a character that no unit of systemd has");
	if (slice_expand(what, n.slice, path, err) < 0)
		return -1;
	*ret = n;
	return 0;
}

int scope_group_path(const struct scope_name *name, char ret[CGROUP_PATH_SIZE], struct err *err)
{
	char path[CGROUP_PATH_SIZE];
	size_t len;

	if (slice_expand("slice", name->slice, path, err) < 0)
		return -1;
	len = strlen(path);
	if (snprintf(path + len, sizeof(path) - len, "/%s/" SCOPE_GROUP, name->unit) >=
		(int)(sizeof(path) - len))
		return err_set(err, "%s: its path is too long", name->unit);
	memcpy(ret, path, strlen(path) + 1);
	return 0;
}

char *scope_mask(struct arena *a, const char *list)
{
	unsigned char *bytes = arena_alloc(a, CPU_MAX / 8);
	char *text = arena_alloc(a, CPU_MAX / 4 + 1);
	unsigned first, last;
	size_t len = 0;
	int used;

	while (sscanf(list, "%u%n", &first, &used) == 1) {
		list += used;
		last = first;
		if (sscanf(list, "-%u%n", &last, &used) == 1)
			list += used;
		for (unsigned i = first; i <= last && i < CPU_MAX; i++) {
			bytes[i / 8] |= (unsigned char)(1U << i % 8);
			len = i / 8 + 1 > len ? i / 8 + 1 : len;
		}
		list += *list == ',';
	}
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

static void add(struct word_list *l, struct arena *a, char *word)
{
	arena_push(a, l->words, l->count, word);
}

static void add_number(struct word_list *l, struct arena *a, const char *name, uint64_t value)
{
	add(l, a, arena_printf(a, "%s=t:%llu", name, (unsigned long long)value));
}

/* systemd keeps whole hundredths of a CPU; the group below holds the exact quota. */
static void add_quota(struct word_list *l, struct arena *a, const struct limits *limits)
{
	uint64_t period = limits->cpu_period_us ? limits->cpu_period_us : 100000;
	uint64_t percent = (limits->cpu_quota_us * 100 + period - 1) / period;

	if (limits->cpu_quota_us == UINT64_MAX)
		add_number(l, a, "CPUQuotaPerSecUSec", UINT64_MAX);
	if (limits->cpu_quota_us == 0 || limits->cpu_quota_us > UINT64_MAX / 200)
		return;
	add_number(l, a, "CPUQuotaPerSecUSec", percent * 10000);
	if (limits->cpu_period_us)
		add_number(l, a, "CPUQuotaPeriodUSec", limits->cpu_period_us);
}

static void add_limits(struct word_list *l, struct arena *a, const struct limits *limits)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"MemoryMax", limits->memory},
		{"MemoryHigh", limits->memory_high},
		{"MemoryLow", limits->memory_low},
		{"CPUWeight", limits->cpu_weight},
		{"IOWeight", limits->io_weight},
		{"TasksMax", limits->pids},
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].value)
			add_number(l, a, numbers[i].name, numbers[i].value);
	if (limits->memory_swap_set)
		add_number(l, a, "MemorySwapMax", limits->memory_swap);
	add_quota(l, a, limits);
	if (limits->cpuset_cpus)
		add(l, a, arena_printf(a, "AllowedCPUs=m:%s", scope_mask(a, limits->cpuset_cpus)));
	if (limits->cpuset_mems)
		add(l, a,
			arena_printf(a, "AllowedMemoryNodes=m:%s",
				scope_mask(a, limits->cpuset_mems)));
}

void scope_properties(const struct limits *limits, const char *description,
	uint64_t stop_timeout_ns, struct arena *a, struct word_list *ret)
{
	struct word_list l = {NULL, 0};

	add(&l, a, arena_printf(a, "Description=s:%s", description));
	add_number(&l, a, "TimeoutStopUSec", stop_timeout_ns / 1000);
	add_limits(&l, a, limits);
	/* If nothing is said, systemd sets a default of its own. */
	if (!limits->pids)
		add_number(&l, a, "TasksMax", UINT64_MAX);
	*ret = l;
}

static void add_strings(struct word_list *l, struct arena *a, const struct unit_property *p)
{
	add(l, a, arena_printf(a, "%s=a:%zu", p->name, p->value.strings.count));
	for (size_t i = 0; i < p->value.strings.count; i++)
		add(l, a, (char *)(uintptr_t)p->value.strings.items[i]);
}

void scope_property_add(struct word_list *l, struct arena *a, const struct unit_property *p)
{
	const struct variant *v = &p->value;

	switch (v->type) {
	case 'a':
		return add_strings(l, a, p);
	case 's':
		return add(l, a, arena_printf(a, "%s=s:%s", p->name, v->text));
	case 'b':
		return add(l, a, arena_printf(a, "%s=b:%d", p->name, v->boolean));
	case 'd':
		return add(l, a, arena_printf(a, "%s=d:%.17g", p->name, v->real));
	case 'n':
	case 'i':
	case 'x':
		return add(l, a,
			arena_printf(a, "%s=%c:%lld", p->name, v->type, (long long)v->integer));
	default:
		return add(l, a,
			arena_printf(a, "%s=%c:%llu", p->name, v->type,
				(unsigned long long)v->number));
	}
}

/* A limit that is taken away is no limit, but the word for that in its file. */
static void set_unlimited(struct limits *l)
{
	const struct {
		const char *file;
		uint64_t *limit;
	} known[] = {
		{"memory.max", &l->memory},
		{"memory.high", &l->memory_high},
		{"memory.low", &l->memory_low},
	};

	for (size_t i = 0; i < l->conf_count; i++)
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if (strcmp(l->conf[i].key, known[k].file) == 0 &&
				strcmp(l->conf[i].value, "max") == 0)
				*known[k].limit = UINT64_MAX;
}

void scope_changes(const struct limits *limits, struct arena *a, struct word_list *ret)
{
	struct limits changed = *limits;

	set_unlimited(&changed);
	*ret = (struct word_list){NULL, 0};
	add_limits(ret, a, &changed);
}

/* Starts ctr-scope. *ret_sock: our end of its standard input. mode: an option for it, or NULL. */
static int start_program(const struct scope_name *name, const char *mode,
	const struct word_list *properties, pid_t *ret_pid, int *ret_sock, struct err *err)
{
	autofree char **argv = calloc(properties->count + ARGS, sizeof(char *));
	autofd int ours = -1, theirs = -1;
	char path[4096];
	size_t n = 0;
	sigset_t none;
	int pair[2];

	if (!argv || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, "cannot make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	if (program_path(PROGRAM, path, sizeof(path), err) < 0)
		return -1;
	argv[n++] = (char *)PROGRAM;
	if (name->user)
		argv[n++] = (char *)"--user";
	if (mode)
		argv[n++] = (char *)(uintptr_t)mode;
	argv[n++] = (char *)name->unit;
	if (!mode)
		argv[n++] = (char *)name->slice;
	memcpy(argv + n, properties->words, properties->count * sizeof(char *));
	/* The signals that ctr holds back are let through. */
	sigemptyset(&none);
	if (spawn(&(struct spawning){.path = path,
			  .argv = argv,
			  .mask = &none,
			  .fds = {{theirs, STDIN_FILENO}},
			  .fd_count = 1},
		    ret_pid) < 0)
		return err_sys(err, "run %s", path);
	*ret_sock = take_fd(&ours);
	return 0;
}

static int too_late(const struct scope_name *name, struct err *err)
{
	err_set(err, "systemd did not make %s within %d seconds", name->unit, SCOPE_SECONDS);
	err->sys = ETIMEDOUT;
	return err_hint(err, "is D-Bus stuck? busctl tells; or run without --cgroup-manager "
			     "systemd");
}

/* '?' when systemd is asked; then '+' and the path of the scope's group, or '-' and a struct err. */
static int await_holder(const struct scope_name *name, struct scope *s, char path[CGROUP_PATH_SIZE],
	struct err *err)
{
	uint64_t end = deadline_in(SCOPE_SECONDS);
	char message[1 + sizeof(struct err)];
	ssize_t n;

	do {
		if (await_readable(s->hold_fd, end) == 0)
			return too_late(name, err);
		n = recv(s->hold_fd, message, sizeof(message), 0);
		s->asked = s->asked || (n == 1 && message[0] == '?');
	} while (n == 1 && message[0] == '?');
	if (n == sizeof(message) && message[0] == '-') {
		memcpy(err, message + 1, sizeof(*err));
		return -1;
	}
	if (n < 2 || message[0] != '+' || n > CGROUP_PATH_SIZE)
		return err_set(err, PROGRAM " ended before %s was there", name->unit);
	memcpy(path, message + 1, (size_t)n - 1);
	path[n - 1] = '\0';
	return 0;
}

int scope_start(const struct scope_name *name, int hierarchy_fd, const struct word_list *properties,
	struct scope *ret, char ret_path[CGROUP_PATH_SIZE], struct err *err)
{
	struct scope s = SCOPE_NONE;
	char path[CGROUP_PATH_SIZE];

	if (start_program(name, NULL, properties, &s.holder, &s.hold_fd, err) == 0 &&
		await_holder(name, &s, path, err) == 0) {
		s.dir_fd = cgroup_path_open(hierarchy_fd, path + 1, err);
		if (s.dir_fd >= 0) {
			strcpy(ret_path, path);
			*ret = s;
			return 0;
		}
	}
	/* A holder that has asked systemd must still be there when systemd answers; it ends by itself then. */
	if (s.holder > 0 && s.asked && err->sys == ETIMEDOUT)
		s.holder = 0;
	else if (s.holder > 0 && !s.asked)
		kill(s.holder, SIGKILL);
	scope_let_go(&s);
	return -1;
}

int scope_change(const struct scope_name *name, const struct word_list *properties, struct err *err)
{
	char message[1 + sizeof(struct err)];
	autofd int sock = -1;
	ssize_t n = -1;
	pid_t pid;

	if (start_program(name, "--set", properties, &pid, &sock, err) < 0)
		return -1;
	if (await_readable(sock, deadline_in(SCOPE_SECONDS)) > 0)
		n = recv(sock, message, sizeof(message), 0);
	else
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (n == 1 && message[0] == '+')
		return 0;
	if (n == sizeof(message) && message[0] == '-') {
		memcpy(err, message + 1, sizeof(*err));
		return -1;
	}
	return n < 0 ? err_set(err, "systemd did not change %s within %d seconds", name->unit,
			       SCOPE_SECONDS)
		     : err_set(err, PROGRAM " ended before %s was changed", name->unit);
}

void scope_let_go(struct scope *s)
{
	if (s->hold_fd >= 0)
		close(s->hold_fd);
	if (s->holder > 0)
		while (waitpid(s->holder, NULL, 0) < 0 && errno == EINTR)
			;
	if (s->dir_fd >= 0) {
		/* With the scope, if nobody else is in it. */
		unlinkat(s->dir_fd, SCOPE_HOLD, AT_REMOVEDIR);
		close(s->dir_fd);
	}
	*s = SCOPE_NONE;
}
