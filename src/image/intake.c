#include "image/intake.h"

#include "base/fd.h"
#include "base/file.h"
#include "image/compose.h"
#include "image/digest.h"
#include "image/machine.h"
#include "image/progress.h"
#include "image/record.h"
#include "image/source.h"
#include "image/stage.h"
#include "image/stream.h"
#include "image/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

/* An image on its way: what is staged of it so far. */
struct work {
	const struct intake *in;
	struct stage stage;
	uint64_t budget; /* bytes that may still be unpacked */
	struct image image;
	struct compose_layer *layers;
	size_t count;
	struct unpack_totals unpacked; /* of the last tar that was */
};

/* One tar through the stream into the stage's next blob and, unless tree is -1, tree. */
static int take_tar(struct work *w, int fd, uint64_t max_in, int tree, struct stream_totals *ret,
	struct err *err)
{
	autofd int blob = stage_new_blob(&w->stage, err);
	struct unpack_job job = {.dir = tree,
		.scratch = w->stage.dir,
		.lowest = w->count == 0,
		.max_bytes = w->budget};
	struct stat st;
	int r = 0;

	if (blob < 0)
		return -1;
	progress_begin("unpack",
		fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
	job.stream = stream_start(fd, blob, max_in, w->budget, err);
	if (!job.stream)
		return -1;
	if (tree >= 0)
		r = unpack_tar(&job, &w->unpacked, err);
	if (r < 0)
		stream_cancel(job.stream);
	else
		r = stream_end(job.stream, ret, err);
	progress_end();
	if (r == 0)
		w->budget -= ret->output_size;
	return r;
}

static void add_layer(struct work *w, const char *chain, const struct compose_layer *l)
{
	struct arena *a = &w->image.arena;
	struct compose_layer kept = *l;

	kept.blob = arena_strdup(a, l->blob);
	kept.diff = arena_strdup(a, l->diff);
	arena_push(a, w->image.layers, w->image.layer_count, arena_strdup(a, chain));
	arena_push(a, w->image.blobs, w->image.blob_count, kept.blob);
	arena_push(a, w->layers, w->count, kept);
	w->image.size += l->size;
}

/* overlayfs does not heed the mark on the top of a layer, so what lies below is left out. */
static int drop_hidden_layers(struct work *w, struct err *err)
{
	for (size_t i = w->image.layer_count; i-- > 0;) {
		autofd int dir = stage_open_layer(&w->stage, w->image.layers[i], err);

		if (dir < 0)
			return -1;
		if (fgetxattr(dir, "user.overlay.opaque", NULL, 0) < 0)
			continue;
		w->image.layers += i;
		w->image.layer_count -= i;
		break;
	}
	return 0;
}

static int choose_name(struct work *w, const char *own, struct err *err)
{
	const struct intake *in = w->in;
	char text[REFERENCE_MAX + 2], guess[2 * REFERENCE_MAX];
	struct reference ref;

	/* A layout often knows only the tag. */
	snprintf(guess, sizeof(guess), "%.240s", own);
	if (own[0] && !strpbrk(own, ":/") && in->fallback)
		snprintf(guess, sizeof(guess), "%.200s:%.128s", in->fallback, own);
	if (!in->name && !own[0] && !in->fallback) {
		err_set(err, "it has no name");
		return err_hint(err, "give it one: ctr image import FILE NAME");
	}
	if (reference_parse(in->name ? in->name : own[0] ? guess : in->fallback, &ref, err) < 0) {
		if (!in->name)
			err_hint(err, "give it a name: ctr image import FILE NAME");
		return -1;
	}
	if (ref.digest[0])
		return err_set(err, "'%.100s': a new image's digest cannot be chosen", in->name);
	w->image.name = arena_strdup(&w->image.arena, reference_text(&ref, text));
	return 0;
}

static int write_documents(struct work *w, const char *config, size_t config_len,
	const char *manifest, size_t manifest_len, struct err *err)
{
	char id[DIGEST_HEX + 1], hex[DIGEST_HEX + 1];
	autofree char *composed = NULL;

	if (stage_write_blob(&w->stage, config, config_len, id, err) < 0)
		return -1;
	if (!manifest) {
		composed = compose_manifest(id, config_len, w->layers, w->count, err);
		if (!composed)
			return -1;
		manifest = composed;
		manifest_len = strlen(composed);
	}
	if (stage_write_blob(&w->stage, manifest, manifest_len, hex, err) < 0)
		return -1;
	w->image.id = arena_strdup(&w->image.arena, id);
	w->image.manifest = arena_strdup(&w->image.arena, hex);
	w->image.size += config_len + manifest_len;
	return 0;
}

static int commit(struct work *w, const char *own_name, const char *config, size_t config_len,
	const char *manifest, size_t manifest_len, struct intake_result *ret, struct err *err)
{
	autojson json_t *doc = json_parse("image config", config, config_len, err);

	if (!doc || record_config("image config", doc, &w->image, err) < 0 ||
		choose_name(w, own_name, err) < 0 ||
		write_documents(w, config, config_len, manifest, manifest_len, err) < 0 ||
		drop_hidden_layers(w, err) < 0)
		return -1;
	if (w->in->finish && w->in->finish(w->in->arg, err) < 0)
		return -1;
	if (stage_commit(&w->stage, &w->image, err) < 0)
		return -1;
	snprintf(ret->name, sizeof(ret->name), "%s", w->image.name);
	snprintf(ret->id, sizeof(ret->id), "%s", w->image.id);
	return 0;
}

/* The time of now, or the one that a reproducible build asks for. */
static void creation_time(char buf[32])
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t t = epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
		strcpy(buf, "1970-01-01T00:00:00Z");
}

static int take_root(struct work *w, int tree, const struct stream_totals *t,
	struct intake_result *ret, struct err *err)
{
	struct compose_layer l = {t->blob, t->diff, t->blob_size, t->kept};
	autofree char *config = NULL;
	char created[32];

	if (!w->unpacked.entries)
		return err_set(err, "there is no file in it");
	creation_time(created);
	config = compose_config(w->in->process, machine_of_tree(tree), created, w->in->origin, &l,
		1, err);
	if (!config || stage_name_blob(&w->stage, t->blob, err) < 0 ||
		stage_name_tree(&w->stage, t->diff, err) < 0)
		return -1;
	add_layer(w, t->diff, &l);
	return commit(w, "", config, strlen(config), NULL, 0, ret, err);
}

static int verify_layer(const struct source_layer *l, const struct stream_totals *t,
	struct err *err)
{
	if (l->size != UINT64_MAX && t->input_size != l->size)
		return err_set(err, "its blob has %llu bytes, %llu announced",
			(unsigned long long)t->input_size, (unsigned long long)l->size);
	if (l->digest && strcmp(l->digest, t->input) != 0)
		return err_set(err, "its blob is damaged: digest sha256:%s, announced sha256:%s",
			t->input, l->digest);
	if (l->digest && strcmp(l->digest, t->blob) != 0)
		return err_set(err, "it is compressed by xz, which OCI images may not be");
	if (strcmp(l->diff, t->diff) != 0)
		return err_set(err, "it unpacks to sha256:%s, the config says sha256:%s", t->diff,
			l->diff);
	return 0;
}

static int read_layer(struct work *w, const struct source *s, const struct source_layer *l,
	const char *chain, bool have_tree, struct stream_totals *ret, struct err *err)
{
	autofd int fd = source_open(s, l->file, err);
	autofd int tree = -1;

	if (fd < 0)
		return -1;
	if (!have_tree && (tree = stage_new_tree(&w->stage, err)) < 0)
		return -1;
	if (take_tar(w, fd, l->size, tree, ret, err) < 0 || verify_layer(l, ret, err) < 0)
		return -1;
	if (stage_name_blob(&w->stage, ret->blob, err) < 0)
		return -1;
	return have_tree ? 0 : stage_name_tree(&w->stage, chain, err);
}

static int take_layer(struct work *w, const struct source *s, size_t i, char chain[65],
	struct err *err)
{
	const struct source_layer *l = &s->layers[i];
	struct stream_totals t = {0};
	char below[DIGEST_HEX + 1];
	struct compose_layer kept;
	bool have_tree, have_blob = false;

	memcpy(below, chain, sizeof(below));
	digest_chain(i ? below : NULL, l->diff, chain);
	if (stage_has_layer(&w->stage, chain, &have_tree, err) < 0 ||
		(l->digest && stage_has_blob(&w->stage, l->digest, &have_blob, err) < 0))
		return -1;
	if (have_tree && have_blob)
		kept = (struct compose_layer){l->digest, l->diff, l->size, COMPRESSION_NONE};
	else if (read_layer(w, s, l, chain, have_tree, &t, err) < 0)
		return err_wrap(err, "layer %zu", i + 1);
	else
		kept = (struct compose_layer){t.blob, l->diff, t.blob_size, t.kept};
	add_layer(w, chain, &kept);
	return 0;
}

static int take_source(struct work *w, int dir, enum source_form form, struct intake_result *ret,
	struct err *err)
{
	const char *wanted = w->in->wanted;
	char chain[DIGEST_HEX + 1] = "";
	struct source s;
	int r = form == SOURCE_LAYOUT ? layout_read(dir, wanted, &s, err)
				      : docker_read(dir, wanted, &s, err);

	if (r < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < s.layer_count; i++)
		r = take_layer(w, &s, i, chain, err);
	if (r == 0)
		r = commit(w, s.name, s.config, s.config_len, s.manifest, s.manifest_len, ret, err);
	source_free(&s);
	return r;
}

/* Nothing else tells a tar of whose end some entries are missing. Of the two blocks of zeros that every tar
 * ends with, one will do: no entry comes after it. */
static int check_end(const struct work *w, const struct stream_totals *t, struct err *err)
{
	if (t->output_size == 0)
		return err_set(err, "it is empty");
	if (!w->unpacked.ended)
		return err_set(err,
			"it is cut short: the blocks of zeros that end a tar are missing");
	return 0;
}

/* A stream is unpacked as it comes; what it was shows when all of it is there. */
static int take_stream(struct work *w, int fd, struct intake_result *ret, struct err *err)
{
	autofd int tree = stage_new_tree(&w->stage, err);
	struct stream_totals t;
	enum source_form form;

	if (tree < 0 || take_tar(w, fd, UINT64_MAX, tree, &t, err) < 0 || check_end(w, &t, err) < 0)
		return -1;
	form = source_form(tree);
	if (form == SOURCE_NONE)
		return take_root(w, tree, &t, ret, err);
	if (stage_drop_blob(&w->stage, err) < 0 || stage_set_aside(&w->stage, err) < 0)
		return -1;
	w->budget = w->in->max_size;
	return take_source(w, tree, form, ret, err);
}

static int begin(const struct intake *in, struct work *ret, struct err *err)
{
	*ret = (struct work){.in = in, .budget = in->max_size};
	return stage_open(in->root, &ret->stage, err);
}

static void end(struct work *w)
{
	stage_close(&w->stage);
	image_free(&w->image);
}

int intake_stream(const struct intake *in, int fd, struct intake_result *ret, struct err *err)
{
	struct work w;
	int r;

	if (begin(in, &w, err) < 0)
		return -1;
	r = take_stream(&w, fd, ret, err);
	end(&w);
	return r;
}

int intake_directory(const struct intake *in, int dir, struct intake_result *ret, struct err *err)
{
	struct work w;
	int r;

	if (begin(in, &w, err) < 0)
		return -1;
	r = take_source(&w, dir, source_form(dir), ret, err);
	end(&w);
	return r;
}
