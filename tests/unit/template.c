#include "base/template.h"

#include "base/format.h"

#include <criterion/criterion.h>
#include <string.h>

static const char object[] =
	"{\"name\": \"web\", \"pid\": 7, \"share\": 0.5, \"up\": true, \"none\": null, \"labels\": {\"a.b\": \"x\\n\"},"
	" \"command\": [\"sh\", \"-c\"], \"limits\": {\"memory\": 512, \"Memory\": 1}}";

static void fills(const char *text, const char *want)
{
	struct err err = {0};
	struct arena a = {0};
	json_t *j = json_loads(object, 0, NULL);
	char *got;

	cr_assert_eq(template_check("--format", text, &err), 0, "%s", err.text);
	cr_assert_eq(template_fill(&a, text, j, &got, &err), 0, "%s", err.text);
	cr_assert_str_eq(got, want);
	json_decref(j);
	arena_free(&a);
}

Test(template, is_filled)
{
	fills("{{.name}}", "web");
	fills("<{{ .name }}\\t{{.pid}}\\n{{.share}}{{.up}}>", "<web\t7\n0.5true>");
	fills("{{.none}}{{.limits.none}}{{.name.first}}.", ".");
	fills("{{json .none}}{{json .name}}{{json .command}}", "null\"web\"[\"sh\",\"-c\"]");
	fills("{{.command}}{{index .command 1}}{{index .command 9}}", "[\"sh\",\"-c\"]-c");
	fills("{{index .labels \"a.b\"}}{{index .labels \"c\"}}", "x?");
	fills("{{json .labels}}", "{\"a.b\":\"x\\n\"}");
	fills("{{.Name}} {{.limits.memory}} {{.limits.Memory}}", "web 512 1");
	fills("}} \\ { {{.name}}\\", "}} \\ { web\\");
}

Test(template, a_member_that_no_object_has_is_refused)
{
	struct err err = {0};
	struct arena a = {0};
	json_t *j = json_loads(object, 0, NULL);
	char *got;

	cr_assert_eq(template_fill(&a, "{{.Names}}", j, &got, &err), -1);
	cr_assert_str_eq(err.text, "--format: there is no .Names");
	cr_assert_str_eq(err.hint, "did you mean .name?");
	cr_assert_eq(template_fill(&a, "{{json .x.y}}", j, &got, &err), -1);
	cr_assert_str_eq(err.text, "--format: there is no .x");
	json_decref(j);
	arena_free(&a);
}

Test(template, what_is_not_known_is_refused)
{
	static const char *const texts[] = {"{{", "{{.name", "{{name}}", "{{.}}", "{{}}",
		"{{range .x}}", "{{.name}} {{if .up}}", "{{index .command}}",
		"{{index .command x}}", "{{index .labels \"a}}", "{{json}}", "{{.a b}}", "{{.a-b}}",
		"{{ json.x }}"};
	struct err err = {0};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(template_check("--format", texts[i], &err), -1, "%s", texts[i]);
}

Test(template, a_heading_is_what_is_asked_for)
{
	struct arena a = {0};

	cr_assert_str_eq(template_heading(&a, "{{.name}}\\t{{json .limits.memory}}"),
		"NAME\tLIMITS.MEMORY");
	arena_free(&a);
}

Test(template, formats)
{
	struct format f = {.heading = true};
	struct err err;

	cr_assert(format_set(&f, "--format", "json", &err) == 0 && f.json);
	cr_assert(format_set(&f, "--format", "table", &err) == 0 && format_is_table(&f) &&
		  !f.heading);
	cr_assert_eq(format_set(&f, "--format", "{{.name}}", &err), 0);
	cr_assert(!f.json && !f.heading && strcmp(f.template, "{{.name}}") == 0);
	cr_assert_eq(format_set(&f, "--format", "table {{.name}}", &err), 0);
	cr_assert(!format_is_table(&f) && f.heading && strcmp(f.template, "{{.name}}") == 0);
	cr_assert_eq(format_set(&f, "--format", "yaml", &err), -1);
	cr_assert(strstr(err.text, "yaml") && err.hint[0]);
	cr_assert_eq(format_set_shown(&f, "--format", "table", &err), -1);
	cr_assert_eq(format_set_shown(&f, "--format", "json", &err), 0);
}
