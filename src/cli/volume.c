/* ctr volume: volumes by name, apart from the containers that use them. */
#include "base/clock.h"
#include "base/table.h"
#include "cli/confirm.h"
#include "cli/group.h"
#include "cli/output.h"
#include "spec/name.h"
#include "state/events.h"
#include "state/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct volume_flags {
	struct spec spec; /* its labels, and memory */
	bool force, quiet, all, no_trunc;
	struct format format;
};

static int set_label(void *to, const char *what, const char *value, struct err *err)
{
	return label_flag(&((struct volume_flags *)to)->spec, what, value, err);
}

static bool same_labels(const struct volume *v, const struct spec *asked)
{
	for (size_t i = 0; i < asked->label_count; i++) {
		size_t k = 0;

		while (k < v->label_count &&
			(strcmp(v->labels[k].key, asked->labels[i].key) != 0 ||
				strcmp(v->labels[k].value, asked->labels[i].value) != 0))
			k++;
		if (k == v->label_count)
			return false;
	}
	return true;
}

/* As with docker, one that is there is no error; but then it must be what was asked for. */
static int check_existing(int volumes, const char *name, const struct spec *asked, struct err *err)
{
	int fd = volume_hold(volumes, name, err), r;
	struct volume v;

	if (fd < 0)
		return -1;
	r = volume_read(fd, name, &v, err);
	close(fd);
	if (r < 0)
		return -1;
	if (!same_labels(&v, asked))
		r = err_set(err, "the volume %s exists, and has other labels", name);
	volume_free(&v);
	return r;
}

/* owner: NULL, or nobody's for one that nobody has named. */
static int create_in(const struct store *store, int volumes, const char *name, const char *owner,
	const struct spec *asked, struct err *err)
{
	const struct volume v = {
		.name = name,
		.owner = owner,
		.labels = asked->labels,
		.label_count = asked->label_count,
		.created_ns = now_ns(),
	};

	if (volume_create(volumes, &v, err) < 0)
		return err->sys == EEXIST ? check_existing(volumes, name, asked, err) : -1;
	volume_tell(store, name, "create");
	return 0;
}

static int create(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct volume_flags *f = options;
	const char *name = argc ? argv[0] : NULL, *owner;
	char made_up[ID_SIZE];
	int volumes, r = -1;

	if (argc > 1)
		return err_set(err, "takes one name at most");
	if (name ? volume_name_check("name", name, err) < 0 : id_random(made_up, err) < 0)
		return -1;
	owner = name ? NULL : VOLUME_OF_NOBODY;
	name = name ? name : made_up;
	volumes = volumes_open(&cli->store, VOLUMES_USE, err);
	if (volumes >= 0)
		r = create_in(&cli->store, volumes, name, owner, &f->spec, err);
	volumes_unlock(&volumes);
	spec_free(&f->spec);
	if (r == 0)
		puts(name);
	return r;
}

static const struct flag create_flags[] = {
	{"label", 'l', "KEY=VALUE", "metadata", set_label},
	{0},
};
static const struct command create_command = {
	.name = "volume create",
	.summary = "Make an empty volume",
	.arguments = "[NAME]",
	.examples = "  ctr volume create db\n  ctr run -v db:/var/lib/db postgres\n",
	.flags = create_flags,
	.run = create,
	.options_size = sizeof(struct volume_flags),
	.use = STORE_MAKE,
};

/* Volumes, and who uses them. */
struct look {
	int volumes; /* -1: there are none */
	struct arena arena;
	const char **names;
	size_t count;
	struct volume_uses uses;
};

static void look_end(struct look *l)
{
	volumes_unlock(&l->volumes);
	arena_free(&l->arena);
	volume_uses_free(&l->uses);
}

static int look_names(struct look *l, const struct store *store, struct err *err)
{
	*l = (struct look){.volumes = volumes_open(store, VOLUMES_LOOK, err)};
	if (l->volumes < 0)
		return err->sys == ENOENT ? 0 : -1;
	if (volumes_names(l->volumes, &l->arena, &l->names, &l->count, err) == 0)
		return 0;
	look_end(l);
	return -1;
}

static int look_begin(struct look *l, const struct store *store, struct err *err)
{
	if (look_names(l, store, err) < 0)
		return -1;
	if (volume_uses_read(store, &l->uses, err) < 0)
		warn("%s", err->text);
	return 0;
}

/* A volume whose document cannot be read is listed by its name all the same. */
static int read_one(const struct look *l, const char *name, struct volume *ret, struct err *err)
{
	int fd = volume_open(l->volumes, name, err);

	if (fd < 0)
		return -1;
	if (volume_read(fd, name, ret, err) < 0) {
		warn("%s", err->text);
		*ret = (struct volume){.name = name};
	}
	close(fd);
	return 0;
}

static json_t *users_json(const struct look *l, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->uses.count; i++)
		if (strcmp(l->uses.items[i].volume, name) == 0)
			json_array_append_new(list, json_shown(l->uses.items[i].container));
	return list;
}

static json_t *volume_json(const struct look *l, const struct store *store, const struct volume *v)
{
	json_t *labels = json_object(), *j;
	char time[TIME_SIZE], path[4096];

	for (size_t i = 0; i < v->label_count; i++)
		json_object_set_new(labels, v->labels[i].key, json_string(v->labels[i].value));
	snprintf(path, sizeof(path), "%s/volumes/%s/data", store->root, v->name);
	time_format(v->created_ns, time);
	j = json_pack("{ss so so so sb so}", "name", v->name, "created",
		*time ? json_string(time) : json_null(), "directory", json_shown(path), "labels",
		labels, "anonymous", v->owner != NULL, "usedBy", users_json(l, v->name));
	return j;
}

static void add_row(struct table *t, const struct look *l, const struct volume *v, int64_t now)
{
	const char *user = volume_user(&l->uses, v->name);
	char created[AGE_SIZE + 8] = "", age[AGE_SIZE];

	if (v->created_ns)
		snprintf(created, sizeof(created), "%s ago", age_format(now - v->created_ns, age));
	table_add(t, (const char *const[]){v->name, created, user ? user : ""});
}

static int list_all(const struct look *l, const struct store *store, const struct volume_flags *f,
	struct err *err)
{
	static const struct table_loss losses[] = {{0, 24}, {1, 0}};
	struct table t = {.columns = 3, .losses = losses, .loss_count = f->no_trunc ? 0 : 2};
	autojson json_t *all = json_array();
	int64_t now = now_ns();

	table_add(&t, (const char *const[]){"NAME", "CREATED", "USED BY"});
	for (size_t i = 0; i < l->count; i++) {
		struct volume v;

		if (f->quiet) {
			puts(l->names[i]);
			continue;
		}
		/* Removed meanwhile. */
		if (read_one(l, l->names[i], &v, err) < 0)
			continue;
		if (format_is_table(&f->format))
			add_row(&t, l, &v, now);
		else
			json_array_append_new(all, volume_json(l, store, &v));
		volume_free(&v);
	}
	if (!f->quiet && format_is_table(&f->format))
		table_print(&t, stdout);
	table_free(&t);
	return f->quiet || format_is_table(&f->format) ? 0
						       : format_print_list(&f->format, all, err);
}

static int list(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct look l;
	int r;

	(void)argv;
	if (argc)
		return err_set(err, "takes no words");
	if (look_begin(&l, &cli->store, err) < 0)
		return -1;
	r = list_all(&l, &cli->store, options, err);
	look_end(&l);
	return r;
}

static const struct flag list_flags[] = {
	{"quiet", 'q', NULL, "names only", FLAG_BOOL(volume_flags, quiet)},
	{"no-trunc", 0, NULL, "whole names, all columns", FLAG_BOOL(volume_flags, no_trunc)},
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set,
		offsetof(struct volume_flags, format)},
	{0},
};
static const struct command ls_command = {
	.name = "volume ls",
	.summary = "List the volumes, and who uses them",
	.arguments = "",
	.examples = "  ctr volume ls\n",
	.flags = list_flags,
	.run = list,
	.options_size = sizeof(struct volume_flags),
};

static int no_such(const char *name, struct err *err)
{
	err_set(err, "no volume %.60s", name);
	err->sys = ENOENT;
	return err_hint(err, "ctr volume ls shows those that exist");
}

static bool exists(const struct look *l, const char *name)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->names[i], name) == 0)
			return true;
	return false;
}

static int inspect_one(const struct look *l, const struct store *store, const char *name,
	json_t *all, struct err *err)
{
	struct volume v;

	if (!exists(l, name) || read_one(l, name, &v, err) < 0)
		return no_such(name, err);
	json_array_append_new(all, volume_json(l, store, &v));
	volume_free(&v);
	return 0;
}

static int inspect(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct volume_flags *f = options;
	autojson json_t *all = json_array();
	struct look l;
	int status = 0;

	if (argc < 1)
		return err_set(err, "takes one or more volumes");
	if (look_begin(&l, &cli->store, err) < 0)
		return -1;
	for (int i = 0; i < argc && status >= 0; i++)
		if (inspect_one(&l, &cli->store, argv[i], all, err) < 0)
			status = argc == 1 ? -1 : err_print(err, "ctr: volume inspect");
	look_end(&l);
	return status < 0 || format_print_list(&f->format, all, err) < 0 ? -1 : status;
}

static void inspect_init(void *options)
{
	((struct volume_flags *)options)->format.json = true;
}

static const struct flag inspect_flags[] = {
	{"format", 'f', "FORMAT", "json or a template (json)", format_set_shown,
		offsetof(struct volume_flags, format)},
	{0},
};
static const struct command inspect_command = {
	.name = "volume inspect",
	.summary = "Print all that is known of volumes, as JSON",
	.arguments = "VOLUME…",
	.examples = "  ctr volume inspect --format '{{.directory}}' db\n",
	.flags = inspect_flags,
	.run = inspect,
	.init = inspect_init,
	.options_size = sizeof(struct volume_flags),
};

/* Prints what is gone. What is not is for the caller. */
static int remove_lot(const struct store *store, const char *const *names, size_t n,
	bool unnamed_only, struct volume_removal *lot, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		lot[i] = (struct volume_removal){.name = names[i], .unnamed_only = unnamed_only};
	if (volumes_remove(store, lot, n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (lot[i].removed)
			puts(lot[i].name);
	return 0;
}

static int rm(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct volume_flags *f = options;
	const char *const *names = (const char *const *)argv;
	static struct volume_removal lot[VOLUMES_LOT];
	int status = 0;

	if (argc < 1)
		return err_set(err, "takes one or more volumes");
	for (int at = 0; at < argc; at += VOLUMES_LOT) {
		size_t n = argc - at < VOLUMES_LOT ? (size_t)(argc - at) : VOLUMES_LOT;

		if (remove_lot(&cli->store, names + at, n, false, lot, err) < 0)
			return -1;
		for (size_t i = 0; i < n; i++) {
			if (lot[i].removed || (f->force && lot[i].err.sys == ENOENT))
				continue;
			*err = lot[i].err;
			if (argc == 1)
				return -1;
			status = err_print(err, "ctr: volume rm");
		}
	}
	return status;
}

static const struct flag rm_flags[] = {
	{"force", 'f', NULL, "one that does not exist is no error", FLAG_BOOL(volume_flags, force)},
	{0},
};
static const struct command rm_command = {
	.name = "volume rm",
	.summary = "Remove volumes that no container uses",
	.arguments = "VOLUME…",
	.examples = "  ctr volume rm db\n",
	.flags = rm_flags,
	.run = rm,
	.options_size = sizeof(struct volume_flags),
	.use = STORE_CHANGE,
};

static int confirm_all(bool all, struct err *err)
{
	return confirm(all ? "Remove all volumes that no container uses, with their data?"
			   : "Remove all volumes without a name that no container uses, with their "
			     "data?",
		all ? "all volumes that no container uses would be removed, with their data"
		    : "all volumes without a name that no container uses would be removed, with "
		      "their data",
		"ctr volume prune -f does so; ctr volume ls shows them", err);
}

static int prune_lot(const struct store *store, const char *const *names, size_t n, bool all,
	struct err *err)
{
	static struct volume_removal lot[VOLUMES_LOT];

	if (remove_lot(store, names, n, !all, lot, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (lot[i].removed || lot[i].err.sys == EBUSY || lot[i].err.sys == ENOENT)
			continue;
		*err = lot[i].err;
		return -1;
	}
	return 0;
}

static int prune(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct volume_flags *f = options;
	struct look l;
	int r = 0;

	(void)argv;
	if (argc)
		return err_set(err, "takes no words");
	if ((!f->force && confirm_all(f->all, err) < 0) || look_names(&l, &cli->store, err) < 0)
		return -1;
	for (size_t at = 0; at < l.count && r == 0; at += VOLUMES_LOT)
		r = prune_lot(&cli->store, l.names + at,
			l.count - at < VOLUMES_LOT ? l.count - at : VOLUMES_LOT, f->all, err);
	look_end(&l);
	return r;
}

static const struct flag prune_flags[] = {
	{"all", 'a', NULL, "those with a name as well", FLAG_BOOL(volume_flags, all)},
	{"force", 'f', NULL, "do not ask", FLAG_BOOL(volume_flags, force)},
	{0},
};
static const struct command prune_command = {
	.name = "volume prune",
	.summary = "Remove volumes that were made for containers that are gone",
	.arguments = "",
	.examples = "  ctr volume prune -f\n  ctr volume prune -a     all that no container uses\n",
	.flags = prune_flags,
	.run = prune,
	.options_size = sizeof(struct volume_flags),
	.use = STORE_CHANGE,
};

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	static const struct command *const commands_of[] = {&create_command, &ls_command,
		&inspect_command, &rm_command, &prune_command, NULL};
	static const char *const meant[][2] = {{"list", "ls"}, {"remove", "rm"}, {NULL, NULL}};
	static const struct group volume = {"volume", "Make, list and remove volumes", commands_of,
		meant};

	(void)options;
	return group_run(&volume, cli, argc, argv, err);
}

const struct command command_volume = {
	.name = "volume",
	.summary = "Make, list and remove volumes",
	.arguments = "COMMAND",
	.run = run,
	.stateless = true,
};
