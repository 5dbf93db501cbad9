#include "process/user.h"

#include "base/fd.h"
#include "base/num.h"
#include "process/plain.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

typedef void field_fn(void *scan, unsigned field, const char *text);
typedef void line_fn(void *scan);

static void field_end(struct field_scan *s, void *owner, field_fn *field)
{
	s->text[s->len] = '\0';
	field(owner, s->field, s->bad ? NULL : s->text);
	s->len = 0;
	s->bad = false;
}

static void line_end(struct field_scan *s, void *owner, field_fn *field, line_fn *line)
{
	field_end(s, owner, field);
	line(owner);
	s->field = 0;
}

static void scan_byte(struct field_scan *s, char c, void *owner, field_fn *field, line_fn *line)
{
	if (c == '\n') {
		line_end(s, owner, field, line);
	} else if (c == ':') {
		field_end(s, owner, field);
		if (s->field < 100)
			s->field++;
	} else if (c == ',' && s->members && s->field == 3) {
		field_end(s, owner, field);
	} else if (c == '\0' || s->len == sizeof(s->text) - 1) {
		s->bad = true;
	} else {
		s->text[s->len++] = c;
	}
}

static void scan_feed(struct field_scan *s, const char *data, size_t len, void *owner,
	field_fn *field, line_fn *line)
{
	for (size_t i = 0; i < len; i++)
		scan_byte(s, data[i], owner, field, line);
	if (len == 0 && (s->field || s->len || s->bad))
		line_end(s, owner, field, line);
}

/* (uid_t)-1 means "unchanged" to the kernel. */
static bool id_parse(const char *text, uint32_t *ret)
{
	return text && num_parse_u32(text, ret) == 0 && *ret != UINT32_MAX;
}

static void text_copy(char to[USER_NAME_SIZE], const char *text)
{
	strcpy(to, text ? text : "");
}

static void passwd_field(void *scan, unsigned field, const char *text)
{
	struct passwd_scan *p = scan;

	if (field == 0)
		text_copy(p->line.user, text);
	else if (field == 2)
		p->line.uid_ok = id_parse(text, &p->line.uid);
	else if (field == 3)
		p->line.gid_ok = id_parse(text, &p->line.gid);
	else if (field == 5)
		text_copy(p->line.home, text);
}

static void passwd_line(void *scan)
{
	struct passwd_scan *p = scan;
	bool same = p->name ? strcmp(p->line.user, p->name) == 0
			    : p->line.uid_ok && p->line.uid == p->id;

	if (!p->found && p->line.user[0] && same) {
		p->found = true;
		p->usable = p->line.uid_ok && p->line.gid_ok;
		p->uid = p->line.uid;
		p->gid = p->line.gid;
		memcpy(p->user, p->line.user, sizeof(p->user));
		memcpy(p->home, p->line.home, sizeof(p->home));
	}
	memset(&p->line, 0, sizeof(p->line));
}

void passwd_feed(struct passwd_scan *p, const char *data, size_t len)
{
	scan_feed(&p->scan, data, len, p, passwd_field, passwd_line);
}

static void group_field(void *scan, unsigned field, const char *text)
{
	struct group_scan *g = scan;

	if (field == 0)
		text_copy(g->line.name, text);
	else if (field == 2)
		g->line.gid_ok = id_parse(text, &g->line.gid);
	else if (field == 3 && text && g->member && !strcmp(text, g->member))
		g->line.listed = true;
}

static void gid_add(struct group_scan *g, uint32_t gid)
{
	if (g->gid_count == g->gid_room)
		g->too_many = true;
	else
		g->gids[g->gid_count++] = gid;
}

static void group_line(void *scan)
{
	struct group_scan *g = scan;

	for (size_t i = 0; i < g->question_count; i++) {
		struct group_question *q = &g->questions[i];

		if (q->found || strcmp(q->name, g->line.name))
			continue;
		q->found = true;
		q->usable = g->line.gid_ok;
		q->gid = g->line.gid;
	}
	if (g->line.listed && g->line.gid_ok)
		gid_add(g, g->line.gid);
	memset(&g->line, 0, sizeof(g->line));
}

void group_feed(struct group_scan *g, const char *data, size_t len)
{
	g->scan.members = true;
	scan_feed(&g->scan, data, len, g, group_field, group_line);
}

/* The descriptor; -2 if there is no such file. */
static int account_open(int rootfd, const char *path, struct err *err)
{
	off_t size = 0;
	autofd int fd = plain_open(rootfd, path, &size, err);

	if (fd < 0)
		return err->sys == ENOENT || err->sys == ENOTDIR ? -2 : -1;
	if (size > USER_FILE_MAX)
		return err_set(err, "the container's %s is larger than %d MiB", path,
			USER_FILE_MAX >> 20);
	return take_fd(&fd);
}

typedef void feed_fn(void *scan, const char *data, size_t len);

/* 1 if it was read, 0 if it is absent. It may grow meanwhile. */
static int account_read(int rootfd, const char *path, feed_fn *feed, void *scan, struct err *err)
{
	autofd int fd = account_open(rootfd, path, err);
	char data[4096];
	size_t left = USER_FILE_MAX;

	if (fd == -2)
		return 0;
	if (fd < 0)
		return -1;
	while (left) {
		ssize_t n = read(fd, data, sizeof(data) < left ? sizeof(data) : left);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read %s in the container", path);
		if (n == 0)
			break;
		feed(scan, data, (size_t)n);
		left -= (size_t)n;
	}
	feed(scan, NULL, 0);
	return 1;
}

static void passwd_feed_any(void *scan, const char *data, size_t len)
{
	passwd_feed(scan, data, len);
}

static void group_feed_any(void *scan, const char *data, size_t len)
{
	group_feed(scan, data, len);
}

enum id_kind { ID_NONE, ID_NUMBER, ID_NAME };

struct ref {
	enum id_kind kind;
	uint32_t id;
	char name[USER_NAME_SIZE];
};

/* What begins as a number has to be one: "1a", "+1", "-1" and " 1" are nobody. */
static int ref_parse(const char *what, const char *text, size_t len, uint32_t limit,
	struct ref *ret, struct err *err)
{
	*ret = (struct ref){.kind = ID_NAME};
	if (len >= sizeof(ret->name))
		return err_value(err, what, text, "is too long");
	memcpy(ret->name, text, len);
	if (len == 0) {
		ret->kind = ID_NONE;
		return 0;
	}
	if (ret->name[0] > '9' || (ret->name[0] & 0x80)) {
		if (strpbrk(ret->name, ":,/\n"))
			return err_value(err, what, text, "is neither a name nor an id");
		return 0;
	}
	if (!id_parse(ret->name, &ret->id))
		return err_value(err, what, text, "is neither a name nor an id");
	if (ret->id >= limit)
		return err_value(err, what, text, "is beyond the container's %u ids", limit);
	ret->kind = ID_NUMBER;
	return 0;
}

static int text_parse(const char *text, uint32_t limit, struct ref *user, struct ref *group,
	struct err *err)
{
	const char *colon = strchr(text, ':');

	*group = (struct ref){.kind = ID_NONE};
	if (ref_parse("user", text, colon ? (size_t)(colon - text) : strlen(text), limit, user,
		    err) < 0)
		return -1;
	if (!colon)
		return 0;
	if (!colon[1])
		return err_value(err, "user", text, "has no group after the ':'");
	return ref_parse("group", colon + 1, strlen(colon + 1), limit, group, err);
}

static int id_within(const char *what, const char *name, uint32_t id, uint32_t limit,
	struct err *err)
{
	if (id < limit)
		return 0;
	return err_value(err, what, name, "is id %u, beyond the container's %u", id, limit);
}

/* The user by the entry of passwd. A number without an entry is taken as the id. */
static int passwd_answer(const struct ref *user, const struct passwd_scan *p, uint32_t limit,
	struct user *to, struct err *err)
{
	if (user->kind == ID_NAME && !p->found) {
		err_value(err, "user", user->name, "is not in the container's /etc/passwd");
		return err_hint(err, "a number needs no entry: --user 1000:1000");
	}
	if (p->found && !p->usable)
		return err_value(err, "user", p->user,
			"has something else than ids in the container's /etc/passwd");
	to->uid = user->kind == ID_NAME ? p->uid : user->id;
	to->gid = p->found ? p->gid : 0;
	if (p->found && p->home[0] == '/')
		memcpy(to->home, p->home, sizeof(to->home));
	return id_within("user", user->name, to->uid, limit, err);
}

/* Whoever owns the files of a container keeps nobody out who asks for its root: then files that cannot be
 * read say as little as absent ones. */
static bool is_root(const struct ref *user)
{
	return user->kind != ID_NAME && user->id == 0;
}

/* With a number for both only the home is looked for, and may stay unknown. */
static int passwd_ask(int rootfd, const struct ref *user, const struct ref *group, uint32_t limit,
	struct passwd_scan *p, struct user *to, struct err *err)
{
	bool needed = user->kind == ID_NAME || (group->kind == ID_NONE && !is_root(user));
	struct err ignored;

	p->name = user->kind == ID_NAME ? user->name : NULL;
	p->id = user->id;
	if (account_read(rootfd, "/etc/passwd", passwd_feed_any, p, needed ? err : &ignored) < 0) {
		if (needed && user->kind == ID_NUMBER)
			err_hint(err, "a group needs no entry: --user %u:%u", user->id, user->id);
		if (needed)
			return err_wrap(err, "user '%s'", user->name);
		p->found = false;
	}
	if (!needed && !p->usable)
		p->found = false;
	return passwd_answer(user, p, limit, to, err);
}

static int group_answer(const struct group_question *q, uint32_t limit, uint32_t *ret,
	struct err *err)
{
	if (!q->found)
		return err_value(err, "group", q->name, "is not in the container's /etc/group");
	if (!q->usable)
		return err_value(err, "group", q->name,
			"has something else than an id in the container's /etc/group");
	*ret = q->gid;
	return id_within("group", q->name, *ret, limit, err);
}

/* Half of it is for groups that are named more than once. Pages that nobody uses are not there. */
static gid_t all_gids[2 * USER_GROUPS_MAX];
static struct group_question all_questions[USER_GROUPS_MAX + 1];

static void question_add(struct group_scan *g, const char *name)
{
	g->questions[g->question_count++] = (struct group_question){.name = name};
}

/* Of the group behind the ':' first, if it has a name, then of those of extra that have one. */
static int group_questions(const struct ref *group, char *const *extra, size_t n, uint32_t limit,
	struct group_scan *g, struct err *err)
{
	if (n > USER_GROUPS_MAX)
		return err_set(err, "more than %d supplementary groups", USER_GROUPS_MAX);
	if (group->kind == ID_NAME)
		question_add(g, group->name);
	for (size_t i = 0; i < n; i++) {
		struct ref r;

		if (ref_parse("group", extra[i], strlen(extra[i]), limit, &r, err) < 0)
			return -1;
		if (r.kind == ID_NONE)
			return err_set(err, "a supplementary group has no name");
		if (r.kind == ID_NAME)
			question_add(g, extra[i]);
		else
			gid_add(g, r.id);
	}
	return 0;
}

static int group_read(const struct ref *user, int rootfd, struct group_scan *g, struct err *err)
{
	bool names = g->question_count > 0;

	if ((!names && !g->member) ||
		account_read(rootfd, "/etc/group", group_feed_any, g, err) >= 0)
		return 0;
	return !names && is_root(user) ? 0 : err_wrap(err, "groups of the user");
}

static void sift(gid_t *heap, size_t at, size_t n)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		gid_t up = heap[at];

		child += child + 1 < n && heap[child + 1] > heap[child];
		if (up >= heap[child])
			return;
		heap[at] = heap[child];
		heap[child] = up;
	}
}

/* qsort(3) allocates. How many are left. */
static size_t sort_once(gid_t *gids, size_t n)
{
	size_t kept = 0;

	for (size_t i = n / 2; i > 0; i--)
		sift(gids, i - 1, n);
	for (size_t end = n; end > 1; end--) {
		gid_t last = gids[end - 1];

		gids[end - 1] = gids[0];
		gids[0] = last;
		sift(gids, 0, end - 1);
	}
	for (size_t i = 0; i < n; i++)
		if (i == 0 || gids[i] != gids[kept - 1])
			gids[kept++] = gids[i];
	return kept;
}

static int groups_collect(struct group_scan *g, size_t first, uint32_t limit, struct user *to,
	struct err *err)
{
	for (size_t i = first; i < g->question_count; i++) {
		uint32_t gid;

		if (group_answer(&g->questions[i], limit, &gid, err) < 0)
			return -1;
		gid_add(g, gid);
	}
	to->groups = g->gids;
	to->ngroups = sort_once(g->gids, g->gid_count);
	if (to->ngroups && to->groups[to->ngroups - 1] >= limit)
		return err_set(err, "the user's group %u is beyond the container's %u ids",
			to->groups[to->ngroups - 1], limit);
	return g->too_many || to->ngroups > USER_GROUPS_MAX
		       ? err_set(err, "the user is in more than %d groups", USER_GROUPS_MAX)
		       : 0;
}

static int group_answers(const struct ref *group, uint32_t limit, struct group_scan *g,
	struct user *to, struct err *err)
{
	bool named = group->kind == ID_NAME;

	if (group->kind == ID_NUMBER)
		to->gid = group->id;
	if (named && group_answer(&g->questions[0], limit, &to->gid, err) < 0)
		return -1;
	if (to->gid >= limit)
		return err_set(err, "the user's group %u is beyond the container's %u ids", to->gid,
			limit);
	return groups_collect(g, named, limit, to, err);
}

int user_resolve(int rootfd, const char *text, char *const *extra, size_t nextra, uint32_t limit,
	struct user *ret, struct err *err)
{
	struct user to = {.home = "/"};
	struct passwd_scan p = {.found = false};
	struct group_scan g = {.questions = all_questions,
		.gids = all_gids,
		.gid_room = 2 * (size_t)USER_GROUPS_MAX};
	struct ref user, group;

	if (text_parse(text, limit, &user, &group, err) < 0 ||
		group_questions(&group, extra, nextra, limit, &g, err) < 0 ||
		passwd_ask(rootfd, &user, &group, limit, &p, &to, err) < 0)
		return -1;
	if (group.kind == ID_NONE && p.found)
		g.member = p.user;
	/* root is 0:0 whatever its entry says, where nobody was asked for. */
	if (user.kind == ID_NONE)
		to.gid = 0;
	if (group_read(&user, rootfd, &g, err) < 0 ||
		group_answers(&group, limit, &g, &to, err) < 0)
		return -1;
	*ret = to;
	return 0;
}

int user_name(int rootfd, uint32_t uid, char ret[USER_NAME_SIZE], struct err *err)
{
	struct passwd_scan p = {.id = uid};

	if (account_read(rootfd, "/etc/passwd", passwd_feed_any, &p, err) < 0)
		return -1;
	if (p.found)
		memcpy(ret, p.user, USER_NAME_SIZE);
	return p.found;
}
