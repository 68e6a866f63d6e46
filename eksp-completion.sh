#!/usr/bin/env bash
# Prints a script that completes eksp in your shell.
#
#   ./eksp-completion.sh bash|zsh|fish
#
# It completes commands, options, formats, and the names and ids of clusters, for which it asks the control
# plane (with --local on the command line, or EKSPHEMERAL_LOCAL=1, the one on this machine) and waits for at
# most two seconds. To load it:
#
#   bash   eval "$(eksp completion bash)"        in ~/.bashrc
#   zsh    source <(eksp completion zsh)         in ~/.zshrc, after compinit
#   fish   eksp completion fish | source         in ~/.config/fish/config.fish
#
#   ./eksp-completion.sh candidates WORD …
#
# prints what the last WORD can be completed to, a line each; these scripts call it.

# Ignores the caller's shell options, functions, BASH_ENV and CDPATH.
[[ $- == *p* ]] || exec bash -p "$0" "$@"
set -euo pipefail
self=$0
while [[ -L $self ]]; do
  here=$(dirname "$self") self=$(readlink "$self")
  [[ $self == /* ]] || self=$here/$self
done
[[ $self == */* ]] || self=./$self
here=$(cd -P "${self%/*}/" && pwd)
# shellcheck source=lib/common.sh
. "$here/lib/common.sh"

# Prints what can follow eksp, a line each.
list_words() {
  list_commands
  printf '%s\n' help ls rm extend
}

# list_options COMMAND: prints its options, a line each, as its header has them.
list_options() {
  header "$here/eksp-$1.sh" | grep -o -E -- '--[a-z][a-z-]*' | sort -u
  echo --help
}

# list_clusters WORD: prints names, and ids if the word can be the beginning of one; nothing if they cannot be
# listed within two seconds.
list_clusters() {
  local pid watchdog
  set -m # each process has a group, with all that it starts
  fetch_clusters >"$scratch/clusters" 2>/dev/null </dev/null &
  pid=$!
  { sleep 2 && kill -KILL -- "-$pid"; } >/dev/null 2>&1 </dev/null &
  watchdog=$!
  set +m
  if wait "$pid"; then
    cut -s -f 2 "$scratch/clusters"
    [[ $1 != [0-9a-f][0-9a-f]* ]] || cut -s -f 1 "$scratch/clusters"
  fi
  kill -- "-$watchdog" || true
} 2>/dev/null

# Prints the clusters, a line of tab-separated values each.
fetch_clusters() {
  parse_options '' ${local_option:+--local}
  find_endpoint
  send GET /clusters -H 'Accept: text/tab-separated-values'
  [[ $response_status == 200 ]] && printf '%s\n' "$response_body"
}

# list_values PREVIOUS-WORD: prints what can follow an option; fails if its value is free.
list_values() {
  case $1 in
    -o | --output)
      case $command in
        list) printf '%s\n' table wide json name ids ;;
        *) printf '%s\n' text json ;;
      esac
      ;;
    --arch) printf '%s\n' x86_64 arm64 ;;
    --for) printf '%s\n' ready gone ;;
    *) return 1 ;;
  esac
}

# candidates WORD …: the words after eksp; the last one is being typed.
candidates() {
  local word=${!#} previous=${*:$#-1:1}
  command=
  local_option=
  for given in "${@:1:$#-1}"; do
    case $given in
      --local) local_option=1 ;;
      -*) ;;
      *) [[ -n $command ]] || command=$given ;;
    esac
  done
  command=$(resolve_alias "$command")
  if [[ -z $command ]]; then
    list_words
    echo --local
  elif [[ $command == help ]]; then
    list_words
  elif [[ ! $command =~ ^[a-z]+$ || ! -f $here/eksp-$command.sh ]]; then
    return
  elif list_values "$previous"; then
    return
  elif [[ $word == -* ]]; then
    list_options "$command"
  elif [[ $(header "$here/eksp-$command.sh") == *'ID|NAME'* ]]; then
    list_clusters "$word"
  elif [[ $command == create ]]; then
    (cd "$here/svc" && printf '%s\n' [!c]*.json)
  elif [[ $command == completion ]]; then
    printf '%s\n' bash zsh fish
  fi
}

# The candidates that begin with the word that is being typed. The shell puts them into a command as they are.
print_candidates() {
  local candidate word=${!#}
  make_scratch # not in a subshell, so that it is removed
  candidates "$@" | sort -u | while IFS= read -r candidate; do
    [[ $candidate != "$word"* || ! $candidate =~ ^[A-Za-z0-9._-]+$ ]] || printf '%s\n' "$candidate"
  done
}

if [[ ${1-} == candidates ]]; then
  shift
  (($#)) || set -- ''
  print_candidates "$@"
  exit
fi
parse_options '' "$@"
expect_arguments 1 1
case ${arguments[0]} in
  bash)
    cat <<'SCRIPT'
_eksp() {
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}") # bash 3.2 makes one word of them after the next line
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" completion candidates "${words[@]}" 2>/dev/null))
}
complete -o default -F _eksp eksp
SCRIPT
    ;;
  zsh)
    cat <<'SCRIPT'
_eksp() {
  local -a candidates
  candidates=("${(@f)$("${words[1]}" completion candidates "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=(${candidates:#})
  if (( ${#candidates} )); then compadd -- $candidates; else _files; fi
}
compdef _eksp eksp
SCRIPT
    ;;
  fish)
    cat <<'SCRIPT'
function __eksp_candidates
    set -l words (commandline -opc) (commandline -ct)
    $words[1] completion candidates $words[2..] 2>/dev/null
end
complete -c eksp -f -a '(__eksp_candidates)'
complete -c eksp -n '__fish_seen_subcommand_from create' -F
SCRIPT
    ;;
  *) fail_usage "unknown shell '${arguments[0]}': expected bash, zsh or fish" ;;
esac
