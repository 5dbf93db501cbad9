#include "base/fd.h"
#include "base/file.h"
#include "base/nearest.h"
#include "base/pathname.h"
#include "base/program.h"
#include "image/child.h"
#include "image/commands.h"
#include "image/interrupt.h"
#include "image/option.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
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

static void help(void)
{
	puts("usage: ctr image [--root DIR] COMMAND …\n\n"
	     "  ctr image build busybox\n"
	     "  ctr image import rootfs.tar.xz mine:1\n"
	     "  ctr image ls\n\ncommands:");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	puts("\nflags:\n  --root DIR  where images are kept (else $CTR_ROOT, else /var/lib/ctr)\n"
	     "\nctr image COMMAND --help says more.");
}

/* The first operand of "[-o FILE] NAME…" or "RECIPE[:TAG]". */
static int missing(const char *synopsis, struct err *err)
{
	const char *s = synopsis;

	while (*s == '[')
		s += strcspn(s, "]") + 2;
	return err_set(err, "no %.*s is given", (int)strspn(s, OPERAND), s);
}

int command_begin(const struct command *self, const struct option_def *defs, unsigned count,
	int *argc, char **argv, int min, int max, struct err *err)
{
	const char *gap = *self->synopsis ? " " : "";

	for (int i = 0; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") != 0 && strcmp(argv[i], "-h") != 0)
			continue;
		printf("usage: ctr image %s%s%s\n%s.\n\n%s", self->name, gap, self->synopsis,
			self->summary, self->examples);
		if (count)
			puts("\nflags:");
		option_help(defs, count);
		return 1;
	}
	if (option_parse(defs, count, *argc, argv, argc, err) < 0)
		return -1;
	if (*argc >= min && *argc <= max)
		return 0;
	if (*argc < min)
		missing(self->synopsis, err);
	else
		err_set(err, "'%.80s' is one argument too many", argv[max]);
	return err_hint(err, "ctr image %s%s%s", self->name, gap, self->synopsis);
}

/* What people know from other programs. */
static const struct {
	const char *word, *cure;
} others[] = {
	{"pull",
		"images are not fetched: skopeo copy docker://NAME oci:DIR:TAG, then ctr image import "
		"DIR NAME:TAG; or ctr image build debian"},
	{"push", "ctr image save -o FILE NAME, then skopeo copy oci-archive:FILE docker://NAME"},
	{"tag", "ctr image save NAME | ctr image import - NEW adds a name"},
	{"list", "ctr image ls"},
	{"prune",
		"ctr image gc removes what nothing uses, ctr image rm NAME takes a name away, ctr prune all of both"},
	{"load", "ctr image import FILE"},
	{"export", "ctr image save -o FILE NAME"},
	{"remove", "ctr image rm NAME"},
	{"delete", "ctr image rm NAME"},
	{"rmi", "ctr image rm NAME"},
	{"show", "ctr image inspect NAME"},
	{"history", "ctr image inspect NAME | jq .oci_config.history"},
	{"check", "ctr image fsck"},
};

static const struct command *find(const char *name, struct err *err)
{
	struct nearest n = {.word = name};

	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	err_set(err, "image: unknown command '%.80s'", name);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(name, others[i].word) == 0) {
			err_hint(err, "%s", others[i].cure);
			return NULL;
		}
	for (size_t i = 0; i < COMMANDS; i++)
		nearest_offer(&n, commands[i]->name);
	if (n.found)
		err_hint(err, "did you mean ctr image %s?", n.found);
	else
		err_hint(err, "ctr image --help lists the commands");
	return NULL;
}

/* The flags in front of the command. Returns the number of words taken, 0 after help. */
static int take_global(int argc, char **argv, const char **root, struct err *err)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			help();
			return 0;
		}
		if (strncmp(argv[i], "--root=", 7) == 0) {
			*root = argv[i] + 7;
		} else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc) {
			*root = argv[++i];
		} else if (strcmp(argv[i], "--root") == 0) {
			return err_set(err, "image: --root needs a value");
		} else {
			err_set(err, "image: unknown flag '%.80s'", argv[i]);
			return err_hint(err, "ctr image --help lists the flags");
		}
	}
	if (*root && pathname_check_home("image: --root", *root, err) < 0)
		return -1;
	if (i < argc)
		return i;
	err_set(err, "image: no command given");
	return err_hint(err, "ctr image --help lists the commands");
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

static int run(int argc, char **argv, struct err *err)
{
	const char *root = getenv("CTR_ROOT");
	int at = take_global(argc, argv, &root, err), r;
	const struct command *c;
	autofd int root_fd = -1;

	if (at <= 0)
		return at;
	c = find(argv[at], err);
	if (!c)
		return -1;
	root = root && *root ? root : "/var/lib/ctr";
	if (*root != '/')
		return err_set(err, "image: %s must be an absolute path, not '%s'",
			root == getenv("CTR_ROOT") ? "CTR_ROOT" : "--root", root);
	root_fd = open_root(root, !c->reads, err);
	r = root_fd < 0 && (!c->reads || err->sys)
		    ? -1
		    : c->run(c, root_fd, argc - at - 1, argv + at + 1, err);
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
