/* Machine types in the words of OCI image configs (Go's GOARCH). */
#pragma once

/* This machine: "amd64", "arm64" … */
const char *machine_host(void);
/* What the programs in the tree behind dir are made for, by the ELF header of a shell, an init or
 * the like; the host's own if it has none of these. */
const char *machine_of_tree(int dir);

/* How good a variant of machine_host() is here: more is better, 0 is what this processor lacks. */
unsigned machine_variant(const char *variant);
