/*
 * ctr-scope [--user] UNIT SLICE NAME=TYPE:VALUE…
 *
 * Asks systemd for a transient, delegated scope with itself in it, says on the socket that is its
 * standard input where the scope's group is, and holds the scope until that socket is closed. How long
 * all this may take is for its caller to say, and it ends with its caller; but not once it has asked:
 * systemd would then put a dead process into the scope, and wait for its end for ever.
 *
 * ctr-scope [--user] --set UNIT NAME=TYPE:VALUE…
 *
 * Changes properties of such a unit for as long as it is there, and says on that socket how that went.
 *
 * TYPE: that of D-Bus, of one letter; m, hexadecimal digits of an array of bytes; or a, the number of
 * strings in an array, which are the words behind it.
 */
#include "base/err.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "cgroup/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define DESTINATION "org.freedesktop.systemd1"
#define OBJECT      "/org/freedesktop/systemd1"
#define MANAGER     "org.freedesktop.systemd1.Manager"

enum { PATIENCE_SECONDS = 120 }; /* for an answer that nobody waits for any more */

struct job {
	char path[256]; /* "": not known yet */
	char result[32];
};

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	const char *path, *unit, *result;
	struct job *job = arg;
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 &&
		strcmp(path, job->path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/* Two hexadecimal digits for each byte. */
static int append_mask(sd_bus_message *m, const char *name, const char *hex)
{
	unsigned char bytes[1024];
	size_t n = 0;
	unsigned byte;

	while (n < sizeof(bytes) && sscanf(hex + 2 * n, "%2x", &byte) == 1)
		bytes[n++] = (unsigned char)byte;
	if (sd_bus_message_open_container(m, 'r', "sv") < 0 ||
		sd_bus_message_append(m, "s", name) < 0 ||
		sd_bus_message_open_container(m, 'v', "ay") < 0 ||
		sd_bus_message_append_array(m, 'y', bytes, n) < 0 ||
		sd_bus_message_close_container(m) < 0)
		return -1;
	return sd_bus_message_close_container(m);
}

static int append_number(sd_bus_message *m, const char *name, char type, const char *value)
{
	const char signature[] = {type, '\0'};
	uint64_t number;

	if (num_parse_u64(value, &number) < 0)
		return -1;
	if (type == 't')
		return sd_bus_message_append(m, "(sv)", name, signature, number);
	return sd_bus_message_append(m, "(sv)", name, signature, (uint32_t)number);
}

static int append_integer(sd_bus_message *m, const char *name, char type, const char *value)
{
	const char signature[] = {type, '\0'};
	int64_t number;

	if (num_parse_i64(value, &number) < 0)
		return -1;
	if (type == 'x')
		return sd_bus_message_append(m, "(sv)", name, signature, number);
	return sd_bus_message_append(m, "(sv)", name, signature, (int32_t)number);
}

/* The words behind it are the strings; *words is then at the last of them. */
static int append_strings(sd_bus_message *m, const char *name, const char *value, char ***words)
{
	uint32_t count;

	if (num_parse_u32(value, &count) < 0 || sd_bus_message_open_container(m, 'r', "sv") < 0 ||
		sd_bus_message_append(m, "s", name) < 0 ||
		sd_bus_message_open_container(m, 'v', "as") < 0 ||
		sd_bus_message_open_container(m, 'a', "s") < 0)
		return -1;
	for (; count > 0; count--)
		if (!*++*words || sd_bus_message_append(m, "s", **words) < 0)
			return -1;
	for (int i = 0; i < 2; i++)
		if (sd_bus_message_close_container(m) < 0)
			return -1;
	return sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const char *name, char type, const char *value,
	char ***words)
{
	switch (type) {
	case 's':
		return sd_bus_message_append(m, "(sv)", name, "s", value);
	case 'd':
		return sd_bus_message_append(m, "(sv)", name, "d", strtod(value, NULL));
	case 'a':
		return append_strings(m, name, value, words);
	case 'm':
		return append_mask(m, name, value);
	case 'n':
	case 'i':
	case 'x':
		return append_integer(m, name, type, value);
	case 'b':
	case 'y':
	case 'q':
	case 'u':
	case 't':
		return append_number(m, name, type, value);
	default:
		return -1;
	}
}

static int append_property(sd_bus_message *m, char ***words, struct err *err)
{
	char *word = **words, *equals = strchr(word, '=');

	if (!equals || !equals[1] || equals[2] != ':')
		return err_set(err, "%s: not NAME=TYPE:VALUE", word);
	*equals = '\0';
	if (append_value(m, word, equals[1], equals + 3, words) < 0)
		return err_set(err, "%s: not a property that could be sent", word);
	return 0;
}

static int message_failed(struct err *err)
{
	return err_set(err, "cannot put the message to systemd together");
}

/* Process 0 is whoever asks. A scope that failed is forgotten as one that ended. */
static int append_properties(sd_bus_message *m, const char *slice, char **words, struct err *err)
{
	if (sd_bus_message_open_container(m, 'a', "(sv)") < 0 ||
		sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Slice", "s", slice, "Delegate",
			"b", 1, "DefaultDependencies", "b", 0, "CollectMode", "s",
			"inactive-or-failed", "PIDs", "au", 1, 0) < 0)
		return message_failed(err);
	for (; *words; words++)
		if (append_property(m, &words, err) < 0)
			return -1;
	if (sd_bus_message_close_container(m) < 0 || sd_bus_message_append(m, "a(sa(sv))", 0) < 0)
		return message_failed(err);
	return 0;
}

static int bus_failed(int r, const sd_bus_error *error, const char *unit, struct err *err)
{
	if (error && sd_bus_error_is_set(error))
		return err_set(err, "systemd does not make %s: %s", unit, error->message);
	errno = -r;
	err_sys(err, "cannot ask systemd over D-Bus for %s", unit);
	return err_hint(err, "is systemd process 1, and dbus running? or run without "
			     "--cgroup-manager systemd");
}

/* The id outside of our user namespace of the user that we are inside. */
static unsigned outer_uid(void)
{
	unsigned inside, outside, count, uid = geteuid();
	char text[8192], *line, *next = text;

	if (file_peek(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) < 0)
		return uid;
	while ((line = strsep(&next, "\n")))
		if (sscanf(line, "%u %u %u", &inside, &outside, &count) == 3 && uid >= inside &&
			uid - inside < count)
			return outside + (uid - inside);
	return uid;
}

/* libsystemd takes the address from the environment, where a variable may be set but empty. It does
 * not say who we are: the bus asks the kernel, as who we think we are is nobody it knows. */
static int open_user_bus(sd_bus **ret)
{
	const char *address = getenv("DBUS_SESSION_BUS_ADDRESS"), *dir = getenv("XDG_RUNTIME_DIR");
	char usual[64];

	snprintf(usual, sizeof(usual), "/run/user/%u", outer_uid());
	if (address && !*address)
		unsetenv("DBUS_SESSION_BUS_ADDRESS");
	if (!dir || !*dir)
		setenv("XDG_RUNTIME_DIR", usual, 1);
	return sd_bus_open_user(ret);
}

static int open_bus(bool user, const char *unit, sd_bus **ret, struct err *err)
{
	int r = user ? open_user_bus(ret) : sd_bus_open_system(ret);

	if (r >= 0)
		return 0;
	if (!user)
		return bus_failed(r, NULL, unit, err);
	errno = -r;
	err_sys(err, "cannot ask the systemd of user %u over D-Bus for %s", outer_uid(), unit);
	return err_hint(err,
		"it takes a session of that user's (loginctl enable-linger), and a bus at "
		"XDG_RUNTIME_DIR/bus; or run without --cgroup-manager systemd");
}

static void tell(char how, const void *data, size_t len)
{
	char message[1 + sizeof(struct err)];

	message[0] = how;
	memcpy(message + 1, data, len);
	send(STDIN_FILENO, message, len + 1, MSG_NOSIGNAL);
}

/* Out of reach of what is meant for the caller and its process group. */
static int outlive_caller(struct err *err)
{
	struct pollfd p = {.fd = STDIN_FILENO};

	if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys(err, "cannot leave the caller");
	if (poll(&p, 1, 0) != 0)
		_exit(1);
	tell('?', "", 0);
	alarm(PATIENCE_SECONDS);
	return 0;
}

static int ask(sd_bus *bus, const char *unit, const char *slice, char **words, struct job *job,
	struct err *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL, *reply = NULL;
	const char *path = NULL;
	int r = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, MANAGER,
		"StartTransientUnit");

	/* The mode: a unit of that name is not replaced. */
	if (r < 0 || (r = sd_bus_message_append(m, "ss", unit, "fail")) < 0)
		return bus_failed(r, NULL, unit, err);
	if (append_properties(m, slice, words, err) < 0 || outlive_caller(err) < 0)
		return -1;
	r = sd_bus_call(bus, m, PATIENCE_SECONDS * 1000000ULL, &error, &reply);
	if (r < 0 || (r = sd_bus_message_read(reply, "o", &path)) < 0)
		return bus_failed(r, &error, unit, err);
	snprintf(job->path, sizeof(job->path), "%s", path);
	return 0;
}

/* The process exits with the bus open: nothing is freed. */
static int start_scope(bool user, const char *unit, const char *slice, char **words,
	struct err *err)
{
	struct job job = {"", ""};
	sd_bus *bus = NULL;
	int r;

	if (open_bus(user, unit, &bus, err) < 0)
		return -1;
	r = sd_bus_match_signal(bus, NULL, DESTINATION, OBJECT, MANAGER, "JobRemoved",
		on_job_removed, &job);
	if (r < 0)
		return bus_failed(r, NULL, unit, err);
	if (ask(bus, unit, slice, words, &job, err) < 0)
		return -1;
	while (!job.result[0]) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, UINT64_MAX);
		if (r < 0)
			return bus_failed(r, NULL, unit, err);
	}
	if (strcmp(job.result, "done") != 0)
		return err_set(err, "systemd does not make %s: the job is %s", unit, job.result);
	return 0;
}

/* Until the unit ends: in no file of its. */
static int set_properties(bool user, const char *unit, char **words, struct err *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL, *reply = NULL;
	sd_bus *bus = NULL;
	int r;

	if (open_bus(user, unit, &bus, err) < 0)
		return -1;
	r = sd_bus_message_new_method_call(bus, &m, DESTINATION, OBJECT, MANAGER,
		"SetUnitProperties");
	if (r < 0)
		return bus_failed(r, NULL, unit, err);
	if (sd_bus_message_append(m, "sb", unit, 1) < 0 ||
		sd_bus_message_open_container(m, 'a', "(sv)") < 0)
		return message_failed(err);
	for (; *words; words++)
		if (append_property(m, &words, err) < 0)
			return -1;
	if (sd_bus_message_close_container(m) < 0)
		return message_failed(err);
	r = sd_bus_call(bus, m, PATIENCE_SECONDS * 1000000ULL, &error, &reply);
	if (r >= 0)
		return 0;
	if (sd_bus_error_is_set(&error))
		return err_set(err, "systemd does not change %s: %s", unit, error.message);
	return bus_failed(r, NULL, unit, err);
}

/* "0::/system.slice/UNIT", among the lines of version 1. */
static int own_group(const char *unit, char ret[CGROUP_PATH_SIZE], struct err *err)
{
	char text[16384], *line, *next = text;
	ssize_t n = file_peek(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));

	while (n > 0 && (line = strsep(&next, "\n"))) {
		const char *name = strrchr(line, '/');

		if (strncmp(line, "0::/", 4) == 0 && strlen(line) < CGROUP_PATH_SIZE &&
			strcmp(name + 1, unit) == 0) {
			strcpy(ret, line + 3);
			return 0;
		}
	}
	return err_set(err, "systemd made %s, but without a group of cgroup version 2", unit);
}

/* Out of the scope's own group, so that it can hand controllers down. */
static int step_aside(const char *path, struct err *err)
{
	char mount[4096];
	autofd int top = cgroup_hierarchy_open(mount, sizeof(mount), err);
	autofd int scope = top < 0 ? -1 : cgroup_path_open(top, path + 1, err);
	autofd int hold = scope < 0 ? -1 : cgroup_create(scope, SCOPE_HOLD, err);

	return hold < 0 ? -1 : cgroup_join(hold, 0, err);
}

static int change(bool user, char **words)
{
	struct err err = {0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		set_properties(user, words[0], words + 1, &err) < 0) {
		tell('-', &err, sizeof(err));
		return 1;
	}
	tell('+', "", 0);
	return 0;
}

int main(int argc, char **argv)
{
	bool user = argc > 1 && strcmp(argv[1], "--user") == 0;
	char **words = argv + 1 + user, path[CGROUP_PATH_SIZE], byte;
	struct err err = {0};

	if (argc < 3 + user) {
		fprintf(stderr, "usage: ctr-scope [--user] UNIT SLICE NAME=TYPE:VALUE...\n"
				"       ctr-scope [--user] --set UNIT NAME=TYPE:VALUE...\n");
		return 2;
	}
	if (strcmp(words[0], "--set") == 0)
		return change(user, words + 1);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		start_scope(user, words[0], words[1], words + 2, &err) < 0 ||
		own_group(words[0], path, &err) < 0 || step_aside(path, &err) < 0) {
		tell('-', &err, sizeof(err));
		return 1;
	}
	tell('+', path, strlen(path));
	alarm(0);
	while (recv(STDIN_FILENO, &byte, 1, 0) < 0 && errno == EINTR)
		;
	return 0;
}
