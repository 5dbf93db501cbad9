#include "image/ingest.h"

#include "base/fd.h"
#include "base/file.h"
#include "image/below.h"
#include "image/child.h"
#include "image/compose.h"
#include "image/digest.h"
#include "image/interrupt.h"
#include "image/machine.h"
#include "image/progress.h"
#include "image/record.h"
#include "image/source.h"
#include "image/stage.h"
#include "image/store.h"
#include "image/stream.h"
#include "image/tell.h"
#include "image/unpack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

/* Images on their way: what is staged of them so far. */
struct work {
	const struct ingest *in;
	struct stage stage;
	struct arena arena;
	uint64_t budget;  /* bytes that may still be unpacked */
	uint64_t entries; /* and how many files and directories */
	struct image **images;
	size_t image_count;
	struct stage_name *names;
	size_t name_count;
	struct unpack_totals unpacked; /* of the last tar that was */
	struct child *packer;          /* writes what is read, or NULL */
	/* The image at hand: the last of `images`. */
	struct image *image;
	struct compose_layer *layers;
	size_t count;
};

static void new_image(struct work *w)
{
	w->image = arena_alloc(&w->arena, sizeof(*w->image));
	w->layers = NULL;
	w->count = 0;
	arena_push(&w->arena, w->images, w->image_count, w->image);
}

/* One tar through the stream into the stage's next blob and, unless tree is -1, tree. */
static int pass_tar(struct work *w, int fd, enum stream_copy copy, uint64_t max_in,
	struct unpack_job *job, struct stream_totals *ret, struct err *err)
{
	autofd int blob = stage_new_blob(&w->stage, err);
	int r = 0;

	if (blob < 0)
		return -1;
	job->stream = stream_start(fd, blob, copy, max_in, w->budget, err);
	if (!job->stream)
		return -1;
	if (job->dir >= 0)
		r = unpack_tar(job, &w->unpacked, err);
	if (r == 0)
		return stream_end(job->stream, ret, err);
	stream_cancel(job->stream);
	return -1;
}

static int take_tar(struct work *w, int fd, enum stream_copy copy, uint64_t max_in, int tree,
	struct stream_totals *ret, struct err *err)
{
	struct below below = {0};
	struct unpack_job job = {.dir = tree,
		.scratch = w->stage.dir,
		.below = &below,
		.squash_owners = w->in->squash_owners,
		.max_bytes = w->budget,
		.max_entries = w->entries};
	struct stat st;
	int r = 0;

	for (size_t i = 0; r == 0 && tree >= 0 && i < w->image->layer_count; i++)
		r = below_add(&below, stage_open_layer(&w->stage, w->image->layers[i], err), err);
	progress_begin(w->in->doing,
		fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
	r = r == 0 ? pass_tar(w, fd, copy, max_in, &job, ret, err) : -1;
	progress_end();
	below_close(&below);
	if (r < 0)
		return -1;
	w->budget -= ret->output_size;
	w->entries -= tree >= 0 ? w->unpacked.entries : 0;
	return 0;
}

/* What a blob that was read just now unpacks to is known from now on. */
static int name_blob(struct work *w, const struct stream_totals *t, struct err *err)
{
	struct diff diff = {.size = t->output_size};

	strcpy(diff.id, t->diff);
	if (stage_name_blob(&w->stage, t->blob, err) < 0)
		return -1;
	return stage_note_diff(&w->stage, t->blob, &diff, err);
}

static void add_layer(struct work *w, const char *chain, const struct compose_layer *l,
	uint64_t unpacked)
{
	struct arena *a = &w->image->arena;
	struct compose_layer kept = *l;

	kept.blob = arena_strdup(a, l->blob);
	kept.diff = arena_strdup(a, l->diff);
	arena_push(a, w->image->layers, w->image->layer_count, arena_strdup(a, chain));
	arena_push(a, w->image->blobs, w->image->blob_count, kept.blob);
	arena_push(a, w->layers, w->count, kept);
	w->image->size += l->size;
	w->image->unpacked += unpacked;
}

/* overlayfs does not heed the mark on the top of a layer, so what lies below is left out. */
static int drop_hidden_layers(struct work *w, struct err *err)
{
	for (size_t i = w->image->layer_count; i-- > 0;) {
		autofd int dir = stage_open_layer(&w->stage, w->image->layers[i], err);

		if (dir < 0)
			return -1;
		if (fgetxattr(dir, "user.overlay.opaque", NULL, 0) < 0)
			continue;
		w->image->layers += i;
		w->image->layer_count -= i;
		break;
	}
	return 0;
}

static int add_name(struct work *w, const char *text, bool chosen, struct err *err)
{
	char full[REFERENCE_MAX + 2];
	struct stage_name n = {.image = w->image, .replace = chosen || w->in->replace};
	struct reference ref;

	if (reference_parse(text, &ref, err) < 0) {
		if (!chosen)
			err_hint(err, "give it a name: ctr image import FILE NAME");
		return -1;
	}
	if (ref.digest[0])
		return err_set(err, "'%.100s': a new image's digest cannot be chosen", text);
	/* Whoever has written it may want to be run in place of the image that has this id. */
	if (!chosen && image_id_digits(ref.name)) {
		err_set(err, "'%.100s' looks like an image's id", text);
		return err_hint(err, "give it a name: ctr image import FILE NAME");
	}
	n.name = arena_strdup(&w->arena, reference_text(&ref, full));
	for (size_t i = 0; i < w->name_count; i++)
		if (strcmp(w->names[i].name, n.name) == 0)
			return err_set(err, "two images of it are called %s", n.name);
	arena_push(&w->arena, w->names, w->name_count, n);
	return w->image->id ? stage_check_name(&w->stage, &n, err) : 0;
}

/* A layout often knows only the tag. */
static int add_own_name(struct work *w, const char *own, struct err *err)
{
	const char *fallback = w->in->fallback;

	if (!fallback || strpbrk(own, ":/"))
		return add_name(w, own, false, err);
	return add_name(w, arena_printf(&w->arena, "%s:%s", fallback, own), false, err);
}

/* By the user, else by the image itself, else by its file. */
static int choose_names(struct work *w, const char **own, size_t count, struct err *err)
{
	if (w->in->name)
		return add_name(w, w->in->name, true, err);
	for (size_t i = 0; i < count; i++)
		if (add_own_name(w, own[i], err) < 0)
			return -1;
	if (count)
		return 0;
	if (w->in->fallback)
		return add_name(w, w->in->fallback, false, err);
	err_set(err, "it has no name");
	return err_hint(err, "give it one: ctr image import FILE NAME");
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
	w->image->id = arena_strdup(&w->image->arena, id);
	w->image->manifest = arena_strdup(&w->image->arena, hex);
	w->image->size += config_len + manifest_len;
	return 0;
}

static int check_config(struct work *w, const char *config, size_t len, struct err *err)
{
	autojson json_t *doc = NULL;

	if (len > SOURCE_CONFIG_MAX)
		return err_set(err, "its config is larger than %d bytes", SOURCE_CONFIG_MAX);
	doc = json_parse("image config", config, len, err);
	if (!doc || record_config("image config", doc, w->image, err) < 0 ||
		record_check_size("image config", w->image, err) < 0)
		return -1;
	if (w->image->os[0] && strcmp(w->image->os, "linux") != 0)
		return err_set(err, "it is made for %.40s, not for linux", w->image->os);
	return 0;
}

static int finish_image(struct work *w, const char *config, size_t config_len, const char *manifest,
	size_t manifest_len, struct err *err)
{
	if (check_config(w, config, config_len, err) < 0 ||
		write_documents(w, config, config_len, manifest, manifest_len, err) < 0)
		return -1;
	return drop_hidden_layers(w, err);
}

static int commit(struct work *w, struct ingest_result *ret, struct err *err)
{
	struct ingest_result done = {0};
	struct arena *a = &done.arena;
	int r;

	if ((w->in->finish && w->in->finish(w->in->arg, err) < 0) ||
		(w->packer && child_finish(w->packer, err) < 0) || interrupt_check(err) < 0)
		return -1;
	progress_begin("write to disk", 0);
	r = stage_commit(&w->stage, w->names, w->name_count, err);
	progress_end();
	for (size_t i = 0; r == 0 && i < w->name_count; i++)
		arena_push(a, done.lines, done.count,
			arena_printf(a, "%s sha256:%s", w->names[i].name, w->names[i].image->id));
	if (r == 0)
		*ret = done;
	return r;
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
	struct ingest_result *ret, struct err *err)
{
	struct compose_layer l = {t->blob, t->diff, t->blob_size, t->kept};
	autofree char *config = NULL;
	char created[32];

	if (!w->unpacked.entries)
		return err_set(err, "there is no file in it");
	creation_time(created);
	config = compose_config(w->in->process, machine_of_tree(tree), created, w->in->origin, &l,
		1, err);
	if (!config || name_blob(w, t, err) < 0 || stage_name_tree(&w->stage, t->diff, err) < 0)
		return -1;
	add_layer(w, t->diff, &l, t->output_size);
	if (choose_names(w, NULL, 0, err) < 0 ||
		finish_image(w, config, strlen(config), NULL, 0, err) < 0)
		return -1;
	return commit(w, ret, err);
}

static int verify_diff(const struct source_layer *l, const char *diff, struct err *err)
{
	if (strcmp(l->diff, diff) == 0)
		return 0;
	return err_set(err, "it unpacks to sha256:%s, the config says sha256:%s", diff, l->diff);
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
	return verify_diff(l, t->diff, err);
}

static int read_layer(struct work *w, const struct source *s, const struct source_layer *l,
	const char *chain, bool have_tree, struct stream_totals *ret, struct err *err)
{
	enum stream_copy copy = l->digest ? STREAM_COPY_AS_CAME : STREAM_COPY_OCI;
	autofd int fd = source_open(s, l->file, err);
	autofd int tree = -1;

	if (fd < 0)
		return -1;
	if (!have_tree && (tree = stage_new_tree(&w->stage, err)) < 0)
		return -1;
	if (take_tar(w, fd, copy, l->size, tree, ret, err) < 0 || verify_layer(l, ret, err) < 0 ||
		name_blob(w, ret, err) < 0)
		return -1;
	return have_tree ? 0 : stage_name_tree(&w->stage, chain, err);
}

/* The tree stands by its chain id, which we have computed; the blob by its digest. That they belong
 * together is only the config's word, until it is found to be what we know of the blob. */
static int find_layer(struct work *w, const struct source_layer *l, const char *chain,
	struct diff *ret, bool *ret_tree, bool *ret_known, struct err *err)
{
	bool blob = false;

	*ret_known = false;
	if (stage_has_layer(&w->stage, chain, ret_tree, err) < 0 ||
		(l->digest && stage_has_blob(&w->stage, l->digest, &blob, err) < 0))
		return -1;
	return blob ? stage_find_diff(&w->stage, l->digest, ret, ret_known, err) : 0;
}

static int take_layer(struct work *w, const struct source *s, const struct source_layer *l,
	const char *chain, struct err *err)
{
	struct stream_totals t = {0};
	struct compose_layer kept = {l->digest, l->diff, l->size, COMPRESSION_NONE};
	bool have_tree, known;
	struct diff diff;

	if (find_layer(w, l, chain, &diff, &have_tree, &known, err) < 0)
		return -1;
	if (known && verify_diff(l, diff.id, err) < 0)
		return -1;
	if (!known || !have_tree) {
		if (read_layer(w, s, l, chain, have_tree, &t, err) < 0)
			return -1;
		kept = (struct compose_layer){t.blob, l->diff, t.blob_size, t.kept};
		diff.size = t.output_size;
	}
	add_layer(w, chain, &kept, diff.size);
	return 0;
}

/* The image names the layer by its digest, so it cannot be packed anew. */
static void tell_rare(size_t layer)
{
	warn("layer %zu has kinds of entries that few tools read: the image runs here, but others may "
	     "refuse it as ctr image save has it",
		layer);
}

static int take_layers(struct work *w, const struct source *s, struct err *err)
{
	char chain[DIGEST_HEX + 1] = "", below[DIGEST_HEX + 1];
	size_t rare = 0;

	for (size_t i = 0; i < s->layer_count; i++) {
		memcpy(below, chain, sizeof(below));
		digest_chain(i ? below : NULL, s->layers[i].diff, chain);
		w->unpacked.rare = false;
		if (take_layer(w, s, &s->layers[i], chain, err) < 0)
			return err_wrap(err, "layer %zu", i + 1);
		if (!rare && w->unpacked.rare)
			rare = i + 1;
	}
	if (rare)
		tell_rare(rare);
	return 0;
}

static int take_image(struct work *w, const struct source *s, struct err *err)
{
	char id[DIGEST_HEX + 1];

	new_image(w);
	digest_of(s->config, s->config_len, id);
	w->image->id = arena_strdup(&w->image->arena, id);
	if (choose_names(w, s->names, s->name_count, err) < 0 || take_layers(w, s, err) < 0)
		return -1;
	return finish_image(w, s->config, s->config_len, s->manifest, s->manifest_len, err);
}

/* One name for several images, given or made from the file's, is none. */
static int check_names(const struct work *w, struct source_set *set, struct err *err)
{
	const char **names = NULL;
	bool unnamed = w->in->name != NULL;
	size_t count = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct source *s = &set->images[i];
		const char *name = s->name_count ? s->names[0] : "";

		unnamed = unnamed || !s->name_count;
		arena_push(&set->arena, names, count, name);
	}
	return count > 1 && unnamed ? source_choose(NULL, names, count, err) : 0;
}

static int take_set(struct work *w, struct source_set *set, struct err *err)
{
	if (check_names(w, set, err) < 0)
		return -1;
	for (size_t i = 0; i < set->count; i++) {
		const struct source *s = &set->images[i];

		if (take_image(w, s, err) == 0)
			continue;
		return set->count > 1 && s->name_count ? err_wrap(err, "%.200s", s->names[0]) : -1;
	}
	return 0;
}

static int take_source(struct work *w, int dir, enum source_form form, struct ingest_result *ret,
	struct err *err)
{
	int (*const readers[])(int, const char *, struct source_set *, struct err *) = {
		[SOURCE_LAYOUT] = layout_read,
		[SOURCE_DOCKER] = docker_read,
		[SOURCE_FLAT] = layout_read_flat,
	};
	struct source_set set;
	int r;

	if (readers[form](dir, w->in->wanted, &set, err) < 0)
		return -1;
	r = take_set(w, &set, err);
	source_set_free(&set);
	return r == 0 ? commit(w, ret, err) : -1;
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

static int take_tree_stream(struct work *w, int fd, bool root, struct ingest_result *ret,
	struct err *err);

/* Packed anew, so that the layer is what its blob says. */
static int take_packed(struct work *w, int root, struct ingest_result *ret, struct err *err)
{
	struct child tar;
	int r;

	if (child_start_tar(root, &tar, err) < 0)
		return -1;
	w->packer = &tar;
	r = take_tree_stream(w, tar.out, true, ret, err);
	if (r < 0)
		child_blame(&tar, err);
	child_stop(&tar);
	return r;
}

/* A unified image has the root in a directory of its own, beside its metadata. */
static int take_unified(struct work *w, int dir, struct ingest_result *ret, struct err *err)
{
	autofd int root = openat(dir, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return root < 0 ? err_sys(err, "open rootfs") : take_packed(w, root, ret, err);
}

static int take_archive(struct work *w, int tree, enum source_form form, struct ingest_result *ret,
	struct err *err)
{
	if (stage_drop_blob(&w->stage, err) < 0 || stage_set_aside(&w->stage, err) < 0)
		return -1;
	w->budget = w->in->max_size;
	w->entries = UNPACK_ENTRIES_MAX;
	if (form == SOURCE_NONE)
		return take_packed(w, tree, ret, err);
	if (form == SOURCE_UNIFIED)
		return take_unified(w, tree, ret, err);
	return take_source(w, tree, form, ret, err);
}

/* The blob of a root tar is ours to choose: where this one is not for every tool, another. */
static bool reads_everywhere(const struct work *w, const struct stream_totals *t)
{
	return !w->unpacked.entries || (!w->unpacked.odd && !t->trailing);
}

/* A stream is unpacked as it comes; what it was shows when all of it is there. Of a part that was packed
 * here it is known. */
static int take_tree_stream(struct work *w, int fd, bool root, struct ingest_result *ret,
	struct err *err)
{
	autofd int tree = stage_new_tree(&w->stage, err);
	enum source_form form;
	struct stream_totals t;

	new_image(w);
	if (tree < 0 || take_tar(w, fd, STREAM_COPY_OCI, UINT64_MAX, tree, &t, err) < 0 ||
		check_end(w, &t, err) < 0)
		return -1;
	form = root ? SOURCE_NONE : source_form(tree, err);
	if (form == SOURCE_ERROR)
		return -1;
	if (form == SOURCE_NONE && (root || reads_everywhere(w, &t)))
		return take_root(w, tree, &t, ret, err);
	return take_archive(w, tree, form, ret, err);
}

void ingest_result_print(const struct ingest *in, const char *action, struct ingest_result *done)
{
	for (size_t i = 0; i < done->count; i++) {
		const char *line = done->lines[i], *id = strchr(line, ' ');

		image_tell(in->root, arena_printf(&done->arena, "%.*s", (int)(id - line), line),
			id + strlen(" sha256:"), action);
		puts(line);
	}
	arena_free(&done->arena);
}

static int begin(const struct ingest *in, struct work *ret, struct err *err)
{
	*ret = (struct work){.in = in, .budget = in->max_size, .entries = UNPACK_ENTRIES_MAX};
	interrupt_catch();
	return stage_open(in->root, &ret->stage, err);
}

static void end(struct work *w)
{
	progress_begin("tidy up", 0);
	stage_close(&w->stage);
	progress_end();
	for (size_t i = 0; i < w->image_count; i++)
		image_free(w->images[i]);
	arena_free(&w->arena);
}

int ingest_stream(const struct ingest *in, int fd, struct ingest_result *ret, struct err *err)
{
	struct work w;
	int r;

	if (begin(in, &w, err) < 0)
		return -1;
	r = take_tree_stream(&w, fd, false, ret, err);
	end(&w);
	return r;
}

int ingest_directory(const struct ingest *in, int dir, enum source_form form,
	struct ingest_result *ret, struct err *err)
{
	struct work w;
	int r;

	if (begin(in, &w, err) < 0)
		return -1;
	r = form == SOURCE_UNIFIED ? take_unified(&w, dir, ret, err)
				   : take_source(&w, dir, form, ret, err);
	end(&w);
	return r;
}
