#include "spec/maclabel.h"

#include <string.h>

enum { NAME_SIZE_MAX = 1024 };

/* Both are written into files of procfs as they are. */
static int text_check(const char *what, const char *value, const char *noun, struct err *err)
{
	size_t len = strlen(value);

	if (len == 0)
		return err_set(err, "%s: the %s is empty", what, noun);
	if (len > NAME_SIZE_MAX)
		return err_value(err, what, value, "is too long for a %s", noun);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return err_value(err, what, value, "has a control character in it");
	if (value[0] == ' ' || value[len - 1] == ' ')
		return err_value(err, what, value, "has a blank at its end, as no %s has", noun);
	return 0;
}

int apparmor_check(const char *what, const char *name, struct err *err)
{
	return text_check(what, name, "profile", err);
}

bool apparmor_listed(const char *profiles, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = profiles; *line;) {
		size_t n = strcspn(line, "\n");

		/* The mode is one word: what else ends so is a longer name with a blank in it. */
		if (n > len + 2 && memcmp(line, name, len) == 0 && line[len] == ' ' &&
			line[len + 1] == '(' && !memchr(line + len + 1, ' ', n - len - 1))
			return true;
		line += n + (line[n] == '\n');
	}
	return false;
}

int selinux_check(const char *what, const char *label, struct err *err)
{
	const char *p = label;

	if (text_check(what, label, "label", err) < 0)
		return -1;
	for (int i = 0; i < 3; i++) {
		size_t n = strcspn(p, ":");

		if (n == 0 || (i < 2 && !p[n]) || (p[n] && !p[n + 1]) || memchr(p, ' ', n))
			return err_value(err, what, label, "is not user:role:type[:level]");
		p += n + (p[n] == ':');
	}
	return 0;
}

int selinux_part(struct selinux_parts *parts, const char *what, const char *value, struct err *err)
{
	const struct {
		const char *name;
		const char **to;
	} names[] = {
		{"user:", &parts->user},
		{"role:", &parts->role},
		{"type:", &parts->type},
		{"level:", &parts->level},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t n = strlen(names[i].name);
		bool level = names[i].to == &parts->level;

		if (strncmp(value, names[i].name, n) != 0)
			continue;
		if (text_check(what, value + n, "part of a label", err) < 0)
			return -1;
		if (!level && strchr(value + n, ':'))
			return err_value(err, what, value, "has one ':' too many");
		if (!level && strchr(value + n, ' '))
			return err_value(err, what, value, "has a blank in it");
		*names[i].to = value + n;
		return 0;
	}
	err_value(err, what, value, "is no part of an SELinux label");
	return err_hint(err, "there are label=user:U, role:R, type:T, level:L, and label=disable");
}

bool selinux_parts_any(const struct selinux_parts *parts)
{
	return parts->user || parts->role || parts->type || parts->level;
}

char *selinux_merge(struct arena *a, const char *base, const struct selinux_parts *parts)
{
	const char *given[3] = {parts->user, parts->role, parts->type}, *part[3], *level;

	for (int i = 0; i < 3; i++) {
		size_t n = strcspn(base, ":");

		part[i] = given[i] ? given[i] : arena_strndup(a, base, n);
		base += n + (base[n] == ':');
	}
	level = parts->level ? parts->level : base;
	return arena_printf(a, "%s:%s:%s%s%s", part[0], part[1], part[2], *level ? ":" : "", level);
}
