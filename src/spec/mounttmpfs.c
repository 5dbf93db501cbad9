#include "spec/mountrequest.h"

#include "base/num.h"

#include <linux/mount.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void data_add(struct request *r, const char *key, const char *value)
{
	r->data = arena_printf(&r->spec->arena, "%s%s%s=%s", r->data ? r->data : "",
		r->data ? "," : "", key, value);
}

static bool data_has(const struct request *r, const char *key)
{
	size_t len = strlen(key);

	for (const char *p = r->data; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, key, len) && p[len] == '=')
			return true;
	return false;
}

/* "50%" of the memory, or a size; as the kernel is to be told. */
static int tmpfs_size(struct request *r, const char *key, const char *value)
{
	size_t len = strlen(value);
	uint64_t n;
	uint32_t percent;

	if (len && value[len - 1] == '%') {
		const char *number = arena_strndup(&r->spec->arena, value, len - 1);
		if (num_parse_u32(number, &percent) < 0 || percent < 1 || percent > 100)
			return err_value(r->err, r->what, value,
				"is not a share from 1%% to 100%%");
		data_add(r, key, arena_printf(&r->spec->arena, "%u%%", percent));
		return 0;
	}
	if (size_parse(r->what, value, &n, r->err) < 0)
		return -1;
	if (!n)
		return err_value(r->err, r->what, value,
			"is no size: to the kernel it means no limit");
	data_add(r, key, arena_printf(&r->spec->arena, "%llu", (unsigned long long)n));
	return 0;
}

static int tmpfs_mode(struct request *r, const char *key, const char *value)
{
	uint32_t mode;

	if (num_parse_octal(value, 07777, &mode) < 0)
		return err_value(r->err, r->what, value, "is not an octal mode up to 7777");
	data_add(r, key, arena_printf(&r->spec->arena, "%04o", mode));
	return 0;
}

static int tmpfs_id(struct request *r, const char *key, const char *value)
{
	uint32_t id;

	if (num_parse_u32(value, &id) < 0 || id == UINT32_MAX)
		return err_value(r->err, r->what, value, "is not the number of a user or group");
	data_add(r, key, arena_printf(&r->spec->arena, "%u", id));
	return 0;
}

static const struct {
	const char *name, *key;
	int (*take)(struct request *r, const char *key, const char *value);
} tmpfs_fields[] = {
	{"size", "size", tmpfs_size},
	{"nr_inodes", "nr_inodes", tmpfs_size},
	{"mode", "mode", tmpfs_mode},
	{"uid", "uid", tmpfs_id},
	{"gid", "gid", tmpfs_id},
};

/* 1 if key is no option of tmpfs with a value. */
int request_tmpfs(struct request *r, const char *key, const char *value)
{
	for (size_t i = 0; i < COUNT(tmpfs_fields); i++) {
		if (strcmp(tmpfs_fields[i].name, key) != 0)
			continue;
		if (data_has(r, key))
			return err_value(r->err, r->what, key, "is given twice");
		return tmpfs_fields[i].take(r, tmpfs_fields[i].key, value);
	}
	return 1;
}

/* What was not said about a tmpfs. */
void request_tmpfs_complete(struct request *r)
{
	static const struct {
		enum topic topic;
		uint64_t attr;
	} usual[] = {
		{TOPIC_SUID, MOUNT_ATTR_NOSUID},
		{TOPIC_DEV, MOUNT_ATTR_NODEV},
		{TOPIC_EXEC, MOUNT_ATTR_NOEXEC},
	};

	for (size_t i = 0; i < COUNT(usual); i++)
		if (!request_has_said(r, usual[i].topic))
			r->m.attr_set |= usual[i].attr;
	if (!data_has(r, "mode"))
		data_add(r, "mode", "1777");
	r->m.data = r->data;
}
