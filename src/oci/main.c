#include "oci/command.h"
#include "oci/log.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/program.h"
#include "ns/rights.h"
#include "spec/word.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The specification that config.json is read by, and that states name. */
#define SPEC_VERSION "1.3.0"

/* clang-format off */
#define EACH_COMMAND(X)                                                                            \
	X(create) X(start) X(run) X(state) X(list) X(kill) X(delete) X(exec) X(ps) X(pause)        \
	X(resume) X(update) X(events) X(checkpoint) X(restore) X(features) X(spec)
/* clang-format on */

#define DECLARE(name) extern const struct oci_command oci_##name;
EACH_COMMAND(DECLARE)

#define POINT(name) &oci_##name,
static const struct oci_command *const commands[] = {EACH_COMMAND(POINT) NULL};

struct globals {
	const char *root, *log, *log_format, *cgroup_manager, *rootless;
	bool systemd_cgroup, version;
};

static const struct flag globals[] = {
	{"root", 0, "VALUE", "where states are kept", FLAG_TEXT(globals, root)},
	{"log", 0, "VALUE", "file for failures", FLAG_TEXT(globals, log)},
	{"log-format", 0, "VALUE", "text or json", FLAG_TEXT(globals, log_format)},
	{"log-level", 0, "VALUE", "(failures and warnings are all there is)", flag_ignore},
	{"debug", 0, NULL, "(failures and warnings are all there is)", flag_ignore},
	{"systemd-cgroup", 0, NULL, "cgroups are made by systemd",
		FLAG_BOOL(globals, systemd_cgroup)},
	{"cgroup-manager", 0, "VALUE", "cgroupfs, systemd or disabled",
		FLAG_TEXT(globals, cgroup_manager)},
	{"criu", 0, "VALUE", "(the one in PATH)", flag_ignore},
	{"rootless", 0, "VALUE", "true: without limits it may be without cgroup; false; auto",
		FLAG_TEXT(globals, rootless)},
	{"version", 'v', NULL, "say which this is", FLAG_BOOL(globals, version)},
	{"V", 0, NULL, "the same", FLAG_BOOL(globals, version)},
	{NULL},
};

/* containerd's client reads only a first line that begins with runc's name: for who calls us by that
 * name we are it. */
static void print_version(const char *argv0)
{
	const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;

	printf("%s version " CTR_VERSION "\ncommit: " CTR_VERSION "\nspec: " SPEC_VERSION "\n",
		strcmp(name, "runc") == 0 ? "runc" : "ctr-oci");
}

static void print_help(void)
{
	puts("ctr-oci: an OCI runtime, for podman, containerd, Docker and their kind\n\n"
	     "usage: ctr-oci [OPTION…] COMMAND [OPTION…] ID\n\ncommands:");
	for (size_t i = 0; commands[i]; i++)
		printf("  %-12s%s\n", commands[i]->name, commands[i]->summary);
	puts("\noptions:");
	flags_help(globals);
	puts("\nctr-oci COMMAND --help tells about one; ctr-oci(8) about all.");
}

static void print_command_help(const struct oci_command *c)
{
	printf("ctr-oci %s: %s\n\nusage: ctr-oci %s [OPTION…]%s%s\n", c->name, c->summary, c->name,
		c->arguments ? " " : "", c->arguments ? c->arguments : "");
	if (c->options && c->options->name) {
		puts("\noptions:");
		flags_help(c->options);
	}
}

static int unknown_option(const struct flags *flags, const char *word, struct err *err)
{
	(void)flags;
	return err_set(err, "unknown option %s", word);
}

static const struct oci_command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int manager_parse(const struct globals *g, enum cgroup_manager *ret, struct err *err)
{
	static const struct word managers[] = {
		{"cgroupfs", MANAGER_CGROUPFS},
		{"systemd", MANAGER_SYSTEMD},
		{"disabled", MANAGER_DISABLED},
		{NULL},
	};
	const struct word *w = g->cgroup_manager ? word_find(managers, g->cgroup_manager) : NULL;

	if (g->cgroup_manager && !w)
		return err_value(err, "--cgroup-manager", g->cgroup_manager,
			"is none of cgroupfs, systemd and disabled");
	if (w)
		*ret = (enum cgroup_manager)w->value;
	else
		*ret = g->systemd_cgroup ? MANAGER_SYSTEMD : MANAGER_CGROUPFS;
	return 0;
}

static int rootless_parse(const struct globals *g, enum rootless *ret, struct err *err)
{
	static const struct word words[] = {
		{"auto", ROOTLESS_AUTO},
		{"false", ROOTLESS_FALSE},
		{"true", ROOTLESS_TRUE},
		{NULL},
	};
	const struct word *w = word_find(words, g->rootless ? g->rootless : "auto");

	if (!w)
		return err_value(err, "--rootless", g->rootless, "is none of true, false and auto");
	*ret = (enum rootless)w->value;
	return 0;
}

/* Engines are started in a directory of theirs and name the rest from there. Set but empty,
 * XDG_RUNTIME_DIR means what its absence means: podman calls us so. */
static int choose_root(const char *asked, char *buf, size_t size, const char **ret, struct err *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	autofree char *cwd = NULL;
	int len;

	*ret = asked ? asked : "/run/ctr-oci";
	if (asked ? asked[0] == '/' : rights_get() == RIGHTS_HOST || !runtime || !*runtime)
		return 0;
	cwd = asked ? getcwd(NULL, 0) : NULL;
	if (asked && !cwd)
		return err_sys(err, "--root %s: find the working directory", asked);
	len = snprintf(buf, size, "%s/%s", asked ? cwd : runtime, asked ? asked : "ctr-oci");
	*ret = buf;
	return (size_t)len < size ? 0 : err_value(err, "--root", buf, "is too long");
}

/* A default that is not there has no containers in it; one that was mistyped has not, either. */
static int find_root(const struct oci_command *c, const struct oci *oci, const char *id,
	struct err *err)
{
	if (c->makes_root || !oci->root_given || access(oci->root, F_OK) == 0 || errno != ENOENT)
		return 0;
	if (c->words_min)
		err_set(err, "container does not exist: %s: there is no directory %s", id,
			oci->root);
	else
		err_set(err, "--root: there is no directory %s", oci->root);
	err->sys = ENOENT;
	return -1;
}

static const struct flags global_flags = {globals, FLAGS_OF_ENGINE | FLAGS_END_AT_WORD, "ctr-oci",
	unknown_option};

static int run_command(const struct oci_command *c, struct oci *oci, int argc, char **argv,
	struct err *err)
{
	const struct flags flags = {.table = c->options,
		.how = FLAGS_OF_ENGINE | (c->words_max == INT32_MAX ? FLAGS_END_AT_WORD : 0),
		.unknown = unknown_option};
	autofree void *options = calloc(1, c->options_size + 1);
	int first, r;

	if (!options)
		return err_sys(err, "start");
	r = flags_parse(&flags, options, argc, argv, &first, err);
	if (r > 0)
		print_command_help(c);
	if (r)
		return r < 0 ? -1 : 0;
	argv += first;
	if (argc - first < c->words_min || argc - first > c->words_max)
		return err_set(err, "usage: ctr-oci %s [OPTION…]%s%s", c->name,
			c->arguments ? " " : "", c->arguments ? c->arguments : "");
	if (!c->stateless && (find_root(c, oci, argv[0], err) < 0 ||
				     store_open_state("--root", oci->root, &oci->store, err) < 0))
		return -1;
	r = c->run(oci, options, argv, err);
	if (!c->stateless)
		store_close(&oci->store);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		return err_sys(err, "standard output");
	return r;
}

static int fail(const struct log *log, const struct oci_command *c, const struct err *err)
{
	log_failure(log, c ? c->name : NULL, err);
	return c && c->failure ? c->failure : 1;
}

/* For who is told when there is no memory: set once, before anything is read. */
static struct {
	const struct log *log;
	const struct oci_command *command;
} at_work;

static _Noreturn void out_of_memory(void)
{
	struct err err = {.text = "out of memory"};

	exit(fail(at_work.log, at_work.command, &err));
}

/* With the command's own status; and in the log, if it could not be opened for a moment only. */
static int fail_unlogged(struct log *log, const struct globals *g, const struct oci_command *c,
	struct err *err)
{
	struct err second;

	if (!g->log_format || log_format_parse(g->log_format, &log->format, &second) == 0)
		(void)log_open(log, g->log, &second);
	return fail(log, c, err);
}

int main(int argc, char **argv)
{
	char root[PATH_MAX];
	struct globals g = {0};
	struct oci oci = {.argv = argv = program_own_arguments(argc, argv)};
	const struct oci_command *c = NULL;
	struct log log = {0};
	struct err err = {0};
	int at = 0, r;

	program_inherit_nothing(CLOSED_TAKES);
	r = flags_parse(&global_flags, &g, argc - 1, argv + 1, &at, &err);
	at++;
	/* First, for all that fails after it. */
	if (r >= 0 && g.log && *g.log && log_open(&log, g.log, &err) < 0)
		return fail_unlogged(&log, &g, at < argc ? find_command(argv[at]) : NULL, &err);
	if (r < 0 || (g.log_format && log_format_parse(g.log_format, &log.format, &err) < 0) ||
		manager_parse(&g, &oci.manager, &err) < 0 ||
		rootless_parse(&g, &oci.rootless, &err) < 0)
		return fail(&log, NULL, &err);
	log_keep_warnings(&log);
	if (g.version) {
		print_version(argv[0]);
		return 0;
	}
	if (r > 0 || at == argc) {
		print_help();
		return r > 0 ? 0 : 1;
	}
	c = find_command(argv[at]);
	if (!c) {
		err_set(&err, "unknown command %.60s", argv[at]);
		return fail(&log, NULL, &err);
	}
	at_work.log = &log;
	at_work.command = c;
	arena_exhausted = out_of_memory;
	oci.root_given = g.root;
	r = choose_root(g.root, root, sizeof(root), &oci.root, &err);
	if (r == 0)
		r = run_command(c, &oci, argc - at - 1, argv + at + 1, &err);
	if (r < 0) {
		program_end_unread(&err);
		return fail(&log, c, &err);
	}
	log_warnings(&log);
	return r;
}
