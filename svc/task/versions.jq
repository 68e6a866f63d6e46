# config/versions.json, from what `aws eks describe-cluster-versions` says: jq -e -f versions.jq.
# Fails where that is no version at all: an empty list would mean that every one is fine.

def support: .versionStatus // .status // "" | ascii_upcase | gsub("-"; "_"); # the older field has dashes

[.clusterVersions[]
  | select(.clusterVersion | test("^1[.][0-9]{2}$"))
  | {version: .clusterVersion, support: support, preferred: (.defaultVersion == true)}
  | select(.support == "STANDARD_SUPPORT" or .support == "EXTENDED_SUPPORT")]
| unique_by(.version)
| if length == 0 then error("EKS offers no version") else . end
| {
    offered: map(.version),
    extended: map(select(.support == "EXTENDED_SUPPORT") | .version),
    preferred: ([
        (.[] | select(.preferred)),
        (reverse[] | select(.support == "STANDARD_SUPPORT")),
        last
      ] | first.version)
  }
