/* What a dump and its restore have in common: the request to CRIU, and the names in it. */
#pragma once

#include "checkpoint/criu.h"
#include "checkpoint/options.h"
#include "spec/spec.h"

/* Whose other end is outside: a JSON array of what CRIU calls each of the standard streams, "" for one
 * that is the container's own. Other runtimes write the same. */
#define DUMPED_STREAMS "descriptors.json"

/* Namespaces that are joined, in the files and out of them. */
#define DUMPED_NETWORK "extRootNetNS"
#define DUMPED_PIDS    "extRootPidNS"

struct dumping {
	struct criu_request request;
	int images_fd, work_fd;
	char log[4096];
};

/* Opens the directories, making the one for the log, and puts into the request what is asked for in both
 * cases. reading: the files are there. */
int dumping_init(struct dumping *d, const struct checkpoint *o, enum criu_action action,
	struct err *err);
void dumping_free(struct dumping *d);

/* One of the options that are a text that is put together. */
void dumping_add(struct dumping *d, enum criu_option option, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether a mount comes from the host; then *ret_source is what of it. */
bool dumped_is_external(const struct spec *spec, const struct mount *m, const char **ret_source);

/* Refuses what cannot be restored, whoever dumped it. */
int dumped_check(const struct spec *spec, struct err *err);

/* The path that a namespace is joined by, or NULL. */
const char *dumped_joined(const struct spec *spec, uint64_t flag);
