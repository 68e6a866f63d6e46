# shellcheck shell=bash disable=SC2016 # awk's and jq's variables
# Lists of clusters: fetching, filtering, drawing.

rows=        # a line of tab-separated values for each cluster, see docs/api.md
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

# take_rows PATH NUMBER: sets path_rows[NUMBER] from the response.
take_rows() {
  local taken
  [[ $(response_header Content-Type) == "$tsv"* ]] \
    || fail "the control plane is older than this command: it cannot list clusters as a table" \
      "  update it:  $(command_line eksp-up.sh)" "  list as JSON: $(command_line "$program" -o json)"
  [[ $1 == /clusters/gone ]] || rows_at=$SECONDS rows_speed=$(response_speed)
  # Nothing reaches the terminal but text, and nothing is a row that has no id. Some awks end at long texts.
  # Bytes of control characters, and in UTF-8 of those that change the direction of text or are not seen.
  taken=$(printf %s "$response_body" | LC_ALL=C awk -F '\t' '
    $1 ~ /^[A-Za-z0-9-]+$/ && length($1) <= 64 {
      gsub(/\302[\200-\237]|\342\200[\213-\217\250-\256]|\342\201[\240-\257]|\357\273\277|[\001-\010\013-\037\177]/, " ")
      line = $1
      for (i = 2; i <= 11 && i <= NF; i++) line = line "\t" substr($i, 1, 2048)
      print line
    }')
  if [[ -n $taken && -n ${option_mine-} ]]; then
    taken=$(LC_ALL=C awk -F '\t' -v caller="$(caller_pattern)" -v owner="${EKSPHEMERAL_OWNER-}" \
      '$11 ~ caller || (owner != "" && $6 == owner)' <<<"$taken")
  fi
  path_rows[$2]=$taken${taken:+$'\n'}
}

# awk_rows ARGUMENT …: runs awk on the rows.
awk_rows() {
  printf %s "$rows" | LC_ALL=C awk -F '\t' "$@"
}

# draw_table [AWK-OPTION …]: prints the rows for people, for the terminal that was measured.
draw_table() {
  local ellipsis='~' wide=0
  ! is_utf8 || ellipsis=…
  [[ $output != wide ]] || wide=1
  printf %s "$rows" | LC_ALL=C awk -v terminal="$terminal_columns" -v colour="$terminal_colour" -v ellipsis="$ellipsis" \
    -v wide="$wide" -v elapsed=$(((SECONDS - rows_at) * rows_speed)) "$@" -f "$here/lib/table.awk"
}

# print_list: prints the rows in the format that was chosen.
print_list() {
  local text
  measure_terminal
  text=$(format_list)
  # A reader that has gone away, such as head, is no failure of awk's to be reported.
  [[ -z $text ]] || printf '%s\n' "$text" 2>/dev/null || exit 1
}

format_list() {
  case $output in
    table | wide)
      if [[ -z $rows ]]; then
        info "no clusters" "  create one: $(command_line eksp-create.sh)"
      else
        [[ $output != wide ]] || terminal_columns=0 # all columns, however wide they are
        draw_table
      fi
      ;;
    name) awk_rows '$2 != "" { print $2 }' ;;
    ids) awk_rows '{ print $1 }' ;;
    json-ids) awk_rows '{ printf "%s\"%s\"", NR == 1 ? "[" : ",", $1 } END { print NR ? "]" : "[]" }' ;;
  esac
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
