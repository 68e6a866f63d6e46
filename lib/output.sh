# shellcheck shell=bash disable=SC2016,SC2034 # not every command uses all of the results
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

# In jq, with $columns of the terminal, or 0 if there is none: what a cluster is, a line for each field, wrapped at
# words. The labels are the same wherever it is shown, and those of the list.
jq_fields='
  # The lines of a text: none has more columns than there is room for, unless a single word has.
  def wrapped($room):
    if $columns == 0 then [.] else
      reduce split(" ")[] as $word ([];
        if length > 0 and (.[length - 1] | length) + 1 + ($word | length) <= $room
        then .[length - 1] += " " + $word else . + [$word] end) end;
  def indented($blanks): wrapped($columns - $blanks) | .[] | (" " * $blanks) + .;
  def field($key): if . == null or . == "" then empty else
      (tostring | safe_text) as $text
      | if $columns > 0 and ([$text | split(" ")[] | length] | max) > $columns - 15
        then "  \($key)", ($text | indented(4))
        else ($text | wrapped($columns - 15)) as $lines
          | "  \($key + "            " | .[:13])\($lines[0])", ($lines[1:][] | (" " * 15) + .) end end;
  def version_fields: (.kubeversion | field("version")),
    (if .nodes then "\(.numworkers) of \(.nodes | describe_nodes)" else .numworkers end | field("nodes"));
  def owner_field: .owner | if . == "nobody@example.com" then "none: no notices are sent" else . end | field("owner");'

# wrap_sentences TEXT …: prints each line of the texts in lines that end between words, unless it is indented.
wrap_sentences() {
  local text line
  for text; do
    while IFS= read -r line; do
      if ((${#line} <= terminal_columns)) || [[ $line == ' '* ]]; then
        printf '%s\n' "$line"
      else
        wrap_line "$line"
      fi
    done <<<"$text"
  done
}

wrap_line() (
  set -f
  IFS=' ' line=
  for word in $1; do
    if [[ -z $line ]]; then
      line=$word
    elif ((${#line} + 1 + ${#word} <= terminal_columns)); then
      line+=" $word"
    else
      printf '%s\n' "$line"
      line="  $word"
    fi
  done
  printf '%s\n' "$line"
)
