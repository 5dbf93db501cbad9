/* The rules for what a layer may contain: paths, attributes, file capabilities. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "image/entry.h"

#include <string.h>

static void check_component(const char *s, size_t len)
{
	require(len > 0 && len <= ENTRY_NAME_MAX);
	require(!memchr(s, '/', len));
	require(!(len == 1 && s[0] == '.') && !(len == 2 && memcmp(s, "..", 2) == 0));
}

static void check_path(const struct entry_path *p)
{
	require(strlen(p->parent) <= ENTRY_PATH_MAX);
	for (const char *s = p->parent; *s;) {
		size_t len = strcspn(s, "/");

		check_component(s, len);
		require(p->kind == ENTRY_IGNORED || strncmp(s, ".wh.", 4) != 0);
		s += len + (s[len] == '/');
	}
	if (p->kind == ENTRY_ROOT)
		require(!p->base[0] && !p->parent[0]);
	else if (p->kind == ENTRY_PLAIN || p->kind == ENTRY_WHITEOUT)
		check_component(p->base, strlen(p->base));
	if (p->kind == ENTRY_PLAIN)
		require(strncmp(p->base, ".wh.", 4) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	unsigned char capability[CAPABILITY_SIZE];
	struct entry_path path;
	struct err err = {0};
	size_t len;
	autofree char *first = fuzz_part(&in, NULL), *name = fuzz_part(&in, NULL);
	autofree char *value = fuzz_rest(&in, &len);

	fuzz_fill(&path, sizeof(path));
	if (entry_path_parse(first, &path, &err) == 0) {
		check_path(&path);
	} else {
		fuzz_refused(&err);
		fuzz_untouched(&path, sizeof(path));
	}
	if (strncmp(name, "trusted.overlay.", 16) == 0 || strncmp(name, "user.overlay.", 13) == 0)
		require(entry_xattr(name) == XATTR_REFUSE);
	fuzz_fill(capability, sizeof(capability));
	if (entry_capability(value, len, capability, &err) == 0) {
		require(capability[3] == 2); /* the revision, little endian */
	} else {
		fuzz_refused(&err);
		fuzz_untouched(capability, sizeof(capability));
	}
	return 0;
}
