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
#define TEXT(field) FLAG_TEXT(checkpoint_options, field)
#define BOOL(field) FLAG_BOOL(checkpoint_options, field)
#define COMMON_OPTIONS \
	{"image-path", 0, "VALUE", "directory of the files (./checkpoint)", TEXT(c.images)}, \
	{"work-path", 0, "VALUE", "directory of criu's log (--image-path)", TEXT(c.work)}, \
	{"tcp-established", 0, NULL, "with open TCP connections", BOOL(c.tcp_established)}, \
	{"tcp-close", 0, NULL, "open TCP connections are closed", BOOL(c.tcp_close)}, \
	{"ext-unix-sk", 0, NULL, "with UNIX sockets to the outside", BOOL(c.ext_unix_sk)}, \
	{"shell-job", 0, NULL, "with a terminal of the outside", BOOL(c.shell_job)}, \
	{"file-locks", 0, NULL, "with file locks", BOOL(c.file_locks)}, \
	{"link-remap", 0, NULL, "deleted files may get names again", BOOL(c.link_remap)}, \
	{"auto-dedup", 0, NULL, "one copy of a page in all files", BOOL(c.auto_dedup)}, \
	{"empty-ns", 0, "VALUE", "network: without what is set up in it", option_list_add, \
		FLAG_OF(checkpoint_options, empty_ns, struct option_list)}, \
	{"manage-cgroups-mode", 0, "VALUE", "soft, full, strict or ignore: the groups it has made itself", \
		TEXT(groups)}, \
	{"lazy-pages", 0, NULL, "(refused)", BOOL(lazy_pages)}

static const struct flag checkpoint_table[] = {
	COMMON_OPTIONS,
	{"parent-path", 0, "VALUE", "files of an earlier dump, seen from --image-path", TEXT(c.parent)},
	{"leave-running", 0, NULL, "it goes on afterwards", BOOL(c.leave_running)},
	{"pre-dump", 0, NULL, "its memory alone; it goes on afterwards", BOOL(c.pre_dump)},
	{"page-server", 0, "VALUE", "(refused)", TEXT(page_server)},
	{"status-fd", 0, "VALUE", "(tells of lazy pages)", flag_ignore},
	{"network-lock", 0, "VALUE", "(refused)", TEXT(network_lock)},
	{NULL},
};

static const struct flag restore_table[] = {
	CREATE_OPTIONS,
	{"detach", 'd', NULL, "do not wait for its end", FLAG_BOOL(create_options, detach)},
	{"keep", 0, NULL, "do not delete it at its end", FLAG_BOOL(create_options, keep)},
	COMMON_OPTIONS,
	{"lsm-profile", 0, "VALUE", "apparmor:NAME or selinux:LABEL", TEXT(c.lsm_profile)},
	{"lsm-mount-context", 0, "VALUE", "SELinux label of mounts", TEXT(c.lsm_mount_context)},
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
