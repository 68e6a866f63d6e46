# shellcheck shell=bash
# The commands: their names and the comments at their tops. eksp sources this file without any other.

# list_commands: prints the commands, a line each.
list_commands() {
  local script
  for script in "$here"/eksp-*.sh; do
    command_name "${script##*/}"
    printf '\n'
  done
}

# command_name SCRIPT: prints what follows eksp for it.
command_name() {
  local name=${1#eksp-}
  printf %s "${name%.sh}"
}

# resolve_alias COMMAND: prints the command that it is short for, or the same.
resolve_alias() {
  case $1 in
    ls) printf list ;;
    rm) printf destroy ;;
    extend) printf prolong ;;
    *) printf %s "$1" ;;
  esac
}

# header FILE: prints the comment at its top, which is its help.
header() {
  sed -n -e 1d -e '/^#/!q' -e 's/^# \{0,1\}//p' "$1"
}
