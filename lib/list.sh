# shellcheck shell=bash disable=SC2016 # awk's and jq's variables
# Lists of clusters: fetching, filtering, drawing.

rows=        # a line of tab-separated values for each cluster, see docs/api.md; as received until clean_rows
path_rows=() # those of each path
rows_at=0    # when those that exist were fetched, by SECONDS
rows_speed=1 # how fast the control plane's clock runs

tsv=text/tab-separated-values

# fetch_rows PATH …: sets rows to the clusters of all the paths. A listing that fails ends the command.
fetch_rows() {
  local path number=0
  for path; do
    call once GET "$path" -H "Accept: $tsv"
    take_rows "$path" "$number"
    number=$((number + 1))
  done
  join_rows
}

# Sets rows to those of all paths.
join_rows() {
  local some
  rows=
  for some in "${path_rows[@]}"; do
    rows+=$some
  done
}

# take_rows PATH NUMBER: sets path_rows[NUMBER] to the response.
take_rows() {
  local header speed
  read_header Content-Type
  [[ $header == "$tsv"* ]] \
    || fail "the control plane is older than this command: it cannot list clusters as a table" \
      "  update it:  $(command_line eksp-up.sh)" "  list as JSON: $(command_line "$program" -o json)"
  if [[ $1 != /clusters/gone ]]; then
    read_speed
    rows_at=$SECONDS rows_speed=$speed
  fi
  path_rows[$2]=$response_body$'\n'
}

# awk_rows [AWK-OPTION …]: runs awk on the rows that are to be shown, and on nothing else that was received.
awk_rows() {
  local options=()
  [[ -z ${option_mine-} ]] \
    || options=(-v mine=1 -v my_caller="$(caller_pattern)" -v my_owner="${EKSPHEMERAL_OWNER-}")
  printf %s "$rows" | LC_ALL=C awk ${options[@]+"${options[@]}"} -f "$here/lib/rows.awk" "$@"
}

# Leaves in rows what is to be shown.
clean_rows() {
  rows=$(awk_rows -v format=rows)
  rows+=${rows:+$'\n'}
}

# set_table_options: sets table_options to those of awk for the terminal that was measured.
set_table_options() {
  local ellipsis='~' wide=0
  ! is_utf8 || ellipsis=…
  [[ $output != wide ]] || wide=1
  table_options=(-v terminal="$terminal_columns" -v colour="$terminal_colour" -v ellipsis="$ellipsis"
    -v wide="$wide" -v elapsed=$(((SECONDS - rows_at) * rows_speed)) -f "$here/lib/table.awk")
}

# draw_table [AWK-OPTION …]: prints the rows, which are clean, for people.
draw_table() {
  set_table_options
  printf %s "$rows" | LC_ALL=C awk "$@" "${table_options[@]}"
}

# print_list: prints the rows in the format that was chosen.
print_list() {
  local text
  measure_terminal
  text=$(format_list)
  # A reader that has gone away, such as head, is no failure of awk's to be reported.
  if [[ -n $text ]]; then
    printf '%s\n' "$text" 2>/dev/null || exit 1
  elif [[ $output == table || $output == wide ]]; then
    info "no clusters" "  create one: $(command_line eksp-create.sh)"
  fi
}

format_list() {
  if [[ $output == table || $output == wide ]]; then
    [[ $output != wide ]] || terminal_columns=0 # all columns, however wide they are
    set_table_options
    awk_rows "${table_options[@]}"
  else
    awk_rows -v format="$output"
  fi
}

# print_records PATH …: prints the records of all the paths as one JSON array, on one line and in ASCII.
print_records() {
  local path all=
  for path; do
    call once GET "$path"
    all+=$response_body
  done
  response_body=$(jq -c -s --arg mine "${option_mine-}" --arg caller "$(caller_pattern)" --arg owner "${EKSPHEMERAL_OWNER-}" \
    'map(if type == "array" then .[] else . end)
      | if $mine == "" then . else map(select((.status.createdby // "" | test($caller)) or (.owner == $owner and $owner != ""))) end' \
    <<<"$all" 2>/dev/null) || response_body=$all
  print_response
}
