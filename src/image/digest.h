/* SHA-256 of streams and files, by libcrypto. */
#pragma once

#include "base/err.h"
#include "image/reference.h"

#include <stddef.h>
#include <stdint.h>

struct digest;

/* Ends the program if libcrypto has no SHA-256. */
struct digest *digest_new(void);
void digest_add(struct digest *d, const void *data, size_t len);
/* Writes the hex digits and frees d. */
void digest_end(struct digest *d, char ret_hex[DIGEST_HEX + 1]);

void digest_of(const void *data, size_t len, char ret_hex[DIGEST_HEX + 1]);
/* Reads fd to its end. */
int digest_of_file(int fd, char ret_hex[DIGEST_HEX + 1], uint64_t *ret_size, struct err *err);

/* The chain id of the layer with this diff id on top of the chain below (NULL for the lowest), as
 * the OCI image specification, config.md "Layer ChainID", defines it. */
void digest_chain(const char *below_hex, const char *diff_hex, char ret_hex[DIGEST_HEX + 1]);
