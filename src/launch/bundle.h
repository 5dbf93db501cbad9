/*
 * What a container has beyond its spec when an engine makes it from a bundle: a directory with a
 * config.json and a root. It is created in one call and started in another; between them nobody
 * of ours is there. Everything later commands need is in its state directory.
 */
#pragma once

#include "spec/spec.h"
#include "state/configfile.h"
#include "state/container.h"

#define BUNDLE_STATE "state.json" /* as `state` prints it, but for status, pid and streams */
/* What the standard streams of who created it are to the kernel, for a later checkpoint. */
#define BUNDLE_STREAMS "streams"

struct bundle {
	const char *dir;    /* absolute */
	const char *config; /* the text of its config.json, kept for later commands */
	size_t config_len;
	const char *cgroup;  /* cgroup_path_parse(); "": none */
	bool group_optional; /* without limits, and without rights to it, it may be missing */
	const char *oci_version;
	int console_socket; /* takes the master of the terminal, or -1 */
	int pidfd_socket;   /* takes a pidfd of the first process, or -1 */
	unsigned keep_fds;  /* so many, from 3 on, reach the payload */
};

/* The states that the hooks of a start are told, with room for a pid that is not known yet. */
struct bundle_states {
	char *creating, *created;
};
int bundle_states_make(const struct spec *spec, const struct bundle *b, struct bundle_states *ret,
	struct err *err);
void bundle_states_free(struct bundle_states *s);
/* Puts the pid into a text of bundle_states_make(), in place. Allocates nothing. */
void bundle_state_set_pid(char *state, pid_t pid);

/* Writes the files that later commands read, of a container that was just locked. */
int bundle_keep(const struct container *c, const struct spec *spec, const struct bundle *b,
	struct err *err);

/* The working directory of hooks that run on the host: a descriptor, or -1 if it is gone. */
int bundle_dir_open(const char *dir);

/* After a create that failed once it had a process, and is undone: poststop hooks. */
void bundle_undone(const struct spec *spec, const struct bundle *b);

/* Whether the child has to say when its namespaces are there, and when its mounts are; after these it
 * waits for an answer. */
bool bundle_awaits_namespaces(const struct spec *spec);
bool bundle_awaits_mounts(const struct spec *spec);

/* Either side: says so to the other, or waits until that has. -1: without err->sys, the other has
 * ended; a child may say why in its report. */
int bundle_tell(int sock, struct err *err);
int bundle_await(int sock, struct err *err);

/* Parent: once the namespaces are there, interfaces of the host that the container is to have. */
int bundle_move_devices(const struct container *c, const struct spec *spec, struct err *err);

/* Parent: once the mounts are there, the prestart and createRuntime hooks. */
int bundle_run_hooks(const struct container *c, const struct spec *spec,
	const struct bundle_states *states, struct err *err);

/* Parent: hands the terminal and the pidfd to who asked for them; takes console over. */
int bundle_hand_out(const struct container *c, const struct bundle *b, int console,
	struct err *err);
