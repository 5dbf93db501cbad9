/* Facts about this host, read without any right. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOST_NAME_SIZE = 64 };

/* The type of the file system that fd lies on, "ext4", or its magic number in hex. Returns buf. */
char *host_filesystem(int fd, char buf[HOST_NAME_SIZE]);
/* The bytes and inodes that are free for the caller on the file system of fd. Inodes are UINT64_MAX if it does not
 * count them. -1 if it counts nothing. */
int host_space(int fd, uint64_t *ret_bytes, uint64_t *ret_inodes);

/* "apparmor, selinux", or "" if neither is on. Returns buf. */
char *host_mac(char buf[HOST_NAME_SIZE]);
/* A number in a file of procfs; 0 if there is none. */
uint64_t host_number(const char *path);
/* Whether the word stands in a file of words. */
bool host_file_has_word(const char *path, const char *word);
