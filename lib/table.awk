# Draws clusters as a table. Input: the lines of GET /clusters as tab-separated values (docs/api.md).
# Variables: terminal (its columns; 0 is no limit), colour (1: with colours), wide (1: all columns),
# elapsed (seconds by the control plane's clock since the response), rows (at most so many clusters; 0 is no
# limit), changed (ids to highlight, between spaces), ellipsis. With frames, the table for as many moments, step
# seconds apart, each on a line of its own for a terminal, with seconds counted.
# Runs in the C locale, in which every awk counts bytes.

BEGIN {
  FS = "\t"
  count = split("NAME STATE EXPIRES-IN OWNER VERSION NODES COST ID CREATED CALLER", titles, " ")
  blanks = sprintf("%400s", "")
  # What matters least goes first: version, nodes, id, cost, owner, expiry.
  split("10 9 5 6 8 7 4 3", least, " ")
}

{
  line[++n] = $0
  if ($9 != "") costs++
}

END {
  shorten_ids()
  shown = rows && n > rows ? rows : n
  if (!frames) draw_table("\n")
  else for (f = 0; f < frames; f++) {
    # Ends the rest of what was there, and goes down without scrolling.
    draw_table("\033[K\r\033[B")
    printf "\n"
    elapsed += step
  }
}

# The text of a column of the cluster in $0.
function text_of(c) {
  if (c == 3) return $4 == "" ? "-" : duration($4 - elapsed)
  if (c == 8) return substr($1, 1, id_length)
  if (c == 7) return $9 == "" ? "-" : sprintf("$%.2f", $9)
  if (c == 9) return $10 == "" ? "-" : substr($10, 1, 10) " " substr($10, 12, 5)
  if (c == 4 && $6 == "nobody@example.com") return "-"
  # The others are as they are sent, in this order.
  return $field[c] == "" ? "-" : $field[c]
}

function draw_table(end,  r, c, i, text) {
  split("2 3 4 6 7 8 9 1 10 11", field, " ")
  split("", hidden)
  for (c = 1; c <= count; c++) width[c] = length(titles[c])
  if (!wide) hidden[9] = hidden[10] = 1
  else width[8] = 36
  for (r = 1; r <= shown; r++) {
    $0 = line[r]
    for (c = 1; c <= count; c++) {
      if (hidden[c]) continue
      text = text_of(c)
      # Most texts need no look at their characters: they take at most as many columns as they have bytes.
      if (length(text) > width[c] && columns_of(text) > width[c]) width[c] = columns_of(text)
    }
  }
  if (terminal && total() > terminal && !costs) hidden[7] = 1
  for (i = 1; terminal && total() > terminal && i <= 8; i++) hidden[least[i]] = 1
  if (terminal && total() > terminal) {
    width[1] -= total() - terminal
    if (width[1] < 4) width[1] = 4
  }
  draw_line(0, end)
  for (r = 1; r <= shown; r++) {
    $0 = line[r]
    draw_line(r, end)
  }
  if (n > shown) printf "and %d more%s", n - shown, end
}

function draw_line(r, end,  c, text, columns, code, out, pad) {
  pad = 0 # blanks before the next text
  is_ascii = (r ? $0 : "") !~ /[\200-\377]/ # as most are: then bytes need not be looked at
  for (c = 1; c <= count; c++) {
    if (hidden[c]) continue
    text = r ? text_of(c) : titles[c]
    columns = is_ascii ? length(text) : columns_of(text)
    if (columns > width[c]) { text = cut(text, width[c]); columns = width[c] }
    code = !colour ? "" : r ? style(c) : "1"
    out = out substr(blanks, 1, pad) (code == "" ? text : "\033[" code "m" text "\033[0m")
    pad = width[c] + 2 - columns
  }
  printf "%s%s", out, end
}

function total(  c, sum) {
  sum = -2
  for (c = 1; c <= count; c++) if (!hidden[c]) sum += width[c] + 2
  return sum
}

# The columns that a text takes: continuation bytes of UTF-8 take none.
function columns_of(text) {
  gsub(/[\200-\277]/, "", text)
  return length(text)
}

function cut(text, columns,  i, taken, out) {
  for (i = 1; i <= length(text); i++) {
    if (substr(text, i, 1) !~ /[\200-\277]/ && ++taken >= columns) break
    out = out substr(text, i, 1)
  }
  return out ellipsis
}

# How a column of the cluster in $0 is shown.
function style(c) {
  if (c == 1 && index(changed, " " $1 " ")) return "1;7"
  if (c == 2 && $3 == "ready") return "32"
  if (c == 2 && $3 ~ /failed|unreadable/) return "31"
  if (c == 2 && $3 == "gone") return "2"
  if (c == 2) return "33"
  if (c == 3 && $4 != "" && $4 - elapsed <= 360) return "33"
  return ""
}

function duration(seconds,  d, h, m) {
  if (seconds <= 0) return "now"
  if (!frames && seconds > 60) seconds = int((seconds + 59) / 60) * 60
  d = int(seconds / 86400); h = int(seconds % 86400 / 3600); m = int(seconds % 3600 / 60)
  if (d) return sprintf("%dd%02dh", d, h)
  if (h) return sprintf("%dh%02dm", h, m)
  if (!m) return seconds % 60 "s"
  return frames ? sprintf("%dm%02ds", m, seconds % 60) : m "m"
}

# Sets id_length to that of the shortest beginnings that tell the ids apart, of at least 8 characters, as the API
# takes them.
function shorten_ids(  r, seen, same, id) {
  for (r = 1; r <= n; r++) id[r] = substr(line[r], 1, index(line[r], "\t") - 1)
  for (id_length = wide ? 36 : 8; id_length < 36; id_length++) {
    if (id_length == 9 || id_length == 14 || id_length == 19 || id_length == 24) continue # ends in a dash
    split("", seen)
    same = 0
    for (r = 1; r <= n && !same; r++) same = seen[substr(id[r], 1, id_length)]++
    if (!same) break
  }
}
