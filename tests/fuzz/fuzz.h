/* What the fuzz targets share. Each target is one file with LLVMFuzzerTestOneInput(); its seeds, and
 * every input that once broke something, are in corpus/NAME/. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* A promise of the code under test. One that does not hold ends the program. */
#define require(holds)                                                                             \
	do {                                                                                       \
		if (!(holds))                                                                      \
			fuzz_broken(#holds, __FILE__, __LINE__);                                   \
	} while (0)
_Noreturn void fuzz_broken(const char *promise, const char *file, int line);

/* Who is refused is told why, in one line of valid UTF-8 that no terminal acts on; so is the hint. */
void fuzz_refused(const struct err *err);

/* What a function writes on success only: filled before the call, looked at after a failure. */
void fuzz_fill(void *out, size_t size);
void fuzz_untouched(const void *out, size_t size);

/* What config.json says of the spec is read as the same, or the spec is refused. */
void fuzz_round_trip(const struct spec *spec);
/* A spec as flags begin with: the defaults, and a command. */
void fuzz_spec_init(struct spec *spec);

/* Inputs of several parts: cut at the bytes 0xff. */
struct fuzz_input {
	const uint8_t *data;
	size_t size;
};
/* The next part as a string in a block of its own (free it), so that reading beyond it is seen; "" if
 * there are no more. ret_len (may be NULL): with the NUL bytes in it. */
char *fuzz_part(struct fuzz_input *in, size_t *ret_len);
/* All that is left, the same way. */
char *fuzz_rest(struct fuzz_input *in, size_t *ret_len);

/* Makes FUZZ_SCRATCH a file system in memory that only this process sees, and opens it. A host
 * without the right to do so ends the program with FUZZ_SKIPPED. */
#define FUZZ_SCRATCH "/mnt"
enum { FUZZ_SKIPPED = 75 };
int fuzz_scratch(void);
/* A file below dir, made or overwritten. */
void fuzz_file(int dir, const char *name, const void *data, size_t len);
