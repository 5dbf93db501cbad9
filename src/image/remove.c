#include "base/fd.h"
#include "image/commands.h"
#include "image/gc.h"
#include "image/reference.h"
#include "image/store.h"
#include "image/tell.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The names of the image, all or those of one repository (a name without its tag). What cannot be read has
 * none. */
static void names_of(int root_fd, const struct image *image, const char *repository,
	struct arena *a, const char ***ret, size_t *ret_count)
{
	const char **names, **own = NULL;
	size_t count = 0, n = 0;
	struct err ignored;

	if (image_names(root_fd, a, &names, &count, &ignored) < 0)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		struct reference ref;
		struct image other;

		if (reference_parse(names[i], &ref, &ignored) < 0 ||
			(repository && strcmp(ref.name, repository) != 0) ||
			image_read(root_fd, names[i], &other, &ignored) < 0)
			continue;
		if (strcmp(other.id, image->id) == 0)
			arena_push(a, own, n, names[i]);
		image_free(&other);
	}
	*ret = own;
	*ret_count = n;
}

static bool has_other_name(int root_fd, const struct image *image)
{
	struct arena a = {0};
	const char **names;
	size_t count;

	names_of(root_fd, image, NULL, &a, &names, &count);
	arena_free(&a);
	return count > 1;
}

/* A container runs on an image if the topmost layers are the same. */
static const char *user_of(const struct gc_wanted *w, const struct image *image)
{
	if (!image->layer_count)
		return NULL;
	return json_string_value(json_object_get(w->tops, image->layers[image->layer_count - 1]));
}

static int check_use(int root_fd, const struct gc_wanted *w, const struct image *image,
	struct err *err)
{
	const char *user = user_of(w, image);

	if (!user || has_other_name(root_fd, image))
		return 0;
	err_set(err, "%s is in use by container %s", image->name, user);
	return err_hint(err, "remove the container, or take only the name away with --force");
}

static int unlink_name(int root_fd, const char *name, struct err *err)
{
	struct reference ref;
	char file[256], path[300];

	if (reference_parse(name, &ref, err) < 0)
		return -1;
	snprintf(path, sizeof(path), "images/refs/%s", reference_file(&ref, file));
	if (unlinkat(root_fd, path, 0) < 0)
		return err_sys(err, "remove %s", path);
	image_tell(root_fd, name, NULL, "delete");
	printf("%s\n", name);
	return 0;
}

/* Whether word says which image, but not which of its names: an id, or a digest without a tag. */
static bool asks_by_content(const char *word, const struct image *image, const char **repository,
	struct reference *ref)
{
	struct err ignored;
	char text[REFERENCE_MAX + 2];

	*repository = NULL;
	if (reference_parse(word, ref, &ignored) < 0)
		return true;
	if (ref->digest[0]) {
		*repository = ref->name;
		return !ref->tag[0];
	}
	if (strcmp(reference_text(ref, text), image->name) == 0)
		return false;
	word = image_id_digits(word);
	return word && strncmp(image->id, word, strlen(word)) == 0;
}

static int refuse_choice(const char *word, const char **names, size_t count, struct err *err)
{
	char list[160] = "";
	size_t len = 0;

	for (size_t i = 0; i < count && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%.80s", i ? ", " : "",
			names[i]);
	err_set(err, "%.80s has %zu names", word, count);
	return err_hint(err, "say which: %s%s; or --force for all of them", list,
		len >= sizeof(list) ? "…" : "");
}

static int unlink_chosen(int root_fd, const char *word, const struct image *image, bool force,
	struct err *err)
{
	const char *repository, **names = NULL;
	struct arena a = {0};
	struct reference ref;
	size_t count;
	int r = 0;

	if (!asks_by_content(word, image, &repository, &ref))
		return unlink_name(root_fd, image->name, err);
	names_of(root_fd, image, repository, &a, &names, &count);
	if (count > 1 && !force)
		r = refuse_choice(word, names, count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = unlink_name(root_fd, names[i], err);
	arena_free(&a);
	return r;
}

static int remove_one(int root_fd, const char *word, bool force, const struct gc_wanted *w,
	struct err *err)
{
	struct image image;
	int r;

	if (image_open(root_fd, word, &image, err) < 0)
		return -1;
	r = force ? 0 : check_use(root_fd, w, &image, err);
	if (r == 0)
		r = unlink_chosen(root_fd, word, &image, force, err);
	image_free(&image);
	return r;
}

/* A record that cannot be read would stop everything that must know what is wanted. */
static bool unlink_unreadable(int root_fd, const char *name)
{
	struct err err = {0};
	struct reference ref;
	struct image image;
	char text[REFERENCE_MAX + 2];

	if (image_open(root_fd, name, &image, &err) == 0) {
		image_free(&image);
		return false;
	}
	if (reference_parse(name, &ref, &err) < 0 || ref.digest[0])
		return false;
	return unlink_name(root_fd, reference_text(&ref, text), &err) == 0;
}

/* One that fails is reported, and the others get their turn. */
static int remove_names(int root_fd, char **names, int count, bool force, bool *ret_failed,
	struct err *err)
{
	struct gc_wanted w;
	bool failed = false;

	for (int i = 0; force && i < count; i++)
		if (unlink_unreadable(root_fd, names[i]))
			names[i] = NULL;
	if (gc_survey(root_fd, &w, err) < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		struct err e = {0};

		if (!names[i] || remove_one(root_fd, names[i], force, &w, &e) == 0)
			continue;
		err_print(&e, "ctr: image rm");
		failed = true;
	}
	gc_wanted_free(&w);
	*ret_failed = failed;
	return 0;
}

/* No name may outlast its layers, nor come back once its end was told, if the machine fails. */
static int sync_names(int root_fd, struct err *err)
{
	autofd int refs = openat(root_fd, "images/refs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return refs < 0 || fsync(refs) < 0 ? err_sys(err, "sync images/refs") : 0;
}

static int remove_unwanted(int root_fd, int *lock, struct err *err)
{
	struct gc_wanted w;
	int r;

	if (gc_survey_again(root_fd, &w, err) < 0)
		return -1;
	r = gc_run(root_fd, &w, lock, NULL, err);
	gc_wanted_free(&w);
	return r;
}

static const struct flag flags[] = {
	{"force", 'f', NULL, "take the name away even from an image in use", flag_bool},
	{0},
};

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	const bool force = *(bool *)options;
	autofd int lock = -1;
	bool failed;

	lock = image_lock(root_fd, IMAGE_EXCLUSIVE, err);
	if (lock < 0 || remove_names(root_fd, argv, argc, force, &failed, err) < 0 ||
		sync_names(root_fd, err) < 0 || remove_unwanted(root_fd, &lock, err) < 0)
		return -1;
	return failed ? ERR_STATUS_OURS : 0;
}

const struct command image_remove = {
	.name = "rm",
	.synopsis = "[-f] IMAGE…",
	.summary = "Remove images, and the layers that nothing else uses",
	.examples = "  ctr image rm debian:trixie\n"
		    "  ctr image rm -f busybox     # its containers keep their layers\n",
	.flags = flags,
	.options_size = sizeof(bool),
	.words_min = 1,
	.words_max = INT_MAX,
	.run = run,
};
