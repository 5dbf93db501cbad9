#include "launch/bundle.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/file.h"
#include "base/utf8.h"
#include "launch/hooks.h"
#include "net/device.h"
#include "spec/state.h"
#include "state/configfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As wide as any pid is: blanks are nothing to JSON. */
#define PID_PLACE "2147483647"

static char *state_make(const struct spec *spec, const struct bundle *b, const char *status,
	struct err *err)
{
	const struct oci_state s = {
		.version = b->oci_version,
		.id = spec->name,
		.status = status,
		.bundle = b->dir,
		.pid = INT32_MAX,
		.annotations = spec->annotations,
		.annotation_count = spec->annotation_count,
	};

	return oci_state_format(&s, STATE_COMPACT, err);
}

int bundle_states_make(const struct spec *spec, const struct bundle *b, struct bundle_states *ret,
	struct err *err)
{
	*ret = (struct bundle_states){.creating = state_make(spec, b, "creating", err)};
	if (!ret->creating)
		return -1;
	ret->created = state_make(spec, b, "created", err);
	return ret->created ? 0 : -1;
}

void bundle_states_free(struct bundle_states *s)
{
	free(s->creating);
	free(s->created);
	*s = (struct bundle_states){NULL};
}

void bundle_state_set_pid(char *state, pid_t pid)
{
	char text[sizeof(PID_PLACE)];
	char *at = strstr(state, "\"pid\":" PID_PLACE);

	if (!at)
		return;
	snprintf(text, sizeof(text), "%10d", (int)pid);
	memcpy(at + strlen("\"pid\":"), text, strlen(text));
}

/* "pipe:[1234]", a path, or "". */
static void name_streams(char names[3][128])
{
	for (int fd = 0; fd < 3; fd++) {
		char path[32];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, names[fd], sizeof(names[fd]));
		names[fd][n > 0 && n < (ssize_t)sizeof(names[fd]) ? n : 0] = '\0';
		if (!utf8_valid(names[fd]))
			names[fd][0] = '\0';
	}
}

int bundle_keep(const struct container *c, const struct spec *spec, const struct bundle *b,
	struct err *err)
{
	char names[3][128];
	const char *const streams[3] = {names[0], names[1], names[2]};
	const struct oci_state s = {
		.version = b->oci_version,
		.id = spec->name,
		.status = "creating",
		.bundle = b->dir,
		.streams = spec->process.terminal ? NULL : streams,
		.rootfs = spec->root.dir,
		.owner = "",
		.created_ns = c->record.created_ns,
		.annotations = spec->annotations,
		.annotation_count = spec->annotation_count,
	};
	autofree char *state = NULL;

	name_streams(names);
	state = oci_state_format(&s, STATE_COMPACT, err);
	if (!state || file_write(c->state_fd, BUNDLE_STATE, state, strlen(state), 0600, FILE_NOSYNC,
			      err) < 0)
		return -1;
	return file_write(c->state_fd, BUNDLE_CONFIG, b->config, b->config_len, 0600, FILE_NOSYNC,
		err);
}

int bundle_dir_open(const char *dir)
{
	return open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void bundle_undone(const struct spec *spec, const struct bundle *b)
{
	autofree char *state = NULL;
	autofd int dir = -1;
	struct err err;

	if (!spec->hooks.count[HOOK_POSTSTOP])
		return;
	dir = bundle_dir_open(b->dir);
	state = state_make(spec, b, "stopped", &err);
	if (!state) {
		warn("poststop hooks of %s are not run: %s", spec->name, err.text);
		return;
	}
	bundle_state_set_pid(state, 0);
	hooks_run_all(&spec->hooks, HOOK_POSTSTOP, state, &(struct hook_setting){.dir_fd = dir});
}

bool bundle_awaits_namespaces(const struct spec *spec)
{
	return spec->net_device_count;
}

bool bundle_awaits_mounts(const struct spec *spec)
{
	return spec->hooks.count[HOOK_PRESTART] || spec->hooks.count[HOOK_CREATE_RUNTIME];
}

int bundle_tell(int sock, struct err *err)
{
	if (write(sock, "", 1) == 1)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET)
		return err_set(err, "the making of the container was given up");
	return err_sys(err, "cannot go on with the container");
}

int bundle_await(int sock, struct err *err)
{
	char byte;
	ssize_t n;

	do
		n = read(sock, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return err_sys(err, "cannot hear how the container is made");
	return n == 1 ? 0 : err_set(err, "the making of the container was given up");
}

int bundle_move_devices(const struct container *c, const struct spec *spec, struct err *err)
{
	autofd int netns = -1;
	char path[48];

	if (!spec->net_device_count)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)c->record.pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return err_sys(err, "open the network of the container");
	return net_devices_move(spec->net_devices, spec->net_device_count, netns, err);
}

int bundle_run_hooks(const struct container *c, const struct spec *spec,
	const struct bundle_states *states, struct err *err)
{
	autofd int dir = bundle_dir_open(c->record.bundle);
	const struct hook_setting to = {.dir_fd = dir};

	bundle_state_set_pid(states->creating, c->record.pid);
	if (hooks_run(&spec->hooks, HOOK_PRESTART, states->creating, &to, err) < 0)
		return -1;
	return hooks_run(&spec->hooks, HOOK_CREATE_RUNTIME, states->creating, &to, err);
}

int bundle_hand_out(const struct container *c, const struct bundle *b, int console, struct err *err)
{
	autofd int master = console;

	if (master >= 0 && b->console_socket >= 0 &&
		fds_send(b->console_socket, &master, 1, err) < 0)
		return err_wrap(err, "--console-socket");
	if (b->pidfd_socket >= 0 && fds_send(b->pidfd_socket, &c->pidfd, 1, err) < 0)
		return err_wrap(err, "--pidfd-socket");
	return 0;
}
