/* ctr prune: what has ended, and what nobody uses, in one. */
#include "base/clock.h"
#include "base/num.h"
#include "base/program.h"
#include "cli/choice.h"
#include "cli/confirm.h"
#include "cli/output.h"
#include "container/life.h"
#include "image/store.h"
#include "state/gc.h"
#include "state/metadata.h"
#include "state/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

struct prune_flags {
	struct choice choice;
	bool force, volumes;
};

/* A moment is all that containers, volumes and images have in common. */
static int set_filter(void *to, const char *what, const char *value, struct err *err)
{
	if (strncmp(value, "until=", 6) == 0)
		return filters_flag(to, what, value, err);
	err_value(err, what, value, "is not until=TIME");
	return err_hint(err, "for others: ctr rm --filter KEY=VALUE, ctr volume rm, ctr image rm");
}

struct prune {
	struct cli *cli;
	const struct prune_flags *flags;
	size_t containers, volumes, images;
	bool failed;
};

/* INT64_MAX: any. */
static int64_t until_of(const struct prune_flags *f)
{
	int64_t until = INT64_MAX;

	for (size_t i = 0; i < f->choice.filters.count; i++)
		if (f->choice.filters.list[i].number < until)
			until = f->choice.filters.list[i].number;
	return until;
}

/* One that cannot be removed is told of, and the others get their turn. */
static void tell(struct prune *p, const struct err *err)
{
	err_print(err, "ctr: prune");
	p->failed = true;
}

static int prune_containers(struct prune *p, struct err *err)
{
	struct choice choice = p->flags->choice;
	struct arena a = {NULL};
	char **names = NULL;
	int count = 0, r;

	choice.all = true;
	r = choice_words(p->cli, &choice, CHOICE_OF(CONTAINER_EXITED), &a, &count, &names, err);
	p->failed = p->failed || r > 0;
	for (int i = 0; r >= 0 && i < count; i++) {
		if (container_remove(&p->cli->store, names[i], REMOVE_VOLUMES, err) < 0) {
			tell(p, err);
			continue;
		}
		printf("container %s\n", names[i]);
		p->containers++;
	}
	arena_free(&a);
	return r < 0 ? -1 : 0;
}

/* What is of one container alone, unless those with a name are asked for as well. */
static bool is_chosen(const struct prune *p, int volumes_fd, const char *name)
{
	int fd;
	struct volume v;
	struct err ignored;
	bool chosen;

	fd = volume_open(volumes_fd, name, &ignored);
	if (fd < 0)
		return false;
	if (volume_read(fd, name, &v, &ignored) < 0) {
		close(fd);
		return false;
	}
	chosen = (p->flags->volumes || v.owner) && v.created_ns < until_of(p->flags);
	volume_free(&v);
	close(fd);
	return chosen;
}

static int remove_volume(struct prune *p, const char *name, struct err *err)
{
	struct volume_removal one = {.name = name};

	if (volumes_remove(&p->cli->store, &one, 1, err) < 0)
		return -1;
	if (one.removed) {
		printf("volume %s\n", name);
		p->volumes++;
	} else if (one.err.sys != EBUSY && one.err.sys != ENOENT) {
		tell(p, &one.err);
	}
	return 0;
}

static int prune_volumes(struct prune *p, struct err *err)
{
	struct arena a = {NULL};
	const char **names;
	size_t count;
	int fd = volumes_open(&p->cli->store, VOLUMES_LOOK, err), r;

	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	r = volumes_names(fd, &a, &names, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (is_chosen(p, fd, names[i]))
			r = remove_volume(p, names[i], err);
	arena_free(&a);
	volumes_unlock(&fd);
	return r;
}

/* The topmost layers of all containers: one runs on an image that has the same. */
struct tops {
	const struct store *store;
	struct arena arena;
	const char **list;
	size_t count;
};

static int add_top(const char *name, void *arg, struct err *err)
{
	struct tops *t = arg;
	struct metadata m;

	if (container_metadata(t->store, name, &m, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	if (m.layer_count)
		arena_push(&t->arena, t->list, t->count,
			(const char *)arena_strdup(&t->arena, m.layers[m.layer_count - 1]));
	metadata_free(&m);
	return 0;
}

static bool is_used(const struct tops *t, const struct image *image)
{
	for (size_t i = 0; image->layer_count && i < t->count; i++)
		if (strcmp(t->list[i], image->layers[image->layer_count - 1]) == 0)
			return true;
	return false;
}

static bool is_older(const struct image *image, int64_t until)
{
	struct err ignored;
	uint64_t created;

	return until == INT64_MAX ||
	       (time_parse("created", image->created, now_ns(), &created, &ignored) == 0 &&
		       (int64_t)created < until);
}

/* Prints each name, and says itself what fails. */
static int remove_images(struct prune *p, char **words, struct err *err)
{
	char path[4096];
	int status;
	pid_t pid;

	if (program_path("ctr-image", path, sizeof(path), err) < 0)
		return -1;
	if (fflush(stdout) != 0)
		return err_sys(err, "write to standard output");
	pid = fork();
	if (pid < 0)
		return err_sys(err, "make a process for ctr-image");
	if (pid == 0) {
		execv(path, words);
		err_sys(err, "cannot execute %s", path);
		_exit(err_print(err, "ctr: prune"));
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, "wait for ctr-image");
	p->failed = p->failed || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	return 0;
}

static int prune_images(struct prune *p, struct err *err)
{
	const struct store *store = &p->cli->store;
	struct tops t = {.store = store};
	const char **names, **words = NULL;
	size_t count = 0, n = 0;
	int r = image_names(store->root_fd, &t.arena, &names, &count, err);

	if (r == 0 && count)
		r = store_each(store, add_top, &t, err);
	arena_push(&t.arena, words, n, "ctr-image");
	arena_push(&t.arena, words, n, "--root");
	arena_push(&t.arena, words, n, store->root);
	arena_push(&t.arena, words, n, "rm");
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct image image;
		struct err ignored;

		if (image_read(store->root_fd, names[i], &image, &ignored) < 0)
			continue;
		if (!is_used(&t, &image) && is_older(&image, until_of(p->flags))) {
			arena_push(&t.arena, words, n, names[i]);
			p->images++;
		}
		image_free(&image);
	}
	arena_push(&t.arena, words, n, NULL);
	if (r == 0 && p->images)
		r = remove_images(p, (char **)words, err);
	arena_free(&t.arena);
	return r;
}

static int confirm_all(const struct prune_flags *f, struct err *err)
{
	return confirm(
		f->volumes
			? "Remove all containers that have ended, and all images and volumes, those "
			  "with a name too, that no container uses?"
			: "Remove all containers that have ended, and all images, and volumes "
			  "without a name, that no container uses?",
		"what has ended, and what no container uses, would be removed, with all data",
		"ctr prune -f does so; ctr ps -a, ctr volume ls and ctr image ls show what there is",
		err);
}

static uint64_t room_in(int fd)
{
	struct statvfs st;

	return fstatvfs(fd, &st) < 0 ? 0 : (uint64_t)st.f_bfree * st.f_frsize;
}

static void print_sum(const struct prune *p, uint64_t before)
{
	uint64_t now = room_in(p->cli->store.root_fd);
	char size[16];

	printf("%zu containers, %zu volumes, %zu images removed; %s freed\n", p->containers,
		p->volumes, p->images, size_format(now > before ? now - before : 0, size));
}

static int prune(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct prune p = {.cli = cli, .flags = options};
	uint64_t before;

	(void)argv;
	if (argc)
		return err_set(err, "takes no words");
	if (!p.flags->force && confirm_all(p.flags, err) < 0)
		return -1;
	if (cli->store.root_fd < 0)
		return 0;
	before = room_in(cli->store.root_fd);
	/* In this order: what has gone uses nothing any more. */
	if (prune_containers(&p, err) < 0 || prune_volumes(&p, err) < 0 ||
		prune_images(&p, err) < 0)
		return -1;
	print_sum(&p, before);
	return p.failed ? ERR_STATUS_OURS : 0;
}

static const struct flag flags[] = {
	{"filter", 0, "until=TIME", "only what was made before that (24h, a date)", set_filter,
		FLAG_OF(prune_flags, choice.filters, struct filters)},
	{"force", 'f', NULL, "do not ask", FLAG_BOOL(prune_flags, force)},
	{"volumes", 0, NULL, "volumes with a name as well", FLAG_BOOL(prune_flags, volumes)},
	{0},
};

const struct command command_prune = {
	.name = "prune",
	.summary = "Remove what has ended, and what nobody uses",
	.arguments = "",
	.examples = "  ctr prune\n  ctr prune -f --filter until=72h\n",
	.flags = flags,
	.run = prune,
	.options_size = sizeof(struct prune_flags),
	.use = STORE_CHANGE,
};
