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

# Those that take a value, which stands behind one blank.
_ctr_valued_flags()
{
	"$@" --help 2>/dev/null | sed -n '/^flags:/,$p' | grep -oE '^ +(-[A-Za-z], )?--[a-z-]+ [^ ]' |
		grep -oE -e '--?[A-Za-z-]+'
}

# Of the words between the command, which takes as many words as there are arguments behind the program,
# and the cursor: how many are no flags and no values of flags, in `before`; and whether the word at the
# cursor is the value of one, in `is_value`.
_ctr_look_back()
{
	local i valued
	before=0 is_value=''
	valued=$(_ctr_valued_flags "$@")
	for ((i = at + $# - 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--*=*) ;;
		-*)
			if grep -qxFe "${COMP_WORDS[i]}" <<<"$valued" && ((++i == COMP_CWORD)); then
				is_value=yes
			fi
			;;
		*) before=$((before + 1)) ;;
		esac
	done
}

# What can stand there: names of images, of containers, of neither (files, then).
_ctr_names()
{
	local before is_value
	_ctr_look_back "$@"
	case $2:${3-}:$is_value:$before in
	*:yes:*)
		case ${COMP_WORDS[COMP_CWORD - 1]} in
		-v | --volume) _ctr_volumes "$1" ;;
		esac
		;;
	run::*:0 | create::*:0) _ctr_images "$1" ;;
	run:* | create:* | image:build:* | image:import:*) ;;
	image:*) _ctr_images "$1" ;;
	volume:inspect:* | volume:rm:*) _ctr_volumes "$1" ;;
	volume:*) ;;
	exec::*:0 | attach::*:0 | logs::*:0 | top::*:0 | diff::*:0) _ctr_containers "$1" ;;
	top:*) echo hpid pid ppid user uid gid huid pcpu time etime stat nice threads vsz rss comm args ;;
	cp:*) _ctr_containers "$1" | sed 's/$/:/' ;;
	exec:* | attach:* | logs:* | diff:* | ps:* | events:* | gc:* | autostart:* | info:* | check:*) ;;
	*) _ctr_containers "$1" ;;
	esac
}

_ctr_images()
{
	"$1" image ls --format json 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",*$/\1/p'
}

_ctr_containers()
{
	"$1" ps --all --format json 2>/dev/null | sed -n 's/^ *"name": "\(.*\)",*$/\1/p'
}

_ctr_volumes()
{
	"$1" volume ls --quiet 2>/dev/null
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
		words=$(_ctr_commands "$program" image)
		if ((COMP_CWORD > at + 1)); then
			words=$(_ctr_names "$program" image "${COMP_WORDS[at + 1]}")
		fi
		;;
	volume:*)
		words=$(_ctr_commands "$program" volume)
		if ((COMP_CWORD > at + 1)); then
			case $cur in
			-*) words=$(_ctr_flags "$program" volume "${COMP_WORDS[at + 1]}") ;;
			*) words=$(_ctr_names "$program" volume "${COMP_WORDS[at + 1]}") ;;
			esac
		fi
		;;
	*:-*) words=$(_ctr_flags "$program" "$command") ;;
	*:[./]*) words= ;;
	*) words=$(_ctr_names "$program" "$command") ;;
	esac
	# shellcheck disable=SC2207 # none of the words has a blank or a wildcard in it
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
	if declare -F __ltrim_colon_completions >/dev/null; then
		__ltrim_colon_completions "$cur"
	fi
}
complete -o default -F _ctr ctr
