# bash completion of ctr, fed by its own --help, so that it never knows less or more than the program.

# Words in the first column of the "commands:" of a help text.
_ctr_commands()
{
	"$@" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# Flags of a command.
_ctr_flags()
{
	"$@" --help 2>/dev/null | sed -n '/^flags:/,$p' | grep -oE '^ +(-[A-Za-z], )?--[a-z-]+' |
		grep -oE -e '--?[A-Za-z-]+'
}

_ctr_images()
{
	"$1" image ls --format json 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",*$/\1/p'
}

_ctr_containers()
{
	"$1" ps --all --format json 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",*$/\1/p'
}

# The command in words 1 to COMP_CWORD - 1, and in `at` its place.
_ctr_find_command()
{
	local i
	command='' at=0
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root | --state) i=$((i + 1)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]} at=$i
			return
			;;
		esac
	done
}

_ctr()
{
	local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} command at words

	# The tag of an image, too, is one word.
	if declare -F __ltrim_colon_completions >/dev/null; then
		_get_comp_words_by_ref -n : cur
	fi
	_ctr_find_command
	case $command:$cur in
	:-*) words='--root --state --help --version' ;;
	:*) words=$(_ctr_commands "$program") ;;
	help:*)
		words=$(_ctr_commands "$program")
		if ((COMP_CWORD > at + 1)); then
			words=$(_ctr_commands "$program" "${COMP_WORDS[at + 1]}")
		fi
		;;
	image:-*)
		words=--root
		if ((COMP_CWORD > at + 1)); then
			words=$(_ctr_flags "$program" image "${COMP_WORDS[at + 1]}")
		fi
		;;
	image:*)
		words=$(_ctr_images "$program")
		if ((COMP_CWORD == at + 1)); then
			words=$(_ctr_commands "$program" image)
		fi
		;;
	*:-*) words=$(_ctr_flags "$program" "$command") ;;
	run:[./]*) words= ;;
	run:*) words=$(_ctr_images "$program") ;;
	*) words=$(_ctr_containers "$program") ;;
	esac
	# shellcheck disable=SC2207 # none of the words has a blank or a wildcard in it
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$cur"
	fi
}
complete -o default -F _ctr ctr
