# Takes what is shown from a listing of clusters as tab-separated values (docs/api.md).
# Variables: format (name, ids, json-ids or rows; otherwise what follows gets the rows), and with mine only those
# whose caller matches the pattern my_caller, or whose owner is my_owner.
# Runs in the C locale, in which every awk counts bytes.

BEGIN { FS = "\t" }

# Nothing is a row that has no id.
length($1) > 64 || $1 !~ /^[A-Za-z0-9-]+$/ { next }

# Nothing reaches the terminal but text, in UTF-8 without the characters that change its direction or are not seen.
# Some awks end at long texts. Most rows need nothing of that.
NF > 11 || length($0) > 2048 || /[^\t -~]/ {
  gsub(/\302[\200-\237]|\342\200[\213-\217\250-\256]|\342\201[\240-\257]|\357\273\277|[\001-\010\013-\037\177]/, " ")
  clean = $1
  for (i = 2; i <= 11 && i <= NF; i++) clean = clean "\t" substr($i, 1, 2048)
  $0 = clean
}

mine && !($11 ~ my_caller || (my_owner != "" && $6 == my_owner)) { next }

format == "rows" { print; next }
format == "name" { if ($2 != "") print $2; next }
format == "ids" { print $1; next }
format == "json-ids" { printf "%s\"%s\"", ids++ ? "," : "[", $1; next }

END { if (format == "json-ids") print ids ? "]" : "[]" }
