#include "spec/sysctlname.h"

#include "spec/name.h"

#include <linux/sched.h>
#include <string.h>

static bool component_allowed(const char *p, size_t len)
{
	return len && !(len == 1 && p[0] == '.') && !(len == 2 && p[0] == '.' && p[1] == '.');
}

static bool path_allowed(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");
		if (!component_allowed(path, len))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

static char swap_separator(char c)
{
	return c == '.' ? '/' : c == '/' ? '.' : c;
}

int sysctl_path(const char *what, const char *name, char ret[SYSCTL_PATH_SIZE], struct err *err)
{
	bool dotted = name[strcspn(name, "./")] == '.';
	char path[SYSCTL_PATH_SIZE];
	size_t len = strlen(name);

	if (len >= sizeof(path))
		return err_value(err, what, name, "is too long for a sysctl");
	for (size_t i = 0; i <= len; i++) {
		if (name[i] && ((unsigned char)name[i] <= ' ' || (unsigned char)name[i] >= 0x7f))
			return err_value(err, what, name, "is not the name of a sysctl");
		path[i] = dotted ? swap_separator(name[i]) : name[i];
	}
	if (!path_allowed(path) || !strchr(path, '/')) {
		err_value(err, what, name, "is not the name of a sysctl");
		return err_hint(err, "use a name such as net.core.somaxconn");
	}
	memcpy(ret, path, len + 1);
	return 0;
}

/* A name that ends in '/' stands for all below it. */
static const struct {
	const char *path;
	uint64_t owner; /* the namespace that has its own value */
	const char *namespace;
} owners[] = {
	{"net/", CLONE_NEWNET, "network"},
	{"fs/mqueue/", CLONE_NEWIPC, "IPC"},
	{"kernel/msgmax", CLONE_NEWIPC, "IPC"},
	{"kernel/msgmnb", CLONE_NEWIPC, "IPC"},
	{"kernel/msgmni", CLONE_NEWIPC, "IPC"},
	{"kernel/msg_next_id", CLONE_NEWIPC, "IPC"},
	{"kernel/auto_msgmni", CLONE_NEWIPC, "IPC"},
	{"kernel/sem", CLONE_NEWIPC, "IPC"},
	{"kernel/sem_next_id", CLONE_NEWIPC, "IPC"},
	{"kernel/shmall", CLONE_NEWIPC, "IPC"},
	{"kernel/shmmax", CLONE_NEWIPC, "IPC"},
	{"kernel/shmmni", CLONE_NEWIPC, "IPC"},
	{"kernel/shm_next_id", CLONE_NEWIPC, "IPC"},
	{"kernel/shm_rmid_forced", CLONE_NEWIPC, "IPC"},
	{"kernel/domainname", CLONE_NEWUTS, "UTS"},
	{"user/", CLONE_NEWUSER, "user"},
};
enum { OWNERS = sizeof(owners) / sizeof(owners[0]) };

static bool owner_covers(const char *owned, const char *path)
{
	size_t len = strlen(owned);

	return owned[len - 1] == '/' ? !strncmp(owned, path, len) : !strcmp(owned, path);
}

int sysctl_check(const char *what, const char *name, uint64_t fresh, struct err *err)
{
	char path[SYSCTL_PATH_SIZE];

	if (sysctl_path(what, name, path, err) < 0)
		return -1;
	if (!strcmp(path, "kernel/hostname")) {
		err_value(err, what, name, "cannot be set this way");
		return err_hint(err, "use --hostname");
	}
	for (size_t i = 0; i < OWNERS; i++) {
		if (!owner_covers(owners[i].path, path))
			continue;
		if (fresh & owners[i].owner)
			return 0;
		return err_value(err, what, name,
			"belongs to a %s namespace that is not the container's alone",
			owners[i].namespace);
	}
	err_value(err, what, name, "has one value for the whole host, not one for each container");
	return err_hint(err, "set it on the host: sysctl -w");
}

int sysctl_flag(struct spec *spec, const char *what, const char *value, struct err *err)
{
	char name[SYSCTL_PATH_SIZE];
	struct key_value kv;

	if (key_value_parse(&spec->arena, what, value, &kv, err) < 0 ||
		sysctl_path(what, kv.key, name, err) < 0)
		return -1;
	if (!kv.value[0] || strlen(kv.value) >= 4096 || strpbrk(kv.value, "\n\r"))
		return err_value(err, what, value, "needs one line of value after the '='");
	for (char *p = name; *p; p++)
		*p = swap_separator(*p);
	kv.key = arena_strdup(&spec->arena, name);
	key_value_put(&spec->arena, &spec->sysctls, &spec->sysctl_count, kv);
	return 0;
}
