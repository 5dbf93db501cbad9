/*
 * One half of ctr cp: a tree into a tar, or a tar into a tree. ctr starts it with its descriptors open:
 *
 *	ctr-copy pack    ROOT EMPTY USERS PROC REPORT PARENT FLAGS PATH NAME
 *	ctr-copy extract ROOT EMPTY USERS PROC REPORT PARENT FLAGS PATH NAME
 *
 * ROOT is the root that PATH is resolved in, -1 the host's; the others are those of confine.h, reopen.h. A
 * failure goes as a struct err to REPORT. The tar is on the standard streams.
 */
#include "base/fd.h"
#include "base/inside.h"
#include "base/program.h"
#include "image/child.h"
#include "image/confine.h"
#include "image/entry.h"
#include "image/extract.h"
#include "image/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct half {
	int root, empty, users, proc, report, parent;
	const char *flags, *path, *name;
};

/* What the path of the destination leads to, and the directory that holds it. */
struct destination {
	const struct half *half;
	int dir;    /* it is a directory; or -1 */
	int file;   /* it is something else; or -1 */
	int link;   /* which a link led to */
	int parent; /* of what was named; or -1 */
	char base[ENTRY_NAME_MAX + 1];
};

static bool has(const struct half *h, char flag)
{
	return strchr(h->flags, flag);
}

static int open_path(const struct half *h, const char *path, int flags, struct err *err)
{
	int fd;

	if (h->root >= 0)
		return inside_open(h->root, path, flags, 0, err);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open %s", path) : fd;
}

static void warn_of(const struct half *h, size_t left_out, size_t changed)
{
	if (left_out && !has(h, 'q'))
		warn("%zu devices or sockets are left out", left_out);
	if (changed)
		warn("%zu files became shorter while they were copied: zeros stand for what is missing",
			changed);
}

static int confined(const struct half *h, struct err *err)
{
	return confine(h->empty, h->users, h->parent, err);
}

static int pack(const struct half *h, struct err *err)
{
	const int flags = O_PATH | (has(h, 'L') ? 0 : O_NOFOLLOW);
	autofd int top = h->root < 0 ? open_path(h, h->path, flags, err) : -1;
	struct pack_totals totals = {0};
	int r;

	if ((h->root < 0 && top < 0) || confined(h, err) < 0)
		return -1;
	if (h->root >= 0 && (top = open_path(h, h->path, flags, err)) < 0)
		return -1;
	r = pack_tree(&(struct pack_job){.out = STDOUT_FILENO,
			      .proc_fd = h->proc,
			      .top = top,
			      .name = h->name},
		&totals, err);
	if (r == 0)
		warn_of(h, totals.left_out, totals.changed);
	return r;
}

/* The path without what is behind its last '/', and that. */
static int split(const char *path, char dir[PATHNAME_SIZE], char base[ENTRY_NAME_MAX + 1],
	struct err *err)
{
	size_t end = strlen(path), at;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (at = end; at > 0 && path[at - 1] != '/';)
		at--;
	if (end - at > ENTRY_NAME_MAX || at >= PATHNAME_SIZE) {
		errno = ENAMETOOLONG;
		return err_sys(err, "open %.100s…", path);
	}
	memcpy(base, path + at, end - at);
	base[end - at] = '\0';
	snprintf(dir, PATHNAME_SIZE, "%.*s", at ? (int)at : 1, at ? path : ".");
	return 0;
}

static int open_parent(struct destination *d, struct err *err)
{
	char dir[PATHNAME_SIZE];

	if (split(d->half->path, dir, d->base, err) < 0)
		return -1;
	d->parent = open_path(d->half, dir, O_PATH | O_DIRECTORY, err);
	if (d->parent < 0 && (err->sys == ENOENT || err->sys == ENOTDIR))
		err_hint(err, "the directory that it goes into has to be there");
	return d->parent < 0 ? -1 : 0;
}

static int open_destination(struct destination *d, struct err *err)
{
	int fd = open_path(d->half, d->half->path, O_PATH, err);
	struct stat st;

	if (fd < 0 && err->sys != ENOENT)
		return -1;
	if (fd < 0)
		return open_parent(d, err);
	if (fstat(fd, &st) < 0) {
		close(fd);
		return err_sys(err, "look at %s", d->half->path);
	}
	if (S_ISDIR(st.st_mode)) {
		d->dir = fd;
		return 0;
	}
	d->file = fd;
	d->link = open_path(d->half, d->half->path, O_PATH | O_NOFOLLOW, err);
	if (d->link < 0 || fstat(d->link, &st) < 0)
		return d->link < 0 ? -1 : err_sys(err, "look at %s", d->half->path);
	if (!S_ISLNK(st.st_mode)) {
		close(d->file);
		d->file = -1;
	}
	return open_parent(d, err);
}

/* docker's rules. */
static int decide(void *arg, bool is_dir, struct extract_job *job, struct err *err)
{
	const struct destination *d = arg;
	const struct half *h = d->half;
	const size_t len = strlen(h->path);

	job->base = d->dir >= 0 ? d->dir : d->parent;
	if (d->dir >= 0) {
		job->top_name = is_dir && has(h, 'c') ? "" : h->name;
		return 0;
	}
	job->top_name = d->base;
	if (d->link >= 0 && is_dir)
		return err_set(err, "%s is no directory, and is not replaced by one", h->path);
	if (d->link < 0 && !is_dir && h->path[len - 1] == '/')
		return err_set(err, "there is no directory %s", h->path);
	job->file = d->file;
	return 0;
}

static int extract(const struct half *h, struct err *err)
{
	struct destination d = {.half = h, .dir = -1, .file = -1, .link = -1, .parent = -1};
	struct extract_totals totals = {0};
	struct extract_job job = {
		.in = STDIN_FILENO,
		.proc_fd = h->proc,
		.keep_owners = has(h, 'a'),
		.keep_rights = h->root >= 0,
		.container_ids = has(h, 'i'),
		.uid = h->root >= 0 ? 0 : geteuid(),
		.gid = h->root >= 0 ? 0 : getegid(),
		.file = -1,
	};
	int r;

	if ((h->root < 0 && open_destination(&d, err) < 0) || confined(h, err) < 0 ||
		(h->root >= 0 && open_destination(&d, err) < 0))
		return -1;
	if (has(h, 's') && d.dir < 0)
		return err_set(err, "a tar goes into a directory: %s is none", h->path);
	job.base = d.dir;
	*err = (struct err){0};
	r = extract_tar(&job, has(h, 's') ? NULL : decide, &d, &totals, err);
	if (r == 0)
		warn_of(h, totals.left_out, 0);
	return r;
}

static int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	struct err err = {0};
	struct half h;
	int r;

	if (argc != 11) {
		fputs("ctr-copy: it is started by ctr cp\n", stderr);
		return ERR_STATUS_OURS;
	}
	h = (struct half){number(argv[2]), number(argv[3]), number(argv[4]), number(argv[5]),
		number(argv[6]), number(argv[7]), argv[8], argv[9], argv[10]};
	program_set_umask();
	/* libarchive turns names into the locale's charset: in UTF-8 they stay as they are. */
	setlocale(LC_CTYPE, "C.UTF-8");
	child_limit_ourselves();
	r = strcmp(argv[1], "pack") == 0 ? pack(&h, &err) : extract(&h, &err);
	if (r < 0)
		fd_write_all(h.report, &err, sizeof(err));
	return r < 0 ? ERR_STATUS_OURS : 0;
}
