# shellcheck shell=bash disable=SC2034 # not every command uses all of the results
# Output for people on a terminal, and for programs.

output= # the format of what goes to stdout, see choose_output

# choose_output FORMAT-FOR-PEOPLE FORMAT-FOR-PROGRAMS FORMAT …: sets output to what -o asks for, which must
# be one of the formats. Without it, eksp prints for people on a terminal; everything else is for programs.
choose_output() {
  local formats=" ${*:3} "
  if [[ -n ${option_output+given} ]]; then
    [[ $option_output =~ ^[a-z]+$ && $formats == *" $option_output "* ]] \
      || fail_with_usage "invalid format '$option_output': expected $(join_words "${@:3}")"
    output=$option_output
  elif [[ -n $front && -t 1 ]]; then
    output=$1
  else
    output=$2
  fi
}

# join_words WORD …: prints them with commas.
join_words() {
  printf %s "$1"
  shift
  (($# == 0)) || printf ', %s' "$@"
}

# has_colour FD: whether what is written there may have colours.
has_colour() {
  [[ -t $1 && -z ${NO_COLOR-} ]] && can_redraw "$1"
}

# can_redraw FD: whether it is a terminal on which the cursor can be moved. Logs of CI show every drawing.
can_redraw() {
  [[ -t $1 && ${TERM-dumb} != dumb && (-z ${CI-} || $CI == false) ]]
}

# Whether the locale has characters beyond ASCII.
is_utf8() {
  case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
    *[Uu][Tt][Ff]-8* | *[Uu][Tt][Ff]8*) ;;
    *) return 1 ;;
  esac
}

# measure_terminal [FD]: sets terminal_rows and terminal_columns to the size of the terminal on FD, else
# stdout, or 0 if it is none, and terminal_colour to 1 if it has colours, or 0.
measure_terminal() {
  local fd=${1-1} size='' columns=${COLUMNS-}
  terminal_rows=0 terminal_columns=0 terminal_colour=0
  [[ -t $fd ]] || return 0
  ! has_colour "$fd" || terminal_colour=1
  { size=$(stty size 2>/dev/null <&3) || size=; } 3>&"$fd"
  if [[ $size =~ ^([0-9]+)\ ([0-9]+)$ ]]; then
    terminal_rows=${BASH_REMATCH[1]} terminal_columns=${BASH_REMATCH[2]}
  fi
  [[ $terminal_columns != 0 || ! $columns =~ ^[1-9][0-9]{0,3}$ ]] || terminal_columns=$columns
}

screen_entered= # whether the terminal shows its second screen

# Shows the terminal's second screen, without a cursor; leave_screen shows the first one again.
enter_screen() {
  screen_entered=1
  printf '\033[?1049h\033[?25l'
}

leave_screen() {
  [[ -z $screen_entered ]] || printf '\033[?25h\033[?1049l' || true # the terminal may be gone
  screen_entered=
}
