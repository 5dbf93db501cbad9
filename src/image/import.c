#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "image/child.h"
#include "image/commands.h"
#include "image/compose.h"
#include "image/ingest.h"
#include "image/progress.h"
#include "image/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const uint64_t max_size_default = 64ULL << 30;

/* "dir/Debian-12.tar.xz" → "debian-12": a name where none is given. */
static const char *name_of_file(const char *file, char buf[128])
{
	static const char *const suffixes[] = {".gz", ".xz", ".zst", ".bz2", ".tar", ".tgz", ".txz",
		".tbz2", ".oci"};
	size_t len = strlen(file), start;

	while (len && file[len - 1] == '/')
		len--;
	for (start = len; start && file[start - 1] != '/'; start--)
		;
	snprintf(buf, 128, "%.*s", (int)(len - start < 127 ? len - start : 127), file + start);
	for (size_t i = 0; i < 2 * sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		const char *s = suffixes[i % (sizeof(suffixes) / sizeof(suffixes[0]))];
		size_t n = strlen(buf), m = strlen(s);

		if (n > m && strcmp(buf + n - m, s) == 0)
			buf[n - m] = '\0';
	}
	for (char *p = buf; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
	return *buf && strcmp(buf, ".") != 0 && strcmp(buf, "..") != 0 ? buf : NULL;
}

static int finish_child(void *arg, struct err *err)
{
	return child_finish(arg, err);
}

static int import_tree(struct ingest *in, int dir, struct ingest_result *ret, struct err *err)
{
	struct child tar;
	int r;

	if (child_start_tar(dir, &tar, err) < 0)
		return -1;
	in->finish = finish_child;
	in->arg = &tar;
	r = ingest_stream(in, tar.out, ret, err);
	if (r < 0)
		child_blame(&tar, err);
	child_stop(&tar);
	return r;
}

static int import_path(struct ingest *in, const char *path, struct ingest_result *ret,
	struct err *err)
{
	autofd int fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
					       : open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	enum source_form form;
	struct stat st;

	if (fd < 0 && errno == ENOENT && strstr(path, "://")) {
		err_sys(err, "open");
		return err_hint(err,
			"images are not fetched: skopeo copy docker://NAME oci:DIR:TAG, "
			"then ctr image import DIR");
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open");
	if (!S_ISDIR(st.st_mode))
		return ingest_stream(in, fd, ret, err);
	form = source_form(fd, err);
	if (form == SOURCE_ERROR)
		return -1;
	return form == SOURCE_NONE ? import_tree(in, fd, ret, err)
				   : ingest_directory(in, fd, form, ret, err);
}

static json_t *read_fragment(const char *file, struct err *err)
{
	json_t *j = json_read(AT_FDCWD, file, err);

	if (j && compose_check_fragment(file, j, err) < 0) {
		json_decref(j);
		return NULL;
	}
	return j;
}

struct import_options {
	bool quiet, replace, squash;
	const char *max_size, *config, *wanted;
};

static const struct flag flags[] = {
	{"ref", 0, "REF", "which image, if FILE holds several", FLAG_TEXT(import_options, wanted)},
	{"config", 0, "FILE", "JSON with Cmd, Env, User … for a plain tree",
		FLAG_TEXT(import_options, config)},
	{"max-size", 0, "SIZE", "refuse what unpacks to more (64G)",
		FLAG_TEXT(import_options, max_size)},
	{"quiet", 'q', NULL, "do not show how far it is", FLAG_BOOL(import_options, quiet)},
	{"replace", 0, NULL, "take names of its own from other images",
		FLAG_BOOL(import_options, replace)},
	{"squash-owners", 0, NULL, "ids above 65535 become 65534, nobody",
		FLAG_BOOL(import_options, squash)},
	{0},
};

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	const struct import_options *o = options;
	struct ingest in = {.root = root_fd,
		.origin = "ctr image import",
		.doing = "unpack",
		.max_size = max_size_default};
	autojson json_t *fragment = NULL;
	struct reference checked;
	struct ingest_result done;
	char fallback[128];

	if (o->max_size && size_parse("--max-size", o->max_size, &in.max_size, err) < 0)
		return -1;
	if (o->config && !(fragment = read_fragment(o->config, err)))
		return -1;
	in.name = argc > 1 ? argv[1] : NULL;
	if (in.name && reference_parse(in.name, &checked, err) < 0)
		return -1;
	in.wanted = o->wanted;
	in.process = fragment;
	in.replace = o->replace;
	in.squash_owners = o->squash;
	if (o->quiet)
		progress_quiet();
	in.fallback = strcmp(argv[0], "-") == 0 ? NULL : name_of_file(argv[0], fallback);
	if (import_path(&in, argv[0], &done, err) < 0)
		return err_wrap(err, "%.200s",
			strcmp(argv[0], "-") == 0 ? "standard input" : argv[0]);
	ingest_result_print(&in, "import", &done);
	return 0;
}

const struct command image_import = {
	.name = "import",
	.synopsis = "[flags] FILE|DIR|- [NAME[:TAG]]",
	.summary = "Take a root tar, OCI layout, docker archive or directory into the store",
	.examples =
		"  ctr image import debian-12-standard.tar.zst\n"
		"  ctr image import alpine-minirootfs.tar.gz alpine:3.20\n"
		"  docker save nginx | ctr image import -\n"
		"  skopeo copy docker://alpine oci:layout:alpine && ctr image import layout\n"
		"  ctr image import / thishost\n"
		"\nThe form is told by content: tar or directory, OCI layout or docker archive, plain,\n"
		"gzip, zstd, xz or bzip2.\n",
	.flags = flags,
	.options_size = sizeof(struct import_options),
	.words_min = 1,
	.words_max = 2,
	.run = run,
};
