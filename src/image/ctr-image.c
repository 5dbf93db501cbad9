#include "base/fd.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/program.h"
#include "image/child.h"
#include "image/commands.h"
#include "image/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command *const commands[] = {
	&image_build,
	&image_import,
	&image_list,
	&image_inspect,
	&image_remove,
	&image_save,
	&image_gc,
	&image_check,
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

#define OPERAND "ABCDEFGHIJKLMNOPQRSTUVWXYZ|-"

/* In front of the command. */
static const struct flag globals[] = {
	{"root", 0, "DIR", "where images are kept (else $CTR_ROOT, else /var/lib/ctr)", flag_text},
	{0},
};

static void help(void)
{
	puts("usage: ctr image [--root DIR] COMMAND …\n\n"
	     "  ctr image build busybox\n"
	     "  ctr image import rootfs.tar.xz mine:1\n"
	     "  ctr image ls\n\ncommands:");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	puts("\nflags:");
	flags_help(globals);
	puts("\nctr image COMMAND --help says more.");
}

/* The first operand of "[-o FILE] NAME…" or "RECIPE[:TAG]". */
static int missing(const char *synopsis, struct err *err)
{
	const char *s = synopsis;

	while (*s == '[')
		s += strcspn(s, "]") + 2;
	return err_set(err, "no %.*s is given", (int)strspn(s, OPERAND), s);
}

struct advice {
	const char *names, *cure;
};

/* Flags that people know from other programs; names with a blank behind each. */
static const struct advice other_flags[] = {
	{"a all ", "leave it out: ctr image ls lists all, ctr image gc takes what nothing uses"},
	{"digests ", "--format json has ids and digests whole"},
	{"f filter ", "--format json | jq '.[] | select(.name | startswith(\"NAME\"))'"},
	{"t tag ",
		"of a recipe, not of a directory: ctr image build RECIPE:TAG; ctr image import FILE "
		"NAME:TAG"},
	{"i input ", "ctr image import FILE; - is standard input"},
	{"platform arch os ", "an image is taken as it is; of several, the one for this machine"},
	{NULL},
};

static const struct advice other_commands[] = {
	{"pull ",
		"images are not fetched: skopeo copy docker://NAME oci:DIR:TAG, then ctr image import "
		"DIR NAME:TAG; or ctr image build debian"},
	{"push ", "ctr image save -o FILE NAME, then skopeo copy oci-archive:FILE docker://NAME"},
	{"tag ", "ctr image save NAME | ctr image import - NEW adds a name"},
	{"list ", "ctr image ls"},
	{"prune ",
		"ctr image gc removes what nothing uses, ctr image rm NAME takes a name away, ctr prune all of both"},
	{"load ", "ctr image import FILE"},
	{"export ", "ctr image save -o FILE NAME"},
	{"remove delete rmi ", "ctr image rm NAME"},
	{"show ", "ctr image inspect NAME"},
	{"history ", "ctr image inspect NAME | jq .oci_config.history"},
	{"check ", "ctr image fsck"},
	{NULL},
};

static const char *cure_for(const struct advice *table, const char *name)
{
	char word[66];

	snprintf(word, sizeof(word), "%s ", name);
	for (; table->names; table++)
		for (const char *p = table->names; *p; p += strcspn(p, " ") + 1)
			if (strncmp(p, word, strlen(word)) == 0)
				return table->cure;
	return NULL;
}

static int unknown_flag(const struct flags *flags, const char *word, struct err *err)
{
	err_set(err, "unknown flag '%s'", word);
	return flags_hint(flags, word, cure_for(other_flags, word + strspn(word, "-")), err);
}

static const struct command *find(const char *name, struct err *err)
{
	const char *cure = cure_for(other_commands, name);
	struct nearest n = {.word = name};

	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	err_set(err, "unknown command '%.80s'", name);
	for (size_t i = 0; i < COMMANDS; i++)
		nearest_offer(&n, commands[i]->name);
	if (cure)
		err_hint(err, "%s", cure);
	else if (n.found)
		err_hint(err, "did you mean ctr image %s?", n.found);
	else
		err_hint(err, "ctr image --help lists the commands");
	return NULL;
}

static void command_help(const struct command *c)
{
	printf("usage: ctr image %s%s%s\n%s.\n\n%s", c->name, *c->synopsis ? " " : "", c->synopsis,
		c->summary, c->examples);
	if (c->flags)
		puts("\nflags:");
	flags_help(c->flags);
	if (c->more_help)
		c->more_help();
}

static int check_words(const struct command *c, int argc, char **argv, struct err *err)
{
	if (argc >= c->words_min && argc <= c->words_max)
		return 0;
	if (argc < c->words_min)
		missing(c->synopsis, err);
	else
		err_set(err, "'%.80s' is one argument too many", argv[c->words_max]);
	return err_hint(err, "ctr image %s%s%s", c->name, *c->synopsis ? " " : "", c->synopsis);
}

/* -1 without err->sys: there is none, and none is made. */
static int open_root(const char *path, bool make, struct err *err)
{
	int fd = make ? dir_make_path(path, 0700, err)
		      : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && !make && errno != ENOENT)
		return err_sys(err, "open %s", path);
	return fd;
}

static const struct flags global_flags = {globals, FLAGS_END_AT_WORD, "ctr image", unknown_flag};

static int find_root(const char *given, const char **ret, struct err *err)
{
	const char *set = getenv("CTR_ROOT");

	*ret = given && *given ? given : set && *set ? set : "/var/lib/ctr";
	return **ret == '/' ? 0
			    : err_set(err, "%s must be an absolute path, not '%s'",
				      *ret == given ? "--root" : "CTR_ROOT", *ret);
}

static int run_command(const struct command *c, const char *root, int argc, char **argv,
	struct err *err)
{
	autofree void *options = calloc(1, c->options_size + 1);
	char name[32];
	const struct flags flags = {c->flags, 0, name, unknown_flag};
	autofd int root_fd = -1;
	int first, r;

	if (!options)
		return err_sys(err, "start");
	snprintf(name, sizeof(name), "ctr image %s", c->name);
	r = flags_parse(&flags, options, argc, argv, &first, err);
	if (r > 0)
		command_help(c);
	if (r)
		return r < 0 ? -1 : 0;
	if (check_words(c, argc - first, argv + first, err) < 0)
		return -1;
	root_fd = open_root(root, !c->reads, err);
	if (root_fd < 0 && (!c->reads || err->sys))
		return -1;
	return c->run(root_fd, options, argc - first, argv + first, err);
}

static int run(int argc, char **argv, struct err *err)
{
	const struct command *c = NULL;
	const char *root = NULL;
	int first = 0, r = flags_parse(&global_flags, &root, argc - 1, argv + 1, &first, err);

	argv += first + 1;
	argc -= first + 1;
	if (r > 0) {
		help();
		return 0;
	}
	if (r == 0 && argc == 0) {
		err_set(err, "no command given");
		r = err_hint(err, "ctr image --help lists the commands");
	}
	if (r == 0)
		c = find(argv[0], err);
	if (!c || find_root(root, &root, err) < 0)
		return err_wrap(err, "image");
	r = run_command(c, root, argc - 1, argv + 1, err);
	return r < 0 ? err_wrap(err, "image %s", c->name) : r;
}

int main(int argc, char **argv)
{
	struct err err = {0};
	int r;

	program_set_umask();
	/* libarchive turns names into the locale's charset: in UTF-8 they stay as they are. */
	setlocale(LC_CTYPE, "C.UTF-8");
	child_limit_ourselves();
	r = run(argc, argv, &err);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = err_sys(&err, "image: write to standard output");
	if (r < 0) {
		program_end_unread(&err);
		err_hint_rights(&err, "only root can use ctr");
	}
	r = r < 0 ? err_print(&err, "ctr") : r;
	interrupt_pass_on();
	return r;
}
