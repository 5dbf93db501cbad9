# docs/seccomp.md is what the profiles say, and each system call has a decision in each of them.
exec src/process/profiles/table.sh --check
