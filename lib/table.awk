# Draws clusters as a table. Input: the lines of GET /clusters as tab-separated values (docs/api.md).
# Variables: terminal (its columns; 0 is no limit), colour (1: with colours), wide (1: all columns),
# elapsed (seconds by the control plane's clock since the response), live (1: count seconds, too),
# rows (at most so many clusters; 0 is no limit), changed (ids to highlight, between spaces), ellipsis.
# Runs in the C locale, in which every awk counts bytes.

BEGIN {
  FS = "\t"
  count = split("NAME STATE EXPIRES-IN OWNER VERSION NODES COST ID CREATED CALLER", titles, " ")
  for (c = 1; c <= count; c++) add(0, c, titles[c])
}

rows && n >= rows { more++; next }

{
  n++
  id[n] = $1
  add(n, 1, $2 == "" ? "-" : $2)
  add(n, 2, $3)
  left[n] = $4
  add(n, 3, $4 == "" ? "-" : duration($4 - elapsed))
  add(n, 4, $6 == "" || $6 == "nobody@example.com" ? "-" : $6)
  add(n, 5, $7 == "" ? "-" : $7)
  add(n, 6, $8 == "" ? "-" : $8)
  if ($9 != "") costs++
  add(n, 7, $9 == "" ? "-" : sprintf("$%.2f", $9))
  add(n, 9, $10 == "" ? "-" : substr($10, 1, 10) " " substr($10, 12, 5))
  add(n, 10, $11 == "" ? "-" : $11)
}

END {
  shorten_ids()
  if (wide) width[8] = width[8] < 36 ? 36 : width[8]
  else hidden[9] = hidden[10] = 1
  # What matters least goes first: a cost that no cluster has, then version, nodes, id, cost, owner, expiry.
  if (terminal && total() > terminal && !costs) hidden[7] = 1
  split("10 9 5 6 8 7 4 3", least, " ")
  for (i = 1; terminal && total() > terminal && i <= 8; i++) hidden[least[i]] = 1
  if (terminal && total() > terminal) {
    width[1] -= total() - terminal
    if (width[1] < 4) width[1] = 4
  }
  for (r = 0; r <= n; r++) draw(r)
  if (more) print "and " more " more"
}

function add(r, c, text) {
  cell[r, c] = text
  if (columns_of(text) > width[c]) width[c] = columns_of(text)
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
  if (columns_of(text) <= columns) return text
  for (i = 1; i <= length(text); i++) {
    if (substr(text, i, 1) !~ /[\200-\277]/ && ++taken >= columns) break
    out = out substr(text, i, 1)
  }
  return out ellipsis
}

function draw(r,  c, line, text, code, pad) {
  for (c = 1; c <= count; c++) {
    if (hidden[c]) continue
    text = cut(cell[r, c], width[c])
    pad = sprintf("%" (width[c] - columns_of(text) + 2) "s", "")
    code = r == 0 ? "1" : style(r, c)
    line = line (colour && code != "" ? "\033[" code "m" text "\033[0m" : text) pad
  }
  sub(/ +$/, "", line)
  print line
}

function style(r, c,  state) {
  state = cell[r, 2]
  if (c == 1 && index(changed, " " id[r] " ")) return "1;7"
  if (c == 2 && state == "ready") return "32"
  if (c == 2 && state ~ /failed|unreadable/) return "31"
  if (c == 2 && state == "gone") return "2"
  if (c == 2) return "33"
  if (c == 3 && left[r] != "" && left[r] - elapsed <= 360) return "33"
  return ""
}

function duration(seconds,  d, h, m) {
  if (seconds <= 0) return "now"
  if (!live && seconds > 60) seconds = int((seconds + 59) / 60) * 60
  d = int(seconds / 86400); h = int(seconds % 86400 / 3600); m = int(seconds % 3600 / 60)
  if (d) return sprintf("%dd%02dh", d, h)
  if (h) return sprintf("%dh%02dm", h, m)
  if (!m) return seconds % 60 "s"
  return live ? sprintf("%dm%02ds", m, seconds % 60) : m "m"
}

# The shortest beginnings that tell the ids apart, of at least 8 characters, as the API takes them.
function shorten_ids(  r, length_, seen, same) {
  for (length_ = wide ? 36 : 8; length_ < 36; length_++) {
    if (length_ == 9 || length_ == 14 || length_ == 19 || length_ == 24) continue # ends in a dash
    split("", seen)
    same = 0
    for (r = 1; r <= n && !same; r++) same = seen[substr(id[r], 1, length_)]++
    if (!same) break
  }
  for (r = 1; r <= n; r++) add(r, 8, substr(id[r], 1, length_))
}
