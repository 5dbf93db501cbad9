# clang has nothing to say about the programs. The two static ones are for gcc's musl wrapper.
exec make -s -j2 CC=clang B=build/lint-clang \
	CFLAGS='-O2 -g -Werror -Wno-unknown-warning-option -Wno-missing-braces -Wno-format-nonliteral' \
	build/lint-clang/ctr build/lint-clang/ctr-image build/lint-clang/ctr-scope build/lint-clang/ctr-seccomp
