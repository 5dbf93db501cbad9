/*
 * An image as it travels: OCI layout or docker archive. Parts: what to look for, index.json or
 * manifest.json, then blobs. In a document, @N@ stands for the digest of blob N and #N# for its size,
 * so that changed blobs still have the right ones.
 */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "base/file.h"
#include "image/digest.h"
#include "image/source.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { BLOBS_MAX = 8 };

static int scratch;
static struct {
	char hex[DIGEST_HEX + 1], size[24];
} blobs[BLOBS_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	scratch = fuzz_scratch();
	return 0;
}

static const char *stands_for(const char *s)
{
	if ((*s != '@' && *s != '#') || s[1] < '0' || s[1] >= '0' + BLOBS_MAX || s[2] != *s)
		return NULL;
	return *s == '@' ? blobs[s[1] - '0'].hex : blobs[s[1] - '0'].size;
}

static char *complete(const char *s, size_t len, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	require(out);
	for (size_t i = 0; i < len; i++) {
		const char *value = i + 2 < len ? stands_for(s + i) : NULL;

		if (value)
			fputs(value, out);
		else
			putc(s[i], out);
		i += value ? 2 : 0;
	}
	fclose(out);
	return text;
}

static void write_blob(int dir, size_t i, const char *s, size_t len)
{
	char path[100];
	size_t size;
	autofree char *text = complete(s, len, &size);

	digest_of(text, size, blobs[i].hex);
	snprintf(blobs[i].size, sizeof(blobs[i].size), "%zu", size);
	snprintf(path, sizeof(path), "blobs/sha256/%s", blobs[i].hex);
	fuzz_file(dir, path, text, size);
	fuzz_file(dir, blobs[i].hex, text, size);
}

static void check_source(const struct source *s)
{
	require(s->config && s->layer_count <= SOURCE_LAYERS_MAX &&
		s->name_count <= SOURCE_IMAGES_MAX);
	for (size_t i = 0; i < s->name_count; i++)
		require(*s->names[i]);
	for (size_t i = 0; i < s->layer_count; i++)
		require(s->layers[i].file && digest_hex_valid(s->layers[i].diff));
}

static void read_as(int (*fn)(int, const char *, struct source_set *, struct err *), int dir,
	const char *wanted)
{
	struct source_set set;
	struct err err = {0};

	fuzz_fill(&set, sizeof(set));
	if (fn(dir, *wanted ? wanted : NULL, &set, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&set, sizeof(set));
		return;
	}
	require(set.count && set.count <= SOURCE_IMAGES_MAX);
	for (size_t i = 0; i < set.count; i++)
		check_source(&set.images[i]);
	source_set_free(&set);
}

static int make_source(void)
{
	static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	struct err err;
	int dir;

	require(tree_remove(scratch, "source", &err) == 0);
	require(mkdirat(scratch, "source", 0700) == 0);
	dir = openat(scratch, "source", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	require(dir >= 0);
	require(mkdirat(dir, "blobs", 0700) == 0 && mkdirat(dir, "blobs/sha256", 0700) == 0);
	fuzz_file(dir, "oci-layout", version, sizeof(version) - 1);
	return dir;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	autofd int dir = make_source();
	size_t len, full;
	autofree char *wanted = fuzz_part(&in, NULL);
	autofree char *index = fuzz_part(&in, &len), *text = NULL;

	memset(blobs, 0, sizeof(blobs));
	for (size_t i = 0; in.size && i < BLOBS_MAX; i++) {
		size_t n;
		autofree char *blob = fuzz_part(&in, &n);

		write_blob(dir, i, blob, n);
	}
	text = complete(index, len, &full);
	fuzz_file(dir, "index.json", text, full);
	fuzz_file(dir, "manifest.json", text, full);
	read_as(layout_read, dir, wanted);
	read_as(docker_read, dir, wanted);
	read_as(layout_read_flat, dir, wanted);
	return 0;
}
