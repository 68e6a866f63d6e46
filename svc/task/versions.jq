# Makes config/versions.json from `aws eks describe-cluster-versions`: jq -e -f versions.jq.
# Fails if there is no version: an empty list would mean that all are valid.

def support: .versionStatus // .status // "" | ascii_upcase | gsub("-"; "_"); # the older field has dashes

[.clusterVersions[]
  | select(.clusterVersion | test("^1[.][0-9]{2}$"))
  | {version: .clusterVersion, support: support, preferred: (.defaultVersion == true)}
  | select(.support == "STANDARD_SUPPORT" or .support == "EXTENDED_SUPPORT")]
| unique_by(.version)
| if length == 0 then error("no versions of EKS") else . end
| {
    offered: map(.version),
    extended: map(select(.support == "EXTENDED_SUPPORT") | .version),
    preferred: ([
        (.[] | select(.preferred)),
        (reverse[] | select(.support == "STANDARD_SUPPORT")),
        last
      ] | first.version)
  }
