#!/usr/bin/env bash
# Least privilege from the stock AWS CLI, step by step as a person types it. Run by IdentityWalkthroughTests with the AWS variables of the
# account's root, STRONGROOM (the executable), STRONGROOM_DATA and OIDC_DIRECTORY set, in an empty directory. Ends with "done" or at the first surprise.
set -euo pipefail

say() { printf '== %s\n' "$*"; }
surprise() { printf 'SURPRISE: %s\n' "$*" >&2; exit 1; }

# denied TEXT COMMAND...: the command must fail with this text.
denied() {
  local text=$1 output
  shift
  if output=$("$@" 2>&1); then surprise "allowed: $*"; fi
  [[ $output == *"$text"* ]] || surprise "$* failed with: $output"
}

# as ID SECRET TOKEN COMMAND...
as() {
  local id=$1 secret=$2 token=$3
  shift 3
  if [[ -n $token ]]; then
    env AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY="$secret" AWS_SESSION_TOKEN="$token" "$@"
  else
    env AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY="$secret" "$@"
  fi
}

equal() { [[ $1 == "$2" ]] || surprise "expected '$1', got '$2'"; }

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

account=$(aws sts get-caller-identity --query Account --output text)
aws secretsmanager create-secret --name team-a/db --secret-string a-value --tags Key=team,Value=a >/dev/null
aws secretsmanager create-secret --name team-b/db --secret-string b-value >/dev/null

say "a user with an inline policy"
cat >read-team-a.json <<JSON
{ "Version": "2012-10-17", "Statement": [
  { "Sid": "ReadTeamA", "Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
    "Resource": "arn:aws:secretsmanager:*:*:secret:team-a/*" } ] }
JSON
aws iam create-user --user-name app >/dev/null
aws iam put-user-policy --user-name app --policy-name read-team-a --policy-document file://read-team-a.json
read -r id secret < <(aws iam create-access-key --user-name app --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
equal a-value "$(as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-a/db --query SecretString --output text)"
denied "User: arn:aws:iam::$account:user/app is not authorized to perform: secretsmanager:GetSecretValue on resource: team-b/db because no identity-based policy allows the secretsmanager:GetSecretValue action" \
  as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-b/db

say "a role: session policy, session tags, expiry"
cat >trust.json <<JSON
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::$account:user/app" }, "Action": ["sts:AssumeRole", "sts:TagSession"] } ] }
JSON
cat >by-tag.json <<'JSON'
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*",
    "Condition": { "StringEquals": { "aws:ResourceTag/team": "${aws:PrincipalTag/team}" } } } ] }
JSON
aws iam create-role --role-name operator --assume-role-policy-document file://trust.json >/dev/null
aws iam put-role-policy --role-name operator --policy-name by-tag --policy-document file://by-tag.json
role=arn:aws:iam::$account:role/operator
read -r rid rsecret rtoken < <(as "$id" "$secret" "" aws sts assume-role --role-arn "$role" --role-session-name deploy --tags Key=team,Value=a \
  --duration-seconds 900 --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
equal "arn:aws:sts::$account:assumed-role/operator/deploy" "$(as "$rid" "$rsecret" "$rtoken" aws sts get-caller-identity --query Arn --output text)"
as "$rid" "$rsecret" "$rtoken" aws secretsmanager put-secret-value --secret-id team-a/db --secret-string a-2 >/dev/null
denied AccessDeniedException as "$rid" "$rsecret" "$rtoken" aws secretsmanager get-secret-value --secret-id team-b/db
read -r nid nsecret ntoken < <(as "$id" "$secret" "" aws sts assume-role --role-arn "$role" --role-session-name narrow --tags Key=team,Value=a \
  --policy '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:DescribeSecret","Resource":"*"}}' \
  --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]' --output text)
as "$nid" "$nsecret" "$ntoken" aws secretsmanager describe-secret --secret-id team-a/db >/dev/null
denied "because no session policy allows" as "$nid" "$nsecret" "$ntoken" aws secretsmanager get-secret-value --secret-id team-a/db
denied "is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::$account:role/absent" \
  as "$id" "$secret" "" aws sts assume-role --role-arn "arn:aws:iam::$account:role/absent" --role-session-name job

say "a CI job: web identity"
issuer=https://ci.example.test
openssl genrsa -out ci.key 2048 2>/dev/null
modulus=$(openssl rsa -in ci.key -noout -modulus | cut -d= -f2 | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read().strip()))' | base64url)
printf '{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","kid":"k1","n":"%s","e":"AQAB"}]}' "$modulus" >"$OIDC_DIRECTORY/ci.example.test.jwks.json"
# token KID SUBJECT
token() {
  local now head body
  now=$(date +%s)
  head=$(printf '{"alg":"RS256","typ":"JWT","kid":"%s"}' "$1" | base64url)
  body=$(printf '{"iss":"%s","aud":"sts.amazonaws.com","sub":"%s","iat":%d,"exp":%d}' "$issuer" "$2" "$now" $((now + 600)) | base64url)
  printf '%s.%s.%s' "$head" "$body" "$(printf '%s.%s' "$head" "$body" | openssl dgst -sha256 -sign ci.key -binary | base64url)"
}
aws iam create-open-id-connect-provider --url $issuer --client-id-list sts.amazonaws.com >/dev/null
cat >ci-trust.json <<JSON
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Principal": { "Federated": "arn:aws:iam::$account:oidc-provider/ci.example.test" }, "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": { "StringEquals": { "ci.example.test:sub": "repo:shop", "ci.example.test:aud": "sts.amazonaws.com" } } } ] }
JSON
aws iam create-role --role-name ci --assume-role-policy-document file://ci-trust.json >/dev/null
aws iam create-policy --policy-name readers --policy-document file://read-team-a.json >/dev/null
aws iam attach-role-policy --role-name ci --policy-arn "arn:aws:iam::$account:policy/readers"
token k1 repo:shop >token
equal a-2 "$(env -u AWS_ACCESS_KEY_ID -u AWS_SECRET_ACCESS_KEY -u AWS_SHARED_CREDENTIALS_FILE AWS_ROLE_ARN="arn:aws:iam::$account:role/ci" AWS_WEB_IDENTITY_TOKEN_FILE=token \
  AWS_SHARED_CREDENTIALS_FILE=/dev/null aws secretsmanager get-secret-value --secret-id team-a/db --query SecretString --output text)"
denied "Not authorized to perform sts:AssumeRoleWithWebIdentity" \
  aws sts assume-role-with-web-identity --role-arn "arn:aws:iam::$account:role/ci" --role-session-name job --web-identity-token "$(token k1 repo:other)"

say "a key of one's own"
key=$(aws kms create-key --description team-a --query KeyMetadata.KeyId --output text)
aws kms create-alias --alias-name alias/team-a --target-key-id "$key"
aws secretsmanager create-secret --name team-a/keyed --kms-key-id alias/team-a --secret-string k-value >/dev/null
denied "Access to KMS is not allowed" as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-a/keyed
cat >use-key.json <<JSON
{ "Version": "2012-10-17", "Statement": [
  { "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "arn:aws:kms:*:$account:key/$key",
    "Condition": { "StringLike": { "kms:ViaService": "secretsmanager.*.amazonaws.com" } } } ] }
JSON
aws iam put-user-policy --user-name app --policy-name use-key --policy-document file://use-key.json
equal k-value "$(as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-a/keyed --query SecretString --output text)"
aws kms disable-key --key-id "$key"
denied DecryptionFailure aws secretsmanager get-secret-value --secret-id team-a/keyed
denied DecryptionFailure as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-a/keyed
aws kms enable-key --key-id "$key"
equal k-value "$(aws secretsmanager get-secret-value --secret-id team-a/keyed --query SecretString --output text)"
aws kms rotate-key-on-demand --key-id "$key" >/dev/null
"$STRONGROOM" rewrap >/dev/null
equal k-value "$(aws secretsmanager get-secret-value --secret-id team-a/keyed --query SecretString --output text)"

say "grants and denies of the secret itself, across accounts"
cat >grant.json <<JSON
{ "Version": "2012-10-17", "Statement": [
  { "Sid": "AppReads", "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::$account:user/app" }, "Action": "secretsmanager:GetSecretValue", "Resource": "*" },
  { "Sid": "NotDeploy", "Effect": "Deny", "Principal": { "AWS": "$role" }, "Action": "secretsmanager:*", "Resource": "*" } ] }
JSON
aws secretsmanager put-resource-policy --secret-id team-b/db --resource-policy file://grant.json >/dev/null
equal b-value "$(as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-b/db --query SecretString --output text)"
aws secretsmanager tag-resource --secret-id team-b/db --tags Key=team,Value=a
denied "with an explicit deny in a resource-based policy" as "$rid" "$rsecret" "$rtoken" aws secretsmanager get-secret-value --secret-id team-b/db
"$STRONGROOM" account create --name other --json >other.json
oid=$(python3 -c 'import json; print(json.load(open("other.json"))["AccessKey"]["AccessKeyId"])')
osecret=$(python3 -c 'import json; print(json.load(open("other.json"))["AccessKey"]["SecretAccessKey"])')
other=$(as "$oid" "$osecret" "" aws sts get-caller-identity --query Account --output text)
[[ $other != "$account" ]] || surprise "the new account is the old one"
equal "[]" "$(as "$oid" "$osecret" "" aws secretsmanager list-secrets --query SecretList --output json)"
arn=$(aws secretsmanager describe-secret --secret-id team-a/db --query ARN --output text)
denied AccessDeniedException as "$oid" "$osecret" "" aws secretsmanager get-secret-value --secret-id "$arn"

say "simulations and explanations agree with the server"
equal allowed "$(aws iam simulate-principal-policy --policy-source-arn "arn:aws:iam::$account:user/app" --action-names secretsmanager:GetSecretValue \
  --resource-arns "$arn" --query 'EvaluationResults[0].EvalDecision' --output text)"
equal implicitDeny "$(aws iam simulate-principal-policy --policy-source-arn "arn:aws:iam::$account:user/app" --action-names secretsmanager:DeleteSecret \
  --resource-arns "$arn" --query 'EvaluationResults[0].EvalDecision' --output text)"
[[ $("$STRONGROOM" explain --principal "arn:aws:iam::$account:user/app" --action secretsmanager:GetSecretValue --resource team-a/db) == *'statement "ReadTeamA" of read-team-a'* ]] \
  || surprise "explain does not name the statement"
echo '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:DescribeSecret","Resource":"*"}}' >new-policy.json
[[ $("$STRONGROOM" explain --rehearse new-policy.json --principal "arn:aws:iam::$account:user/app") == *"Newly denied:"*"secretsmanager:GetSecretValue"* ]] \
  || surprise "the rehearsal does not list what would be denied"

say "what is taken away is gone at once"
aws iam delete-user-policy --user-name app --policy-name read-team-a
denied AccessDeniedException as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-a/db
aws iam update-access-key --user-name app --access-key-id "$id" --status Inactive
denied UnrecognizedClientException as "$id" "$secret" "" aws secretsmanager get-secret-value --secret-id team-b/db
aws iam delete-role-policy --role-name operator --policy-name by-tag
aws iam delete-role --role-name operator
denied UnrecognizedClientException as "$rid" "$rsecret" "$rtoken" aws secretsmanager list-secrets
say done
