#include "base/fd.h"
#include "base/file.h"
#include "image/child.h"
#include "image/commands.h"
#include "image/compose.h"
#include "image/ingest.h"
#include "image/progress.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static const uint64_t max_size_default = 64ULL << 30;

/* ../images beside the directory of this program: that of a source tree. */
static int open_beside(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/../images"));
	char *slash;

	if (n < 0)
		return -1;
	path[n] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash, "/../images");
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int open_recipes(struct err *err)
{
	const char *asked = getenv("CTR_RECIPES");
	int fd;

	if (asked && *asked) {
		fd = open(asked, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? err_sys(err, "open CTR_RECIPES %.200s", asked) : fd;
	}
	fd = open_beside();
	if (fd < 0)
		fd = open(CTR_SHARE "/images", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	err_sys(err, "open the recipes in " CTR_SHARE "/images");
	return err_hint(err, "CTR_RECIPES=DIR says where they are");
}

static void list_recipes(int recipes, char *buf, size_t size)
{
	autodir DIR *d = dir_open_at(recipes, ".");
	struct dirent *e;
	size_t len = 0;

	buf[0] = '\0';
	while (d && (e = readdir(d))) {
		char path[NAME_MAX + 10];

		snprintf(path, sizeof(path), "%s/recipe", e->d_name);
		if (e->d_name[0] == '.' || faccessat(recipes, path, X_OK, 0) < 0 || len >= size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? ", " : "", e->d_name);
	}
}

static void help_recipes(void)
{
	struct err err;
	autofd int recipes = open_recipes(&err);
	char known[4096];

	if (recipes < 0)
		return;
	list_recipes(recipes, known, sizeof(known));
	printf("\nrecipes: %s\n", known);
}

static int open_recipe(int recipes, const char *name, struct err *err)
{
	int fd = openat(recipes, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char known[200];

	if (fd >= 0 && !strchr(name, '/') && faccessat(fd, "recipe", X_OK, 0) == 0)
		return fd;
	if (fd >= 0 && !strchr(name, '/') && faccessat(fd, "recipe", F_OK, 0) == 0)
		err_set(err, "the recipe of '%.100s' cannot be executed", name);
	else
		err_set(err, "no recipe '%.100s'", name);
	if (fd >= 0)
		close(fd);
	list_recipes(recipes, known, sizeof(known));
	return known[0] ? err_hint(err, "there are: %s", known) : -1;
}

static int read_config(int recipe, json_t **ret, struct err *err)
{
	*ret = json_read(recipe, "config.json", err);
	if (!*ret)
		return err->sys == ENOENT ? 0 : err_wrap(err, "recipe");
	return compose_check_fragment("recipe's config.json", *ret, err);
}

static int finish_recipe(void *arg, struct err *err)
{
	return child_finish(arg, err);
}

static int run_recipe(struct ingest *in, int recipe, const char *tag, struct ingest_result *ret,
	struct err *err)
{
	char path[40];
	char *const argv[] = {path, (char *)tag, NULL};
	struct child c;
	int r;

	/* Inherited across exec on purpose: a script is opened by its interpreter again. */
	snprintf(path, sizeof(path), "/dev/fd/%d/recipe", recipe);
	if (fcntl(recipe, F_SETFD, 0) < 0 || child_start("recipe", argv, recipe, &c, err) < 0)
		return err_sys(err, "start the recipe");
	in->finish = finish_recipe;
	in->arg = &c;
	r = ingest_stream(in, c.out, ret, err);
	if (r < 0)
		child_blame(&c, err);
	child_stop(&c);
	return r;
}

static int build(int root_fd, const char *name, const char *recipe_name, const char *tag,
	struct err *err)
{
	autofd int recipes = open_recipes(err);
	autofd int recipe = recipes < 0 ? -1 : open_recipe(recipes, recipe_name, err);
	autojson json_t *config = NULL;
	struct ingest_result done;
	struct ingest in = {.root = root_fd,
		.name = name,
		.origin = "ctr image build",
		.doing = "build",
		.max_size = max_size_default};

	if (recipe < 0 || read_config(recipe, &config, err) < 0)
		return -1;
	in.process = config;
	if (run_recipe(&in, recipe, tag, &done, err) < 0)
		return err_wrap(err, "%s", name);
	ingest_result_print(&in, "build", &done);
	return 0;
}

static const struct flag flags[] = {
	{"quiet", 'q', NULL, "do not show how far it is", flag_bool},
	{0},
};

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	const bool quiet = *(bool *)options;
	char name[REFERENCE_MAX + 2];
	struct reference ref;

	(void)argc;
	if (reference_parse(argv[0], &ref, err) < 0)
		return -1;
	if (ref.digest[0])
		return err_set(err, "'%.100s': a digest cannot be built", argv[0]);
	if (quiet)
		progress_quiet();
	return build(root_fd, reference_text(&ref, name), ref.name, ref.tag, err);
}

const struct command image_build = {
	.name = "build",
	.synopsis = "[-q] RECIPE[:TAG]",
	.summary = "Make an image from a recipe, with this host's package manager",
	.examples =
		"  ctr image build busybox\n"
		"  ctr image build debian:trixie\n"
		"  ctr image build debian-vps\n"
		"\ndebian-vps has systemd as init, which takes\n"
		"  ctr run -d --cap-add SYS_ADMIN --security-opt writable-cgroups \\\n"
		"    --security-opt seccomp=vps debian-vps\n"
		"\nA recipe is a folder with an executable named recipe that writes a root tar to standard\n"
		"output (its argument is the tag), and perhaps a config.json with Cmd, Env, StopSignal.\n"
		"Folders are looked for in $CTR_RECIPES, else beside the program.\n",
	.flags = flags,
	.options_size = sizeof(bool),
	.words_min = 1,
	.words_max = 1,
	.run = run,
	.more_help = help_recipes,
};
