#include "image/record.h"

#include "base/fd.h"

#include <criterion/criterion.h>
#include <string.h>

#define H1 "1111111111111111111111111111111111111111111111111111111111111111"
#define H2 "2222222222222222222222222222222222222222222222222222222222222222"

static int parse(const char *text, struct image *ret, struct err *err)
{
	autojson json_t *doc = json_parse("test", text, strlen(text), err);

	cr_assert(doc, "%s", err->text);
	return record_parse("test", doc, ret, err);
}

static const char full[] =
	"{\"name\":\"a/b:1\",\"manifest\":\"" H1 "\",\"id\":\"" H2 "\",\"layers\":[\"" H1 "\",\"" H2
	"\"],\"blobs\":[\"" H2 "\"],\"size\":77,\"architecture\":\"arm64\",\"os\":\"linux\","
	"\"variant\":\"v8\",\"created\":\"2024-01-01T00:00:00Z\",\"config\":{"
	"\"Entrypoint\":[\"/e\"],\"Cmd\":[\"a\",\"b\"],\"Env\":[\"K=v=w\"],\"User\":\"1:2\","
	"\"WorkingDir\":\"/w\",\"StopSignal\":\"SIGRTMIN+3\",\"Volumes\":{\"/v\":{}},"
	"\"ExposedPorts\":{\"80/tcp\":{}},\"Labels\":{\"l\":\"x\"}}}";

static void check_full(const struct image *i)
{
	cr_expect_str_eq(i->name, "a/b:1");
	cr_expect_str_eq(i->manifest, H1);
	cr_expect_str_eq(i->id, H2);
	cr_expect_eq(i->layer_count, 2);
	cr_expect_str_eq(i->layers[1], H2);
	cr_expect_eq(i->blob_count, 1);
	cr_expect_eq(i->size, 77);
	cr_expect_str_eq(i->architecture, "arm64");
	cr_expect_str_eq(i->variant, "v8");
	cr_expect_str_eq(i->entrypoint[0], "/e");
	cr_expect_eq(i->cmd_count, 2);
	cr_expect_str_eq(i->cmd[1], "b");
	cr_expect_null(i->cmd[2]);
	cr_expect_str_eq(i->env[0], "K=v=w");
	cr_expect_str_eq(i->user, "1:2");
	cr_expect_str_eq(i->workdir, "/w");
	cr_expect_str_eq(i->stop_signal, "SIGRTMIN+3");
	cr_expect_str_eq(i->volumes[0], "/v");
	cr_expect_str_eq(i->ports[0], "80/tcp");
	cr_expect_str_eq(i->labels[0].key, "l");
	cr_expect_str_eq(i->labels[0].value, "x");
}

Test(image_record, survives_the_way_to_disk_and_back)
{
	autofree char *text = NULL;
	struct image image, again;
	struct err err = {0};

	cr_assert(parse(full, &image, &err) == 0, "%s", err.text);
	check_full(&image);
	text = record_text(&image, &err);
	cr_assert(text);
	cr_expect_str_eq(text, full);
	cr_assert(parse(text, &again, &err) == 0, "%s", err.text);
	check_full(&again);
	image_free(&image);
	image_free(&again);
}

/* What is refused in an image config; %s is its "config". */
static void expect_refused(const char *process, const char *reason)
{
	autofree char *text = NULL;
	autojson json_t *doc = NULL;
	struct image image = {0};
	struct err err = {0};

	cr_assert(asprintf(&text, "{\"config\":%s}", process) > 0);
	doc = json_parse("test", text, strlen(text), &err);
	cr_assert(doc);
	cr_expect(record_config("image config", doc, &image, &err) == -1, "%s was taken", process);
	cr_expect(strstr(err.text, reason), "%s: %s", process, err.text);
	image_free(&image);
}

Test(image_record, types_are_checked)
{
	expect_refused("[]", "'config'");
	expect_refused("{\"Cmd\":\"sh\"}", "'Cmd' must be an array");
	expect_refused("{\"Cmd\":[1]}", "'Cmd' must be an array");
	expect_refused("{\"User\":0}", "'User'");
	expect_refused("{\"Volumes\":[\"/v\"]}", "'Volumes'");
	expect_refused("{\"Labels\":{\"a\":1}}", "'Labels'");
}

Test(image_record, docker_writes_null_for_nothing)
{
	static const char text[] =
		"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{"
		"\"Cmd\":null,\"Entrypoint\":null,\"Volumes\":null,\"Labels\":null,\"Hostname\":\"x\"}}";
	struct image image = {0};
	struct err err = {0};
	autojson json_t *doc = json_parse("test", text, strlen(text), &err);

	cr_assert(record_config("image config", doc, &image, &err) == 0, "%s", err.text);
	cr_expect_eq(image.cmd_count, 0);
	cr_expect_not_null(image.cmd);
	cr_expect_str_eq(image.user, "");
	image_free(&image);
}

Test(image_record, what_is_no_variable_is_left_out)
{
	static const char text[] = "{\"config\":{\"Env\":[\"NOVALUE\",\"A=1\",\"=x\",\"B=\"],"
				   "\"WorkingDir\":\"srv\"}}";
	struct image image = {0};
	struct err err = {0};
	autojson json_t *doc = json_parse("test", text, strlen(text), &err);

	cr_assert(record_config("image config", doc, &image, &err) == 0, "%s", err.text);
	cr_assert_eq(image.env_count, 2);
	cr_expect_str_eq(image.env[0], "A=1");
	cr_expect_str_eq(image.env[1], "B=");
	cr_expect_null(image.env[2]);
	cr_expect_str_eq(image.workdir, "/srv");
	image_free(&image);
}

Test(image_record, levels_of_volumes_are_counted)
{
	char deep[2 * RECORD_ITEMS_MAX + 4] = "";
	const char *volumes[] = {"/v", deep};
	struct image image = {.volumes = volumes, .volume_count = 2};
	struct err err;

	for (int i = 0; i < RECORD_ITEMS_MAX; i++)
		strcat(deep, "/a");
	cr_expect_eq(record_check_size("x", &image, &err), -1);
	cr_expect_str_eq(err.text,
		"x: 'Volumes' has paths of 4097 levels in all, 4096 are allowed");
	image.volume_count = 1;
	cr_expect_eq(record_check_size("x", &image, &err), 0);
}

Test(image_record, items_are_counted)
{
	struct image image = {.env_count = RECORD_ITEMS_MAX, .label_count = RECORD_ITEMS_MAX};
	struct err err = {0};

	cr_expect(record_check_size("x", &image, &err) == 0);
	image.label_count++;
	cr_expect(record_check_size("x", &image, &err) == -1);
	cr_expect_str_eq(err.text, "x: 'Labels' has 4097 items, 4096 are allowed");
}

Test(image_record, ids_are_checked)
{
	struct image image;
	struct err err = {0};

	cr_expect(parse("{}", &image, &err) == -1);
	cr_expect(parse("{\"name\":\"a:b\",\"manifest\":\"../../etc\",\"id\":\"" H1 "\","
			"\"layers\":[],\"blobs\":[],\"size\":1}",
			  &image, &err) == -1);
	cr_expect(parse("{\"name\":\"a:b\",\"manifest\":\"" H1 "\",\"id\":\"" H1 "\","
			"\"layers\":[\"../x\"],\"blobs\":[],\"size\":1}",
			  &image, &err) == -1);
	cr_expect(parse("{\"name\":\"a:b\",\"manifest\":\"" H1 "\",\"id\":\"" H1 "\","
			"\"layers\":[],\"blobs\":[],\"size\":-1}",
			  &image, &err) == -1);
}
