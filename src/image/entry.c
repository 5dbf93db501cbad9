#include "image/entry.h"

#include "spec/spec.h"

#include <endian.h>
#include <linux/capability.h>
#include <string.h>

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static int append_parent(struct entry_path *p, bool of_layer, struct err *err)
{
	size_t have = strlen(p->parent), add = strlen(p->base);

	if (of_layer && starts(p->base, ".wh..wh."))
		p->kind = ENTRY_IGNORED;
	else if (of_layer && starts(p->base, ".wh."))
		return err_set(err, "it lies below a whiteout");
	if (have + (have != 0) + add > ENTRY_PATH_MAX)
		return err_set(err, "its path is longer than %d bytes", ENTRY_PATH_MAX);
	if (have)
		p->parent[have++] = '/';
	memcpy(p->parent + have, p->base, add + 1);
	return 0;
}

/* One component: the one before it turns out to be a parent. */
static int add_component(struct entry_path *p, const char *s, size_t len, bool of_layer,
	struct err *err)
{
	if (len == 0 || (len == 1 && s[0] == '.'))
		return 0;
	if (len == 2 && s[0] == '.' && s[1] == '.')
		return err_set(err, "its path contains '..'");
	if (len > ENTRY_NAME_MAX)
		return err_set(err, "a name in its path is longer than %d bytes", ENTRY_NAME_MAX);
	if (p->base[0] && append_parent(p, of_layer, err) < 0)
		return -1;
	memcpy(p->base, s, len);
	p->base[len] = '\0';
	return 0;
}

static int find_kind(struct entry_path *p, struct err *err)
{
	const char *hidden = p->base + 4;

	if (p->kind == ENTRY_IGNORED)
		return 0;
	p->kind = p->base[0] ? ENTRY_PLAIN : ENTRY_ROOT;
	if (!starts(p->base, ".wh."))
		return 0;
	if (strcmp(p->base, ".wh..wh..opq") == 0) {
		p->kind = ENTRY_OPAQUE;
		return 0;
	}
	if (starts(p->base, ".wh..wh.")) {
		p->kind = ENTRY_IGNORED;
		return 0;
	}
	if (!*hidden || strcmp(hidden, ".") == 0 || strcmp(hidden, "..") == 0)
		return err_set(err, "it is a whiteout of nothing");
	p->kind = ENTRY_WHITEOUT;
	memmove(p->base, hidden, strlen(hidden) + 1);
	return 0;
}

static int parse(const char *path, bool of_layer, struct entry_path *ret, struct err *err)
{
	struct entry_path p;

	p.kind = ENTRY_PLAIN;
	p.parent[0] = p.base[0] = '\0';
	if (!*path)
		return err_set(err, "it has no name");
	while (*path) {
		size_t len = strcspn(path, "/");

		if (add_component(&p, path, len, of_layer, err) < 0)
			return -1;
		path += len + (path[len] == '/');
	}
	if (strlen(p.parent) + 1 + strlen(p.base) > ENTRY_PATH_MAX)
		return err_set(err, "its path is longer than %d bytes", ENTRY_PATH_MAX);
	if (!of_layer)
		p.kind = p.base[0] ? ENTRY_PLAIN : ENTRY_ROOT;
	else if (find_kind(&p, err) < 0)
		return -1;
	ret->kind = p.kind;
	strcpy(ret->parent, p.parent);
	strcpy(ret->base, p.base);
	return 0;
}

int entry_path_parse(const char *path, struct entry_path *ret, struct err *err)
{
	return parse(path, true, ret, err);
}

int entry_path_parse_plain(const char *path, struct entry_path *ret, struct err *err)
{
	return parse(path, false, ret, err);
}

enum xattr_rule entry_xattr(const char *name)
{
	if (starts(name, "user.overlay.") || starts(name, "trusted.overlay."))
		return XATTR_REFUSE;
	if (starts(name, "user.") || strcmp(name, "security.capability") == 0)
		return XATTR_KEEP;
	return XATTR_DROP;
}

int entry_capability(const void *value, size_t size, unsigned char ret[CAPABILITY_SIZE],
	struct err *err)
{
	struct vfs_ns_cap_data cap = {0};
	uint32_t magic;

	if (size != XATTR_CAPS_SZ_2 && size != XATTR_CAPS_SZ_3)
		return err_set(err, "its file capability has %zu bytes", size);
	memcpy(&cap, value, size);
	magic = le32toh(cap.magic_etc);
	if (magic & ~(uint32_t)(VFS_CAP_REVISION_MASK | VFS_CAP_FLAGS_EFFECTIVE) ||
		(magic & VFS_CAP_REVISION_MASK) !=
			(size == XATTR_CAPS_SZ_2 ? VFS_CAP_REVISION_2 : VFS_CAP_REVISION_3))
		return err_set(err, "its file capability is malformed");
	if (cap.rootid)
		return err_set(err,
			"its file capability belongs to another user namespace "
			"(root id %u)",
			le32toh(cap.rootid));
	cap.magic_etc = htole32(VFS_CAP_REVISION_2 | (magic & VFS_CAP_FLAGS_EFFECTIVE));
	memcpy(ret, &cap, CAPABILITY_SIZE);
	return 0;
}

int entry_owner(int64_t uid, int64_t gid, bool squash, struct entry_owner *ret, struct err *err)
{
	bool uid_fits = uid >= 0 && uid < SPEC_IDS, gid_fits = gid >= 0 && gid < SPEC_IDS;

	if ((uid_fits && gid_fits) || squash) {
		ret->uid = uid_fits ? (uint32_t)uid : ENTRY_NOBODY;
		ret->gid = gid_fits ? (uint32_t)gid : ENTRY_NOBODY;
		ret->squashed = !uid_fits || !gid_fits;
		return 0;
	}
	err_set(err, "its owner %lld:%lld is outside the %d ids of a container", (long long)uid,
		(long long)gid, SPEC_IDS);
	return err_hint(err, "--squash-owners gives such files to nobody (%d)", ENTRY_NOBODY);
}
