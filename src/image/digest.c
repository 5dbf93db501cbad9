#include "image/digest.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK = 256 << 10 };

struct digest *digest_new(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		fputs("ctr: image: libcrypto offers no SHA-256\n", stderr);
		exit(ERR_STATUS_OURS);
	}
	return (struct digest *)ctx;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	EVP_DigestUpdate((EVP_MD_CTX *)d, data, len);
}

void digest_end(struct digest *d, char ret_hex[DIGEST_HEX + 1])
{
	unsigned char raw[EVP_MAX_MD_SIZE];

	EVP_DigestFinal_ex((EVP_MD_CTX *)d, raw, NULL);
	EVP_MD_CTX_free((EVP_MD_CTX *)d);
	for (size_t i = 0; i < DIGEST_HEX / 2; i++)
		sprintf(ret_hex + 2 * i, "%02x", raw[i]);
}

void digest_of(const void *data, size_t len, char ret_hex[DIGEST_HEX + 1])
{
	struct digest *d = digest_new();

	digest_add(d, data, len);
	digest_end(d, ret_hex);
}

int digest_of_file(int fd, char ret_hex[DIGEST_HEX + 1], uint64_t *ret_size, struct err *err)
{
	autofree char *buf = malloc(CHUNK);
	struct digest *d = digest_new();
	uint64_t size = 0;
	ssize_t n = -1;

	posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (buf && (n = fd_read_all(fd, buf, CHUNK)) > 0) {
		digest_add(d, buf, (size_t)n);
		size += (uint64_t)n;
	}
	digest_end(d, ret_hex);
	if (n < 0)
		return err_sys(err, "read");
	*ret_size = size;
	return 0;
}

void digest_chain(const char *below_hex, const char *diff_hex, char ret_hex[DIGEST_HEX + 1])
{
	char text[2 * (DIGEST_HEX + 8) + 1];

	if (!below_hex) {
		memcpy(ret_hex, diff_hex, DIGEST_HEX + 1);
		return;
	}
	snprintf(text, sizeof(text), "sha256:%s sha256:%s", below_hex, diff_hex);
	digest_of(text, strlen(text), ret_hex);
}
