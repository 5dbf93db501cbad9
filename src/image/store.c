#include "image/store.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/nearest.h"
#include "image/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { ID_MIN = 4 };

/* Opened first, made only if it is missing: the start path takes no write lock on CTR_ROOT. */
static int open_store(int root_fd)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(root_fd, "images", flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(root_fd, "images", 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(root_fd, "images", flags);
}

int image_lock(int root_fd, enum image_lock_kind kind, struct err *err)
{
	autofd int fd = open_store(root_fd);
	int how = kind == IMAGE_SHARED          ? LOCK_SH
		  : kind == IMAGE_EXCLUSIVE_NOW ? LOCK_EX | LOCK_NB
						: LOCK_EX;

	if (fd < 0) {
		err_sys(err, "open the image store");
		/* EWOULDBLOCK would tell the caller that somebody holds the lock. */
		err->sys = err->sys == EWOULDBLOCK ? EIO : err->sys;
		return -1;
	}
	while (flock(fd, how) < 0)
		if (errno != EINTR)
			return err_sys(err, "lock the image store");
	return take_fd(&fd);
}

static int load(int root_fd, const char *file, struct image *ret, struct err *err)
{
	char path[300];
	autojson json_t *doc = NULL;

	snprintf(path, sizeof(path), "images/refs/%s", file);
	if (root_fd < 0) {
		errno = ENOENT;
		return err_sys(err, "open %s", path);
	}
	doc = json_read(root_fd, path, err);
	return doc ? record_parse(path, doc, ret, err) : -1;
}

static int load_reference(int root_fd, const struct reference *ref, struct image *ret,
	struct err *err)
{
	char file[256];

	return load(root_fd, reference_file(ref, file), ret, err);
}

int image_read(int root_fd, const char *name, struct image *ret, struct err *err)
{
	struct reference ref;

	return reference_parse(name, &ref, err) < 0 ? -1 : load_reference(root_fd, &ref, ret, err);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name behind a file of refs/, or NULL for what is not one. */
static const char *name_of_file(const char *file, struct arena *a)
{
	size_t len = strlen(file);
	char *name;

	if (file[0] == '.' || len < 6 || strcmp(file + len - 5, ".json") != 0)
		return NULL;
	name = arena_strndup(a, file, len - 5);
	for (char *p = name; *p; p++)
		if (*p == '+')
			*p = '/';
	return name;
}

int image_names(int root_fd, struct arena *a, const char ***ret, size_t *ret_count, struct err *err)
{
	autodir DIR *d = root_fd < 0 ? (errno = ENOENT, NULL) : dir_open_at(root_fd, "images/refs");
	const char **names = NULL;
	struct dirent *e;
	size_t count = 0;

	if (!d && errno != ENOENT)
		return err_sys(err, "open images/refs");
	while (d && (errno = 0, e = readdir(d))) {
		const char *name = name_of_file(e->d_name, a);

		if (name)
			arena_push(a, names, count, name);
	}
	if (d && errno)
		return err_sys(err, "read images/refs");
	if (count)
		qsort(names, count, sizeof(*names), compare_names);
	*ret = names;
	*ret_count = count;
	return 0;
}

/* What a look at all images is after: one id by its first digits, or one digest of one name. */
struct search {
	const char *id; /* hex digits, or NULL */
	const struct reference *ref;
};

static bool matches(const struct search *s, const struct image *image)
{
	struct reference ref;
	struct err ignored;

	if (s->id)
		return strncmp(image->id, s->id, strlen(s->id)) == 0;
	if (strcmp(image->manifest, s->ref->digest) != 0)
		return false;
	return reference_parse(image->name, &ref, &ignored) == 0 &&
	       strcmp(ref.name, s->ref->name) == 0;
}

/* 1 if found, 0 if not, -1 with err: unreadable, or several images fit. */
static int search_names(int root_fd, const struct search *s, const char **names, size_t count,
	struct image *ret, struct err *err)
{
	struct image found = {0};
	bool unreadable = false;

	for (size_t i = 0; i < count; i++) {
		struct image image;

		if (image_read(root_fd, names[i], &image, err) < 0) {
			unreadable = true;
			continue;
		}
		if (!matches(s, &image)) {
			image_free(&image);
		} else if (!found.name) {
			found = image;
		} else if (strcmp(found.id, image.id) == 0) {
			image_free(&image);
		} else {
			err_set(err, "id %s is the beginning of more than one image: %s and %s",
				s->id, found.name, image.name);
			image_free(&image);
			image_free(&found);
			return -1;
		}
	}
	if (!found.name)
		return unreadable ? -1 : 0;
	*ret = found;
	return 1;
}

static int search_all(int root_fd, const struct search *s, struct image *ret, struct err *err)
{
	struct arena a = {0};
	const char **names;
	size_t count;
	int r = image_names(root_fd, &a, &names, &count, err);

	if (r == 0)
		r = search_names(root_fd, s, names, count, ret, err);
	arena_free(&a);
	return r;
}

const char *image_id_digits(const char *name)
{
	size_t n;

	if (strncmp(name, "sha256:", 7) == 0)
		name += 7;
	n = strspn(name, "0123456789abcdef");
	return n >= ID_MIN && n <= DIGEST_HEX && name[n] == '\0' ? name : NULL;
}

/* Without host and directories: "app" of "ghcr.io/me/app". */
static const char *last_part(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

/* Into text: the names of images here that are called the same but for the host or the tag, or nearly. */
static void name_alike(int root_fd, const struct reference *ref, char text[160])
{
	struct nearest n = {.word = last_part(ref->name)};
	size_t count, len = 0, shown = 0;
	struct arena a = {0};
	const char **names;
	struct err ignored;

	text[0] = '\0';
	if (image_names(root_fd, &a, &names, &count, &ignored) < 0)
		count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *last = last_part(names[i]);

		nearest_offer(&n, arena_strndup(&a, last, strcspn(last, ":")));
	}
	for (size_t i = 0; i < count && n.found && shown < 3; i++) {
		const char *last = last_part(names[i]);

		if (strncmp(last, n.found, strlen(n.found)) != 0 || last[strlen(n.found)] != ':' ||
			len + strlen(names[i]) + 3 > 160)
			continue;
		len += (size_t)snprintf(text + len, 160 - len, "%s%s", shown ? ", " : "", names[i]);
		shown++;
	}
	arena_free(&a);
}

static int unknown(int root_fd, const char *name, const struct reference *ref, struct err *err)
{
	static const char *const recipes[] = {"busybox", "debian", "debian-vps"};
	char alike[160] = "";

	err_set(err, "no image '%.100s'", name);
	err->sys = ENOENT;
	if (ref)
		name_alike(root_fd, ref, alike);
	if (alike[0])
		return err_hint(err, "here is %s", alike);
	for (size_t i = 0; ref && i < sizeof(recipes) / sizeof(recipes[0]); i++)
		if (strcmp(ref->name, recipes[i]) == 0)
			return err_hint(err, "ctr image build %s", name);
	return err_hint(err, "ctr image ls shows those that are here; "
			     "ctr image build busybox or ctr image import FILE NAME adds one");
}

static int open_by_digest(int root_fd, const char *name, const struct reference *ref,
	struct image *ret, struct err *err)
{
	struct search s = {.ref = ref};
	int r;

	if (!ref->tag[0]) {
		r = search_all(root_fd, &s, ret, err);
		return r ? (r > 0 ? 0 : -1) : unknown(root_fd, name, ref, err);
	}
	if (load_reference(root_fd, ref, ret, err) < 0)
		return err->sys == ENOENT ? unknown(root_fd, name, ref, err) : -1;
	if (strcmp(ret->manifest, ref->digest) == 0)
		return 0;
	err_set(err, "image %s:%s is here, but with digest sha256:%s", ref->name, ref->tag,
		ret->manifest);
	image_free(ret);
	return -1;
}

static int open_by_id(int root_fd, const char *name, const struct reference *ref, struct image *ret,
	struct err *err)
{
	struct search s = {.id = image_id_digits(name)};
	int r = s.id ? search_all(root_fd, &s, ret, err) : 0;

	return r ? (r > 0 ? 0 : -1) : unknown(root_fd, name, ref, err);
}

/* Other programs write the whole name of an image that was called by a short one. */
static int open_by_other_name(int root_fd, const struct reference *ref, struct image *ret,
	struct err *err)
{
	static const char *const prefixes[] = {"docker.io/library/", "docker.io/", "localhost/"};
	struct reference other = *ref;

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const char *p = prefixes[i];
		size_t n = strlen(p);

		if (strncmp(ref->name, p, n) == 0)
			strcpy(other.name, ref->name + n);
		else if (!reference_has_host(ref) &&
			 n + strlen(ref->name) + 1 + strlen(ref->tag) <= REFERENCE_MAX)
			snprintf(other.name, sizeof(other.name), "%s%s", p, ref->name);
		else
			continue;
		if (load_reference(root_fd, &other, ret, err) == 0)
			return 0;
		if (err->sys != ENOENT)
			return -1;
	}
	return -1;
}

int image_open(int root_fd, const char *name, struct image *ret, struct err *err)
{
	struct reference ref;

	if (strncmp(name, "sha256:", 7) == 0 && image_id_digits(name))
		return open_by_id(root_fd, name, NULL, ret, err);
	if (reference_parse(name, &ref, err) < 0)
		return -1;
	if (ref.digest[0])
		return open_by_digest(root_fd, name, &ref, ret, err);
	if (load_reference(root_fd, &ref, ret, err) == 0)
		return 0;
	/* Before names of others, which whoever has packed them has chosen. */
	if (err->sys == ENOENT && image_id_digits(name) &&
		open_by_id(root_fd, name, &ref, ret, err) == 0)
		return 0;
	if (err->sys == ENOENT && open_by_other_name(root_fd, &ref, ret, err) == 0)
		return 0;
	return err->sys == ENOENT ? unknown(root_fd, name, &ref, err) : -1;
}
