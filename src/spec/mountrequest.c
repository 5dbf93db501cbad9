#include "spec/mountrequest.h"

#include "base/pathname.h"
#include "spec/name.h"

#include <linux/mount.h>
#include <string.h>

enum { PATH_BYTES = 4096 };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool request_is_path(const char *s)
{
	return s[0] == '.' && (!s[1] || s[1] == '/' || (s[1] == '.' && (!s[2] || s[2] == '/')));
}

/* A name, or what was to be a path. */
static int volume_take(struct request *r, const char *s)
{
	if (*s == '$') {
		err_value(r->err, r->what, s, "is not a name for a volume");
		return err_hint(r->err, "the shell expands $ outside of single quotes only");
	}
	if (volume_name_check(r->what, s, r->err) < 0)
		return *s == '/' ? err_hint(r->err, "a directory of the host has type=bind")
		       : strchr(s, '/')
			       ? err_hint(r->err, "a path begins with / or ./: /%.80s, ./%.80s", s,
					 s)
			       : -1;
	r->m.volume = arena_strdup(&r->spec->arena, s);
	return 0;
}

static int source_take(struct request *r, const char *s)
{
	struct arena *a = &r->spec->arena;
	const char *path = s;

	if (request_is_path(s)) {
		const char *rest = s + (s[1] != '.');

		rest += *rest == '/';
		path = arena_printf(a, "%s%s%s", r->cwd, *rest && strcmp(r->cwd, "/") ? "/" : "",
			rest);
	} else if (pathname_check_home(r->what, s, r->err) < 0) {
		return -1;
	} else if (*s != '/') {
		err_value(r->err, r->what, s, "is not the path of a file or directory");
		return err_hint(r->err,
			"a path begins with / or ./; a volume by name is type=volume");
	}
	if (strlen(path) >= PATH_BYTES)
		return err_value(r->err, r->what, s, "is too long");
	r->m.source = arena_strdup(a, path);
	return 0;
}

int request_source(struct request *r, const char *s)
{
	return r->is_volume ? volume_take(r, s) : source_take(r, s);
}

static bool is_default_shm(const struct mount *m)
{
	return m->kind == MOUNT_TMPFS && !strcmp(m->target, "/dev/shm");
}

/* Options of a flag hold for the mounts below a recursive bind as well. */
void mount_put(struct spec *spec, struct mount *m)
{
	if (m->recursive) {
		m->attr_rset = m->attr_set;
		m->attr_rclear = m->attr_clear;
		m->idmap_recursive = m->idmap;
	}
	for (size_t i = 0; i < spec->mount_count; i++)
		if (is_default_shm(&spec->mounts[i]) && !strcmp(m->target, "/dev/shm")) {
			spec->mounts[i] = *m;
			return;
		}
	arena_push(&spec->arena, spec->mounts, spec->mount_count, *m);
}

struct mount request_bind(bool make_source)
{
	return (struct mount){
		.kind = MOUNT_BIND,
		.attr_set = MOUNT_ATTR_NODEV,
		.recursive = true,
		.idmap = true,
		.make_source = make_source,
	};
}

/* What is in it is there whole: nothing of the host is mounted below it. */
struct mount request_volume(void)
{
	return (struct mount){
		.kind = MOUNT_BIND,
		.attr_set = MOUNT_ATTR_NODEV,
		.idmap = true,
	};
}

enum kinds request_kind(const struct request *r)
{
	return r->m.kind == MOUNT_TMPFS ? FOR_TMPFS : r->is_volume ? FOR_VOLUME : FOR_BIND;
}

const char *request_kind_name(const struct request *r)
{
	return r->m.kind == MOUNT_TMPFS ? "tmpfs" : r->is_volume ? "volume" : "bind";
}

static const struct option {
	const char *name;
	enum topic topic;
	enum kinds kinds;
	uint64_t value; /* attributes, MS_* of propagation, or a truth */
	bool clear;     /* the attributes are taken away */
} options[] = {
	{"ro", TOPIC_WRITE, FOR_ALL, MOUNT_ATTR_RDONLY},
	{"readonly", TOPIC_WRITE, FOR_ALL, MOUNT_ATTR_RDONLY},
	{"rw", TOPIC_WRITE, FOR_ALL, 0},
	{"nosuid", TOPIC_SUID, FOR_ALL, MOUNT_ATTR_NOSUID},
	{"suid", TOPIC_SUID, FOR_ALL, MOUNT_ATTR_NOSUID, true},
	{"nodev", TOPIC_DEV, FOR_ALL, MOUNT_ATTR_NODEV},
	{"dev", TOPIC_DEV, FOR_ALL, MOUNT_ATTR_NODEV, true},
	{"noexec", TOPIC_EXEC, FOR_ALL, MOUNT_ATTR_NOEXEC},
	{"exec", TOPIC_EXEC, FOR_ALL, MOUNT_ATTR_NOEXEC, true},
	{"noatime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_NOATIME},
	{"atime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_RELATIME},
	{"relatime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_RELATIME},
	{"strictatime", TOPIC_ATIME, FOR_ALL, MOUNT_ATTR_STRICTATIME},
	{"nodiratime", TOPIC_DIRATIME, FOR_ALL, MOUNT_ATTR_NODIRATIME},
	{"diratime", TOPIC_DIRATIME, FOR_ALL, MOUNT_ATTR_NODIRATIME, true},
	{"nosymfollow", TOPIC_SYMFOLLOW, FOR_ALL, MOUNT_ATTR_NOSYMFOLLOW},
	{"private", TOPIC_PROPAGATION, FOR_TREE, MS_PRIVATE},
	{"rprivate", TOPIC_PROPAGATION, FOR_TREE, MS_PRIVATE | MS_REC},
	{"shared", TOPIC_PROPAGATION, FOR_TREE, MS_SHARED},
	{"rshared", TOPIC_PROPAGATION, FOR_TREE, MS_SHARED | MS_REC},
	{"slave", TOPIC_PROPAGATION, FOR_TREE, MS_SLAVE},
	{"rslave", TOPIC_PROPAGATION, FOR_TREE, MS_SLAVE | MS_REC},
	{"bind", TOPIC_RECURSIVE, FOR_BIND, false},
	{"rbind", TOPIC_RECURSIVE, FOR_BIND, true},
	{"idmap", TOPIC_IDMAP, FOR_TREE, true},
	{"noidmap", TOPIC_IDMAP, FOR_TREE, false},
	{"tmpcopyup", TOPIC_COPY_UP, FOR_TMPFS, true},
	{"notmpcopyup", TOPIC_COPY_UP, FOR_TMPFS, false},
	{"copy", TOPIC_COPY, FOR_VOLUME, false},
	{"nocopy", TOPIC_COPY, FOR_TREE, true},
	/* Labels of SELinux, caches of Docker Desktop. */
	{"z", TOPIC_NOTHING, FOR_TREE, 0},
	{"Z", TOPIC_NOTHING, FOR_TREE, 0},
	{"cached", TOPIC_NOTHING, FOR_TREE, 0},
	{"delegated", TOPIC_NOTHING, FOR_TREE, 0},
	{"consistent", TOPIC_NOTHING, FOR_TREE, 0},
};

static const struct option *option_find(const char *name)
{
	for (size_t i = 0; i < COUNT(options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

static void option_apply(struct mount *m, const struct option *o)
{
	switch (o->topic) {
	case TOPIC_PROPAGATION:
		m->propagation = o->value;
		break;
	case TOPIC_RECURSIVE:
		m->recursive = o->value;
		break;
	case TOPIC_IDMAP:
		m->idmap = o->value;
		break;
	case TOPIC_COPY_UP:
		m->copy_up = o->value;
		break;
	case TOPIC_COPY:
		m->nocopy = o->value;
		break;
	case TOPIC_NOTHING:
		break;
	case TOPIC_ATIME: /* a number in a field of bits, not a bit */
		m->attr_clear |= MOUNT_ATTR__ATIME;
		m->attr_set = (m->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME) | o->value;
		break;
	default:
		if (o->clear) {
			m->attr_clear |= o->value;
			m->attr_set &= ~o->value;
		} else {
			m->attr_set |= o->value;
		}
	}
}

/* A word that another tool knows and we do not, with what to do instead. */
static const struct {
	const char *name, *hint;
} foreign[] = {
	{"U", "ids on disk are mapped, never changed: idmap is the default"},
	{"O", "an overlay over a directory: use it as root, --rootfs DIR"},
	{"volume-opt",
		"a volume is a directory of the store; mount what you need, and use type=bind"},
	{"volume-label", "ctr volume create --label KEY=VALUE NAME"},
	{"volume-subpath", "mount the volume where its parts are to be reached below"},
	{"size", "give the size as tmpfs-size=SIZE"},
	{"mode", "give the mode as tmpfs-mode=MODE"},
	{"chown", "ids on disk are mapped, never changed: idmap is the default"},
};

int request_unknown(const struct request *r, const char *kind, const char *name)
{
	err_value(r->err, r->what, name, "is not %s of a mount", kind);
	for (size_t i = 0; i < COUNT(foreign); i++)
		if (!strcmp(foreign[i].name, name))
			return err_hint(r->err, "%s", foreign[i].hint);
	return -1;
}

static int option_take(struct request *r, const struct option *o)
{
	uint64_t bit = (uint64_t)1 << o->topic;

	if (!(o->kinds & request_kind(r)))
		return err_value(r->err, r->what, o->name, "has no meaning for a %s mount",
			request_kind_name(r));
	if (o->topic != TOPIC_NOTHING && (r->said & bit))
		return err_value(r->err, r->what, o->name,
			"repeats or contradicts another option of the mount");
	r->said |= bit;
	option_apply(&r->m, o);
	return 0;
}

int request_option(struct request *r, const char *name)
{
	return option_take(r, option_find(name));
}

int request_propagation(struct request *r, const char *name)
{
	const struct option *o = option_find(name);

	if (!o || o->topic != TOPIC_PROPAGATION)
		return err_value(r->err, r->what, name,
			"is not a propagation such as rprivate or rslave");
	return option_take(r, o);
}

bool request_has_said(const struct request *r, enum topic topic)
{
	return r->said & (uint64_t)1 << topic;
}

/* One word of the OPTIONS of -v and --tmpfs. */
static int word_take(struct request *r, char *word)
{
	char *eq = strchr(word, '=');
	const struct option *o = option_find(word);
	int known = 1;

	if (o)
		return option_take(r, o);
	if (eq && r->m.kind == MOUNT_TMPFS) {
		*eq = '\0';
		known = request_tmpfs(r, word, eq + 1);
	}
	return known == 1 ? request_unknown(r, "an option", word) : known;
}

int request_words(struct request *r, const char *list)
{
	for (;; list++) {
		size_t len = strcspn(list, ",");
		if (word_take(r, arena_strndup(&r->spec->arena, list, len)) < 0)
			return -1;
		list += len;
		if (!*list)
			return 0;
	}
}
