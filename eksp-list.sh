#!/usr/bin/env bash
# Lists the clusters, or shows one.
#
#   ./eksp-list.sh [--local] [--mine] [--all] [--watch] [-o FORMAT] [ID|NAME]
#
#   ID|NAME     the cluster to show
#   --local     on this machine; equivalent to EKSPHEMERAL_LOCAL=1
#   --mine      only those that you created or, with EKSPHEMERAL_OWNER set, own
#   --all       also the latest ones that are gone
#   --watch     redraw the table as time passes and clusters change
#   -o FORMAT   table, wide: for people; json: the records; name, ids: a line each
#
# Without -o, eksp prints a table on a terminal, and the records elsewhere. This script prints JSON on one
# line: the ids of all clusters, oldest first, or the record of ID|NAME.

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
# shellcheck source=lib/list.sh
. "$here/lib/list.sh"
# shellcheck source=lib/watch.sh
. "$here/lib/watch.sh"

parse_options 'mine all watch output=' "$@"
expect_arguments 0 1
for_programs=json
[[ -n $front ]] || for_programs=json-ids
choose_output table "$for_programs" table wide json name ids
if [[ -n ${option_watch-} && $output != table && $output != wide ]]; then
  [[ -z ${option_output-} ]] || fail_usage "--watch shows a table, not $output" "  without -o: $(command_line "$program" --watch)"
  output=table
fi
require_tools
paths=(/clusters)
[[ -z ${option_all-} ]] || paths=(/clusters/gone /clusters)
[[ ! ${arguments[0]+given} ]] || path_segment "${arguments[0]}" >/dev/null
find_endpoint
if [[ ${arguments[0]+given} ]]; then
  find_cluster once "${arguments[0]}"
  if [[ $output == json || $output == json-ids ]]; then
    print_response
    exit
  fi
  # Not by its name, which is another cluster's once this one is gone.
  id=$(response_id)
  paths=("/status/$(path_segment "${id:-${arguments[0]}}")")
fi

if [[ -n ${option_watch-} ]]; then
  watch_list "${paths[@]}"
elif [[ $output == json ]]; then
  print_records "${paths[@]}"
elif [[ $output == json-ids && -z ${option_mine-}${option_all-} ]]; then
  call once GET /status
  print_response
else
  fetch_rows "${paths[@]}"
  print_list
fi
