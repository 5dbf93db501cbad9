# fish completion of ctr: what the one for bash offers, by bash itself.
set -g __ctr_bash (status dirname)/{ctr.bash,../../bash-completion/completions/ctr}

function __ctr_complete
	set -l words (commandline -opc) (commandline -ct)
	bash -c '
		[ -e "$1" ] && . "$1" || . "$2"
		COMP_WORDS=("${@:3}") COMP_CWORD=$(($# - 3)) COMP_LINE=
		offers_files=0
		compopt() { [ "$1" != +o ] || offers_files=1; }
		_ctr_complete
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"
		exit $offers_files' ctr $__ctr_bash $words
	and __fish_complete_path (commandline -ct)
end
complete -c ctr -f -a '(__ctr_complete)'
