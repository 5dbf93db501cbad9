#include "checkpoint/checkpoint.h"

#include "console/foreground.h"
#include "console/ptyproxy.h"
#include "container/engine.h"
#include "oci/create.h"

#include <string.h>

/* create comes first: its rows are for it alone. */
struct checkpoint_options {
	struct create_options create;
	struct checkpoint c;
	const char *groups, *page_server, *network_lock;
	struct option_list empty_ns;
	bool lazy_pages;
};

/* clang-format off */
#define AT(field) offsetof(struct checkpoint_options, field)
#define COMMON_OPTIONS                                                                             \
	{"image-path", 0, OPTION_STRING, AT(c.images), "directory of the files (./checkpoint)"},                  \
	{"work-path", 0, OPTION_STRING, AT(c.work), "directory of criu's log (--image-path)"},     \
	{"tcp-established", 0, OPTION_BOOL, AT(c.tcp_established), "with open TCP connections"},   \
	{"tcp-close", 0, OPTION_BOOL, AT(c.tcp_close), "open TCP connections are closed"},         \
	{"ext-unix-sk", 0, OPTION_BOOL, AT(c.ext_unix_sk), "with UNIX sockets to the outside"},    \
	{"shell-job", 0, OPTION_BOOL, AT(c.shell_job), "with a terminal of the outside"},          \
	{"file-locks", 0, OPTION_BOOL, AT(c.file_locks), "with file locks"},                       \
	{"link-remap", 0, OPTION_BOOL, AT(c.link_remap), "deleted files may get names again"},     \
	{"auto-dedup", 0, OPTION_BOOL, AT(c.auto_dedup), "one copy of a page in all files"},       \
	{"empty-ns", 0, OPTION_LIST, AT(empty_ns), "network: without what is set up in it"},       \
	{"manage-cgroups-mode", 0, OPTION_STRING, AT(groups),                                      \
		"soft, full, strict or ignore: the groups it has made itself"},                    \
	{"lazy-pages", 0, OPTION_BOOL, AT(lazy_pages), "(refused)"}

static const struct option checkpoint_table[] = {
	COMMON_OPTIONS,
	{"parent-path", 0, OPTION_STRING, AT(c.parent),
		"files of an earlier dump, seen from --image-path"},
	{"leave-running", 0, OPTION_BOOL, AT(c.leave_running), "it goes on afterwards"},
	{"pre-dump", 0, OPTION_BOOL, AT(c.pre_dump), "its memory alone; it goes on afterwards"},
	{"page-server", 0, OPTION_STRING, AT(page_server), "(refused)"},
	{"status-fd", 0, OPTION_IGNORED_STRING, 0, "(tells of lazy pages)"},
	{"network-lock", 0, OPTION_STRING, AT(network_lock), "(refused)"},
	{NULL},
};

static const struct option restore_table[] = {
	CREATE_OPTIONS,
	{"detach", 'd', OPTION_BOOL, offsetof(struct create_options, detach),
		"do not wait for its end"},
	{"keep", 0, OPTION_BOOL, offsetof(struct create_options, keep),
		"do not delete it at its end"},
	COMMON_OPTIONS,
	{"lsm-profile", 0, OPTION_STRING, AT(c.lsm_profile), "apparmor:NAME or selinux:LABEL"},
	{"lsm-mount-context", 0, OPTION_STRING, AT(c.lsm_mount_context), "SELinux label of mounts"},
	{NULL},
};
/* clang-format on */

static int complete(struct checkpoint_options *o, struct err *err)
{
	int groups = o->groups ? checkpoint_groups_parse(o->groups) : CHECKPOINT_GROUPS_SOFT;

	if (o->lazy_pages || o->page_server)
		return err_set(err, "%s: pages are only written to --image-path",
			o->lazy_pages ? "--lazy-pages" : "--page-server");
	if (o->network_lock)
		return err_set(err, "--network-lock: it is criu's own choice");
	if (groups < 0)
		return err_value(err, "--manage-cgroups-mode", o->groups,
			"is none of soft, full, strict and ignore");
	if (o->c.parent && o->c.parent[0] == '/')
		return err_value(err, "--parent-path", o->c.parent,
			"is not relative to --image-path");
	if (!o->c.images)
		o->c.images = "checkpoint";
	o->c.groups = (enum checkpoint_groups)groups;
	for (size_t i = 0; i < o->empty_ns.count; i++)
		if (strcmp(o->empty_ns.items[i], "network") != 0)
			return err_value(err, "--empty-ns", o->empty_ns.items[i], "is not network");
	o->c.empty_network = o->empty_ns.count > 0;
	return 0;
}

static int checkpoint(struct oci *oci, void *options, char **words, struct err *err)
{
	struct checkpoint_options *o = options;
	struct container c;
	int r;

	if (complete(o, err) < 0 || bundle_open(&oci->store, words[0], NAMELOCK_WAIT, &c, err) < 0)
		return -1;
	r = bundle_checkpoint(&c, &o->c, err);
	/* As others do, and engines know it: what goes on is not this one. */
	if (r == 0 && !o->c.leave_running && !o->c.pre_dump &&
		(r = bundle_delete(&c, false, err)) < 0)
		err_wrap(err, "%s was dumped, and remains", words[0]);
	container_close(&c);
	return r;
}

const struct oci_command oci_checkpoint = {
	.name = "checkpoint",
	.summary = "Write a running container to files",
	.arguments = "ID",
	.options = checkpoint_table,
	.options_size = sizeof(struct checkpoint_options),
	.words_min = 1,
	.words_max = 1,
	.run = checkpoint,
};

static int restore(struct oci *oci, void *options, char **words, struct err *err)
{
	struct checkpoint_options *o = options;

	if (complete(o, err) < 0)
		return -1;
	o->create.from = &o->c;
	return run_container(oci, &o->create, words[0], err);
}

const struct oci_command oci_restore = {
	.name = "restore",
	.summary = "Make a container from such files, and wait for it and delete it",
	.arguments = "ID",
	.options = restore_table,
	.options_size = sizeof(struct checkpoint_options),
	.words_min = 1,
	.words_max = 1,
	.makes_root = true,
	.run = restore,
};
