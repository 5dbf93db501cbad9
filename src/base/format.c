#include "base/format.h"

#include "base/output.h"
#include "base/table.h"
#include "base/template.h"

#include <stdio.h>
#include <string.h>

static int parse(const char *what, const char *value, const char *others, struct format *ret,
	struct err *err)
{
	struct format f = {.json = strcmp(value, "json") == 0};

	if (!f.json) {
		f.heading = strncmp(value, "table ", strlen("table ")) == 0;
		f.template = value + (f.heading ? strlen("table ") : 0);
		if (!strstr(f.template, "{{")) {
			err_value(err, what, value, "is neither %s nor a template", others);
			return err_hint(err, "a template is such as '{{.name}} {{json .labels}}'");
		}
		if (template_check(what, f.template, err) < 0)
			return -1;
	}
	*ret = f;
	return 0;
}

int format_set(void *to, const char *what, const char *value, struct err *err)
{
	if (strcmp(value, "table") != 0)
		return parse(what, value, "table, json", to, err);
	*(struct format *)to = (struct format){0};
	return 0;
}

int format_set_shown(void *to, const char *what, const char *value, struct err *err)
{
	return parse(what, value, "json", to, err);
}

bool format_is_table(const struct format *f)
{
	return !f->json && !f->template;
}

/* Columns end at tabs; more than a table has stay in the last one. */
static void add_line(struct table *t, char *line)
{
	const char *cells[TABLE_COLUMNS_MAX];

	for (size_t i = 0; i < t->columns; i++) {
		char *tab = i + 1 < t->columns ? strchr(line, '\t') : NULL;

		cells[i] = line;
		if (tab)
			*tab = '\0';
		line = tab ? tab + 1 : line + strlen(line);
	}
	table_add(t, cells);
}

static int print_columns(const char *template, const json_t *list, struct err *err)
{
	struct table t = {.columns = 1};
	char *line = template_heading(&t.arena, template);
	const json_t *j;
	size_t i;
	int r = 0;

	for (const char *s = line; (s = strchr(s, '\t')) && t.columns < TABLE_COLUMNS_MAX; s++)
		t.columns++;
	add_line(&t, line);
	json_array_foreach ((json_t *)list, i, j) {
		r = template_fill(&t.arena, template, j, &line, err);
		if (r < 0)
			break;
		add_line(&t, line);
	}
	if (r == 0)
		table_print(&t, stdout);
	table_free(&t);
	return r;
}

static int print_line(const char *template, const json_t *j, struct err *err)
{
	struct arena a = {0};
	char *line;
	int r = template_fill(&a, template, j, &line, err);

	if (r == 0)
		puts(line);
	arena_free(&a);
	return r;
}

int format_print_list(const struct format *f, const json_t *list, struct err *err)
{
	const json_t *j;
	size_t i;

	if (f->json)
		return output_json(list, err);
	if (f->heading)
		return print_columns(f->template, list, err);
	json_array_foreach ((json_t *)list, i, j)
		if (print_line(f->template, j, err) < 0)
			return -1;
	return 0;
}

int format_print(const struct format *f, const json_t *j, struct err *err)
{
	return f->json ? output_json(j, err) : print_line(f->template, j, err);
}
