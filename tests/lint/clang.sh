# clang has nothing to say about the programs. It has no musl, so that those two which link nothing but it
# are only compiled.
flags='-O2 -g -Werror -Wno-unknown-warning-option -Wno-missing-braces -Wno-format-nonliteral'
make -s -j2 CC=clang B=build/lint-clang STATIC= CFLAGS="$flags" \
	build/lint-clang/{ctr,ctr-oci,ctr-image,ctr-scope,ctr-seccomp} \
	build/lint-clang/obj/{supervisor/ctr-supervisor,process/ctr-init}.o
