# Draws clusters as a table. Input: the lines of GET /clusters as tab-separated values (docs/api.md).
# Variables: terminal (its columns; 0 is no limit), colour (1: with colours), wide (1: all columns),
# elapsed (seconds by the control plane's clock since the response), rows (at most so many clusters; 0 is no
# limit), changed (ids to highlight, between spaces), ellipsis. With frames, the table for as many moments, step
# seconds apart, each on a line of its own for a terminal, with seconds counted.
# Runs in the C locale, in which every awk counts bytes. A thousand clusters take some milliseconds, so what is done
# for each of them calls no function of its own where that can be avoided.

BEGIN {
  FS = "\t"
  count = split("NAME STATE EXPIRES-IN OWNER VERSION NODES COST ID CREATED CALLER", titles, " ")
  blanks = sprintf("%400s", "")
  # What matters least goes first: version, nodes, id, cost, owner, expiry.
  split("10 9 5 6 8 7 4 3", least, " ")
  for (c = 1; c <= count; c++) longest[c] = length(titles[c])
}

{
  id[++n] = $1
  if ($9 != "") costs++
  if (rows && n > rows) next
  left[n] = $4
  name[n] = $2 == "" ? "-" : $2
  state[n] = $3 == "" ? "-" : $3
  owner[n] = $6 == "" || $6 == "nobody@example.com" ? "-" : $6
  version[n] = $7 == "" ? "-" : $7
  nodes[n] = $8 == "" ? "-" : $8
  cost[n] = $9 == "" ? "-" : sprintf("$%.2f", $9)
  if (wide) {
    created[n] = $10 == "" ? "-" : substr($10, 1, 10) " " substr($10, 12, 5)
    caller[n] = $11 == "" ? "-" : $11
    widen(9, created[n])
    widen(10, caller[n])
  }
  is_ascii[n] = $0 !~ /[\200-\377]/ # as most are: then bytes need not be looked at
  if (length(name[n]) > longest[1]) widen(1, name[n])
  if (length(state[n]) > longest[2]) widen(2, state[n])
  if (length(owner[n]) > longest[4]) widen(4, owner[n])
  if (length(version[n]) > longest[5]) widen(5, version[n])
  if (length(nodes[n]) > longest[6]) widen(6, nodes[n])
  if (length(cost[n]) > longest[7]) widen(7, cost[n])
  if (length($1) > longest[8]) widen(8, $1)
}

END {
  if (!n) exit
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

# Makes room for a text in a column.
function widen(c, text,  columns) {
  columns = columns_of(text)
  if (columns > longest[c]) longest[c] = columns
}

function draw_table(end,  c, r, i, last, format, painted, short_id) {
  split("", hidden)
  for (c = 1; c <= count; c++) width[c] = longest[c]
  if (!wide) hidden[9] = hidden[10] = 1
  if (width[8] > id_length) width[8] = id_length
  if (wide) width[8] = 36
  for (r = 1; r <= shown; r++) {
    expiry[r] = left[r] == "" ? "-" : duration(left[r] - elapsed)
    if (length(expiry[r]) > width[3]) width[3] = length(expiry[r])
  }
  if (terminal && total() > terminal && !costs) hidden[7] = 1
  for (i = 1; terminal && total() > terminal && i <= 8; i++) hidden[least[i]] = 1
  if (terminal && total() > terminal) {
    width[1] -= total() - terminal
    if (width[1] < 4) width[1] = 4
  }
  for (c = 1; c <= count; c++) if (!hidden[c]) last = c
  # Most lines are drawn by one format. What has a colour comes with its blanks.
  for (c = 1; c <= count; c++)
    format = format (hidden[c] ? "%.0s" : c == last || (colour && (c == 2 || c == 3)) ? "%s" : "%-" width[c] "s  ")
  draw_line(0, last, end)
  for (r = 1; r <= shown; r++) {
    if (!is_ascii[r] || length(name[r]) > width[1] || (colour && index(changed, " " id[r] " "))) {
      draw_line(r, last, end)
      continue
    }
    if (!colour) {
      printf format, name[r], state[r], expiry[r], owner[r], version[r], nodes[r], cost[r], substr(id[r], 1, id_length), created[r], caller[r]
    } else {
      if (!(state[r] in painted)) painted[state[r]] = paint(state[r], style(2, r), last == 2 ? 0 : width[2] + 2)
      printf format, name[r], painted[state[r]], paint(expiry[r], style(3, r), last == 3 ? 0 : width[3] + 2), owner[r], version[r], nodes[r], cost[r], substr(id[r], 1, id_length), created[r], caller[r]
    }
    printf "%s", end
  }
  if (n > shown) printf "and %d more%s", n - shown, end
}

# A text in a colour, filled up with blanks.
function paint(text, code, columns) {
  return (code == "" ? text : "\033[" code "m" text "\033[0m") substr(blanks, 1, columns - length(text))
}

# Draws the titles, or any cluster.
function draw_line(r, last, end,  c, text, columns) {
  for (c = 1; c <= last; c++) {
    if (hidden[c]) continue
    text = r ? text_of(c, r) : titles[c]
    columns = columns_of(text)
    if (columns > width[c]) { text = cut(text, width[c]); columns = width[c] }
    # The blanks are for columns, of which some characters take fewer than bytes.
    printf "%s", paint(text, !colour ? "" : r ? style(c, r) : "1", 0)
    if (c < last) printf "%s", substr(blanks, 1, width[c] + 2 - columns)
  }
  printf "%s", end
}

function text_of(c, r) {
  if (c == 1) return name[r]
  if (c == 2) return state[r]
  if (c == 3) return expiry[r]
  if (c == 4) return owner[r]
  if (c == 5) return version[r]
  if (c == 6) return nodes[r]
  if (c == 7) return cost[r]
  if (c == 8) return substr(id[r], 1, id_length)
  if (c == 9) return created[r]
  return caller[r]
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

# How a column of a cluster is shown.
function style(c, r) {
  if (c == 1 && index(changed, " " id[r] " ")) return "1;7"
  if (c == 2 && state[r] == "ready") return "32"
  if (c == 2 && state[r] ~ /failed|unreadable/) return "31"
  if (c == 2 && state[r] == "gone") return "2"
  if (c == 2) return "33"
  if (c == 3 && left[r] != "" && left[r] - elapsed <= 360) return "33"
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
function shorten_ids(  r, seen, same) {
  for (id_length = wide ? 36 : 8; id_length < 36; id_length++) {
    if (id_length == 9 || id_length == 14 || id_length == 19 || id_length == 24) continue # ends in a dash
    split("", seen)
    same = 0
    for (r = 1; r <= n && !same; r++) same = seen[substr(id[r], 1, id_length)]++
    if (!same) break
  }
}
