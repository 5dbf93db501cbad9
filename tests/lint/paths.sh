# Rooms that touch a container's root resolve no string path: only (descriptor, name) through
# base/inside.h, and mounts by descriptor. The exceptions stand in paths.allow, each with its reason.
calls='open|openat|openat64|creat|fopen|opendir|mount|umount|umount2|chdir|chroot|mkdir|mkdirat|mknod|mknodat|stat'
calls+='|lstat|fstatat|access|faccessat|unlink|unlinkat|rename|renameat|renameat2|link|linkat|symlink|symlinkat'
calls+='|readlink|readlinkat|chmod|fchmodat|chown|lchown|fchownat|truncate|realpath|execv|execve|execvp|utimensat'
# A name in a root that is being built can lead past a mount that was made there: rootfs/layout.h knows the
# mounts by their descriptors.
calls+='|inside_open|inside_ensure'
# Directories of our own store and state, and groups of the host: no container writes there.
own='((c|l|s|store|c->store)->)?(state_fd|containers_fd|volumes_fd|networks_fd|data_fd|root_fd|groups_fd|hierarchy_fd)'
here=tests/lint
found=$(git ls-files 'src/rootfs/*.c' 'src/process/*.c' 'src/state/*.c' 'src/launch/*.c' \
	'src/console/*.c' 'src/supervisor/*.c' 'src/container/*.c' 'src/checkpoint/*.c' 'src/check/*.c' |
	xargs grep -noHE "(^|[^_[:alnum:].>])($calls)\([^\"]*(\"[^\"]*\")?" |
	grep -vE ":[0-9]+:[[:space:]]*(\*|/\*)|\(const char |:[^:]*($calls)\(2\)|at2?\(($own)," |
	sed -E "s/^([^:]+):([0-9]+):.*(^|[^_[:alnum:].>])($calls)\(/\1:\2:\4(/; s/[[:space:]]+$//" | sort -u)
bad=0
while IFS=: read -r file line call; do
	[ -n "$file" ] || continue
	awk -v file="$file" -v call="$call" -F'\t' '!/^#/ && $1 == file && index(call, $2) == 1 { hit = 1 }
		END { exit !hit }' $here/paths.allow ||
		{ echo "$file:$line: $call: a path as a string where a hostile root is in reach" && bad=1; }
done <<<"$found"
# An exception that nothing needs any more would cover the next mistake.
while IFS=$'\t' read -r file call reason; do
	case $file in '' | '#'*) continue ;; esac
	[ -n "$reason" ] || { echo "paths.allow: $file: $call: without a reason" && bad=1; }
	grep -qF "$file:" <<<"$found" && grep -F "$file:" <<<"$found" | cut -d: -f3- | grep -qF -- "$call" ||
		{ echo "paths.allow: $file: $call: allowed, but not there" && bad=1; }
done <$here/paths.allow
exit $bad
