/* The flags of ctr run. */
#pragma once

#include "cli/command.h"
#include "cli/environment.h"
#include "spec/maclabel.h"
#include "spec/networkflag.h"
#include "spec/spec.h"

struct run_options {
	struct spec spec;
	bool detach, dry_run;
	bool create; /* nothing is started */
	const char *name, *rootfs, *cidfile, *entrypoint, *cgroup_parent;
	const char *user, *workdir, *stop_signal; /* over the image's; NULL: not given */
	struct selinux_parts label;
	uint64_t cap_add, cap_drop;
	struct network_flags network;
	struct environment environment; /* applied over the image's */
	bool hostname_given, writable_cgroups;
	bool env_host, replace;
	const char *platform;
	const char **label_files;
	size_t label_file_count;
	unsigned names_made_up;
};

/* The numbers of a disk, by its path. */
int resolve_disk(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *err);

extern const struct flag run_flags[];
void run_options_init(void *options);
