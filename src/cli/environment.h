/* --env and --env-file, of run and of exec. */
#pragma once

#include "spec/spec.h"

struct environment {
	const char **words, **files; /* files go first, so that words win */
	size_t count, file_count;
};

/* Over what is in the spec already. */
int environment_take(const struct environment *e, struct spec *spec, struct err *err);
