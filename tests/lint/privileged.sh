# The faces make no privileged system call: they ask the rooms below to.
calls='mount|umount2?|mount_setattr|move_mount|open_tree|fsopen|fsmount|fsconfig|setns|unshare|clone3?|vfork'
calls+='|pivot_root|chroot|mknod(at)?|set(res|re)?[ug]id|setgroups|capset|cap_set_proc|sethostname|bpf|seccomp'
calls+='|prlimit(64)?|reboot|swapon|init_module|keyctl|ptrace|f?chown(at)?|lchown'
mapfile -t files < <(git ls-files 'src/cli/*.[ch]' 'src/oci/*.[ch]')
! grep -nHE "(^|[^_[:alnum:].>\"])($calls)[[:space:]]*\(" "${files[@]}" |
	grep -vE ':[0-9]+:[[:space:]]*(/?\*|//)'
status=$?
numbers='mount|umount2|mount_setattr|move_mount|open_tree|fs(open|mount|config)|setns|unshare|clone3?|pivot_root|bpf|seccomp'
! grep -nHE "\b(SYS|__NR)_($numbers)\b" "${files[@]}" && exit $status
