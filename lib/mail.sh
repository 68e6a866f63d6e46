# shellcheck shell=bash
# Whether SES can send the mails of an installation.

# Warns about what keeps mails from being sent or received.
check_mail() {
  local address status
  address=$(jq -r '.NotifyAddress // ""' <<<"$parameters")
  if [[ -z $address ]]; then
    warn "no mails are sent: no sender is set" \
      "  set one: $(command_line eksp-up.sh --notify you@your-company.io)"
    return
  fi
  if ! run_aws ses get-identity-verification-attributes --identities "$address" "${address##*@}"; then
    warn "whether SES may send mails from $address cannot be looked up: $aws_error"
    return
  fi
  # shellcheck disable=SC2016 # jq's variables
  status=$(jq -r --arg address "$address" --arg domain "${address##*@}" '
    .VerificationAttributes | [.[$address], .[$domain] | .VerificationStatus // empty]
    | if index("Success") then "Success" else .[0] // "" end' <<<"$aws_output")
  case $status in
    Success) ;;
    Pending) warn "no mails are sent until you click the link in the mail that AWS has sent to $address" ;;
    *)
      if run_aws ses verify-email-identity --email-address "$address"; then
        warn "no mails are sent until you click the link in the mail that AWS is sending to $address"
      else
        warn "no mails are sent, and the verification of $address cannot be started: $aws_error"
      fi
      ;;
  esac
  if run_aws sesv2 get-account && [[ $(jq '.ProductionAccessEnabled' <<<"$aws_output") == false ]]; then
    warn "SES is in its sandbox in region $region, so mails reach only verified addresses:" \
      "  aws ses verify-email-identity --region $region --email-address OWNER" \
      "  or request production access: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html"
  fi
}
