/* The flags of ctr run, and the spec they make together with the image. */
#pragma once

#include "cli/command.h"
#include "image/store.h"
#include "spec/maclabel.h"
#include "spec/spec.h"

struct run_options {
	struct spec spec;
	bool detach, dry_run;
	const char *name, *rootfs, *cidfile, *entrypoint, *detach_keys, *cgroup_parent;
	const char *user, *workdir, *stop_signal; /* over the image's; NULL: not given */
	struct selinux_parts label;
	uint64_t cap_add, cap_drop;
	const char **env, **env_files; /* applied over the image's environment, files first */
	size_t env_count, env_file_count;
	bool hostname_given, writable_cgroups;
	unsigned names_made_up;
};

/* Another made-up name; false if the name was given. */
bool run_options_rename(struct run_options *o, const struct store *store, struct err *err);

extern const struct flag run_flags[];
void run_options_init(void *options);

/* Words after the flags: [IMAGE] [COMMAND…]. Reads the image, if there is one, and completes the
 * spec. ret_image_lock: held until the image's layers are recorded as in use, or -1. */
int run_options_finish(struct run_options *o, const struct store *store, int argc, char **argv,
	struct image *ret_image, int *ret_image_lock, struct err *err);
