/* What a user asks to be mounted: -v, --mount, --tmpfs. Pure: sources are looked at by who opens
 * them. Each function adds one mount to the spec; a mount at /dev/shm replaces the usual one. */
#pragma once

#include "spec/spec.h"

/* -v SRC:DST[:OPTIONS]. SRC is an absolute path or begins with "." and is then taken from cwd: a bind mount
 * of what is there, which is made if missing. Else it is the name of a volume. -v DST: a volume of this
 * container alone, whose name is for volume_name() to make up. OPTIONS with commas: ro, rw, nosuid, suid, nodev,
 * dev, noexec, exec, [no]atime and its kind, nosymfollow, [r]private, [r]shared, [r]slave, idmap, noidmap;
 * bind, rbind of a path; copy, nocopy of a volume. Of docker's z, Z, cached, delegated, consistent there is
 * nothing to do and they are accepted, as is nocopy of a path. Paths with a ':' need --mount. Devices in SRC
 * cannot be opened unless "dev" is said: by its ids the container's root would own those that root owns. */
int mountflag_volume(struct spec *spec, const char *what, const char *value, const char *cwd,
	struct err *err);
/* --mount type=bind|volume|tmpfs,source=…,target=…,…: fields as in one line of CSV, so that "a,b" in
 * double quotes is one. The source of a bind must exist. */
int mountflag_mount(struct spec *spec, const char *what, const char *value, const char *cwd,
	struct err *err);
/* --tmpfs DST[:OPTIONS]: as above and size, mode, uid, gid, nr_inodes, tmpcopyup; noexec, nosuid and
 * nodev, mode 1777 unless asked otherwise. */
int mountflag_tmpfs(struct spec *spec, const char *what, const char *value, struct err *err);

/* --shm-size SIZE: the usual mount at /dev/shm, of that size. */
int mountflag_shm(struct spec *spec, const char *what, const char *value, struct err *err);

/* After the last flag: a volume that an image names. Where something is mounted already, that is it; at a path
 * that means nothing there is none. */
void mountflag_of_image(struct spec *spec, const char *path);
