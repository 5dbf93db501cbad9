#include "cli/command.h"
#include "container/copy.h"
#include "container/life.h"

#include "base/arena.h"
#include "base/pathname.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cp_flags {
	bool archive, follow_link, quiet;
};

/* "." or "…/.", or the root, which has no name. */
static bool means_contents(const char *path)
{
	size_t len = strlen(path);

	return strspn(path, "/") == len ||
	       (path[len - 1] == '.' && (len == 1 || path[len - 2] == '/'));
}

static bool ends_in_slash(const char *path)
{
	size_t len = strlen(path);

	return len > 1 && (path[len - 1] == '/' || means_contents(path));
}

/* Clean, but what has to be a directory says so. */
static int container_path(const char *path, struct arena *a, const char **ret, struct err *err)
{
	char clean[PATHNAME_SIZE];

	if (!pathname_join("/", 1, path, clean))
		return err_value(err, "the path", path, "is too long");
	*ret = arena_printf(a, "%s%s", clean, clean[1] && ends_in_slash(path) ? "/" : "");
	return 0;
}

/* A container's, where something stands in front of a colon that does not look like a path. */
static int parse_end(struct cli *cli, const char *word, struct arena *a, struct copy_end *ret,
	struct err *err)
{
	const char *colon = strchr(word, ':');
	char name[SPEC_NAME_MAX + 1];

	ret->label = word;
	if (strcmp(word, "-") == 0) {
		ret->label = "standard stream";
		return 0;
	}
	if (!*word)
		return err_set(err, "an empty word names no file");
	if (!colon || word[0] == '/' || word[0] == '.') {
		ret->path = word;
		return 0;
	}
	if (container_find(&cli->store, arena_strndup(a, word, (size_t)(colon - word)), name, err) <
		0) {
		if (access(word, F_OK) == 0)
			err_hint(err, "a file of the host with ':' in its name is ./%.100s", word);
		return -1;
	}
	ret->container = arena_strdup(a, name);
	return container_path(colon + 1, a, &ret->path, err);
}

/* The last name of the path; that of "..", which has none, is looked up. */
static int name_of(const struct copy_end *end, struct arena *a, const char **ret, struct err *err)
{
	char *path = arena_strdup(a, end->path), *slash, *whole;
	size_t len = strlen(path);

	while (len > 1 &&
		(path[len - 1] == '/' || (len > 2 && path[len - 1] == '.' && path[len - 2] == '/')))
		path[--len] = '\0';
	slash = strrchr(path, '/');
	*ret = slash ? slash + 1 : path;
	if (strcmp(*ret, "..") == 0) {
		whole = realpath(path, NULL);
		if (!whole)
			return err_sys(err, "%s", end->path);
		*ret = arena_strdup(a, strrchr(whole, '/') + 1);
		free(whole);
	}
	if (!**ret || strcmp(*ret, ".") == 0)
		*ret = "contents";
	return 0;
}

static int check(const struct copy *c, struct err *err)
{
	if (!c->from.path && !c->to.path)
		return err_set(err, "a tar is either read or written, not both");
	if (!c->from.container && !c->to.container) {
		err_set(err, "neither %s nor %s is in a container", c->from.label, c->to.label);
		return err_hint(err, "a path in a container is CONTAINER:PATH");
	}
	if (c->from.container && c->to.container && strcmp(c->from.container, c->to.container) == 0)
		return err_set(err, "both are in one container, which has cp(1) for that");
	if (!c->from.path && isatty(STDIN_FILENO)) {
		err_set(err, "a tar is not read from a terminal");
		return err_hint(err, "tar -c FILE… | ctr cp - %s", c->to.label);
	}
	if (!c->to.path && isatty(STDOUT_FILENO)) {
		err_set(err, "a tar is not written to a terminal");
		return err_hint(err, "ctr cp %s - | tar -tv", c->from.label);
	}
	return 0;
}

static int plan(struct cli *cli, char **argv, struct arena *a, struct copy *c, struct err *err)
{
	if (parse_end(cli, argv[0], a, &c->from, err) < 0 ||
		parse_end(cli, argv[1], a, &c->to, err) < 0 || check(c, err) < 0)
		return -1;
	c->name = "";
	if (!c->from.path)
		return 0;
	c->contents = means_contents(argv[0]) ||
		      (c->from.container && means_contents(strchr(argv[0], ':') + 1));
	if (name_of(&c->from, a, &c->name, err) < 0)
		return -1;
	if (c->contents && !c->to.path)
		c->name = ".";
	return 0;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct cp_flags *f = options;
	struct copy copy = {.keep_owners = f->archive,
		.follow_link = f->follow_link,
		.quiet = f->quiet};
	struct arena arena = {0};
	int r;

	if (argc != 2) {
		err_set(err, "cp takes what to copy, and where to");
		return err_hint(err, "ctr cp FILE CONTAINER:PATH, or ctr cp CONTAINER:PATH FILE");
	}
	r = plan(cli, argv, &arena, &copy, err);
	if (r == 0)
		r = container_copy(&cli->store, &copy, err);
	arena_free(&arena);
	return r;
}

static const struct flag flags[] = {
	{"archive", 'a', NULL, "keep owners, by their numbers in the container",
		FLAG_BOOL(cp_flags, archive)},
	{"follow-link", 'L', NULL, "if SOURCE is a symbolic link, what it leads to",
		FLAG_BOOL(cp_flags, follow_link)},
	{"quiet", 'q', NULL, "no warning about devices and sockets, which are left out",
		FLAG_BOOL(cp_flags, quiet)},
	{0},
};

const struct command command_cp = {
	.name = "cp",
	.summary = "Copy files from or to a container",
	.arguments = "SOURCE DESTINATION",
	.examples = "  ctr cp nginx.conf web:/etc/nginx/\n"
		    "  ctr cp job:/out/. results\n"
		    "  tar -c src | ctr cp - build:/\n"
		    "  ctr cp web:/var/log - | gzip > log.tar.gz\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct cp_flags),
	.use = STORE_CHANGE,
};
