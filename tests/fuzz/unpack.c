/*
 * A layer, compressed or not, into a directory. Beside it lies a canary that a tar could reach by
 * "../canary", by the absolute path, or through links; nothing of it may change, nothing else may
 * appear. The first byte of the input: whether it is the lowest layer.
 */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "base/file.h"
#include "image/unpack.h"

#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { BYTES_MAX = 1 << 20 };

static int scratch, canary, blob, lower;
static const char *const canary_paths[] = {"canary", "canary/file", "canary/link", "canary/empty"};
enum { CANARIES = sizeof(canary_paths) / sizeof(canary_paths[0]) };
static struct stat canaries[CANARIES];

static void canary_look(struct stat st[CANARIES])
{
	for (size_t i = 0; i < CANARIES; i++) {
		require(fstatat(scratch, canary_paths[i], &st[i], AT_SYMLINK_NOFOLLOW) == 0);
		memset(&st[i].st_atim, 0, sizeof(st[i].st_atim));
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	setlocale(LC_CTYPE, "C.UTF-8"); /* as ctr-image does */
	scratch = fuzz_scratch();
	blob = memfd_create("blob", MFD_CLOEXEC);
	require(mkdirat(scratch, "canary", 0755) == 0);
	require(mkdirat(scratch, "canary/empty", 0755) == 0);
	fuzz_file(scratch, "canary/file", "sings\n", 6);
	require(symlinkat("file", scratch, "canary/link") == 0);
	canary = openat(scratch, "canary", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(mkdirat(scratch, "lower", 0755) == 0 && mkdirat(scratch, "lower/a", 01777) == 0);
	fuzz_file(scratch, "lower/a/b", "1", 1);
	lower = openat(scratch, "lower", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(canary >= 0 && blob >= 0 && lower >= 0);
	canary_look(canaries);
	return 0;
}

static size_t entries(int dir, const char *name)
{
	autodir DIR *d = dir_open_at(dir, name);
	size_t n = 0;

	require(d);
	while (readdir(d))
		n++;
	return n - 2;
}

/* ctime tells what mode, owner, links and times would hide. */
static void check_canary(void)
{
	struct stat now[CANARIES];

	memset(now, 0, sizeof(now));
	canary_look(now);
	for (size_t i = 0; i < CANARIES; i++) {
		require(now[i].st_ino == canaries[i].st_ino);
		require(now[i].st_nlink == canaries[i].st_nlink);
		require(now[i].st_size == canaries[i].st_size);
		require(now[i].st_ctim.tv_sec == canaries[i].st_ctim.tv_sec);
		require(now[i].st_ctim.tv_nsec == canaries[i].st_ctim.tv_nsec);
	}
	require(entries(scratch, ".") == 4); /* canary, lower, stage, tree */
	require(entries(scratch, "stage") == 0);
	require(flistxattr(canary, NULL, 0) == 0);
}

/* No device but the whiteouts, and none of those in the lowest layer; owners a container has. */
static void check_tree(int dir, bool lowest, unsigned depth)
{
	autodir DIR *d = dir_open_at(dir, ".");
	struct dirent *e;

	require(d);
	while (depth < 200 && (e = readdir(d))) {
		struct stat st;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		require(fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0);
		require(st.st_uid < 65536 && st.st_gid < 65536);
		require(!S_ISBLK(st.st_mode) && !S_ISSOCK(st.st_mode));
		require(!S_ISCHR(st.st_mode) || (!lowest && st.st_rdev == 0));
		require(strncmp(e->d_name, ".wh.", 4) != 0);
		if (S_ISDIR(st.st_mode)) {
			autofd int sub = openat(dirfd(d), e->d_name,
				O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			require(sub >= 0);
			check_tree(sub, lowest, depth + 1);
		}
	}
}

static void new_directory(const char *name)
{
	struct err err;

	require(tree_remove(scratch, name, &err) == 0);
	require(mkdirat(scratch, name, 0700) == 0);
}

static int unpack(int in, const struct unpack_job *template, struct err *err)
{
	struct unpack_job job = *template;
	struct unpack_totals seen;
	struct stream_totals totals;

	require(ftruncate(blob, 0) == 0 && lseek(blob, 0, SEEK_SET) == 0);
	job.stream = stream_start(in, blob, STREAM_COPY_OCI, UINT64_MAX, BYTES_MAX, err);
	if (!job.stream)
		return -1;
	if (unpack_tar(&job, &seen, err) < 0) {
		stream_cancel(job.stream);
		return -1;
	}
	return stream_end(job.stream, &totals, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofd int in = memfd_create("layer", MFD_CLOEXEC);
	autofd int tree = -1, stage = -1;
	struct unpack_job job = {.max_bytes = BYTES_MAX, .max_entries = UNPACK_ENTRIES_MAX};
	struct below below = {0};
	struct err err = {0};

	if (!size)
		return 0;
	require(in >= 0 && fd_write_all(in, data + 1, size - 1) == 0);
	require(lseek(in, 0, SEEK_SET) == 0);
	new_directory("tree");
	new_directory("stage");
	tree = openat(scratch, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stage = openat(scratch, "stage", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	job.dir = tree;
	job.scratch = stage;
	job.below = &below;
	if (!(data[0] & 1))
		require(below_add(&below, dup(lower), &err) == 0);
	if (unpack(in, &job, &err) < 0)
		fuzz_refused(&err);
	check_tree(tree, below.count == 0, 0);
	below_close(&below);
	check_canary();
	return 0;
}
