# A rotation function by the stock AWS CLI, from its role to its end. Run against a server of its own by FunctionWalkthroughTests.
set -euo pipefail
account=$(aws sts get-caller-identity --query Account --output text)
arn=arn:aws:lambda:us-east-1:$account:function:rotate

expect() { # expect WHAT IS: says which of two texts that should be one is not
    [ "$2" = "$3" ] || { echo "$1: expected '$3', found '$2'" >&2; exit 1; }
}

refused() { # refused CODE COMMAND…: the command must fail with AWS's code
    local code=$1 output
    shift
    if output=$("$@" 2>&1); then echo "not refused: $*" >&2; exit 1; fi
    case $output in *"($code)"*) ;; *) echo "expected $code, found: $output" >&2; exit 1 ;; esac
}

echo "== a role that Lambda may assume, and a package"
aws iam create-role --role-name rotation --assume-role-policy-document \
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}' >/dev/null
cat >lambda_function.py <<'PY'
def lambda_handler(event, context):
    return {"step": event["Step"], "function": context.invoked_function_arn}
PY
python3 -m zipfile -c function.zip lambda_function.py

echo "== create, by the name of a role that is there"
refused InvalidParameterValueException aws lambda create-function --function-name rotate --runtime python3.11 --handler lambda_function.lambda_handler \
    --role "arn:aws:iam::$account:role/absent" --zip-file fileb://function.zip
expect ARN "$(aws lambda create-function --function-name rotate --runtime python3.11 --handler lambda_function.lambda_handler --timeout 30 \
    --role "arn:aws:iam::$account:role/rotation" --zip-file fileb://function.zip --environment 'Variables={EXCLUDE_CHARACTERS=/@}' --query FunctionArn --output text)" "$arn"
refused ResourceConflictException aws lambda create-function --function-name rotate --runtime python3.11 --handler lambda_function.lambda_handler \
    --role "arn:aws:iam::$account:role/rotation" --zip-file fileb://function.zip
aws lambda wait function-active-v2 --function-name rotate

echo "== look at it, by its ARN and by its name"
expect environment "$(aws lambda get-function --function-name "$arn" --query Configuration.Environment.Variables.EXCLUDE_CHARACTERS --output text)" /@
expect hash "$(aws lambda get-function-configuration --function-name rotate --query CodeSha256 --output text)" "$(python3 -c '
import base64, hashlib; print(base64.b64encode(hashlib.sha256(open("function.zip", "rb").read()).digest()).decode())')"
expect list "$(aws lambda list-functions --query 'Functions[].FunctionName' --output text)" rotate

echo "== run it"
printf '{"Step":"createSecret"}' >event.json
aws lambda invoke --function-name rotate --payload fileb://event.json --log-type Tail answer.json >status.json
expect answer "$(python3 -c 'import json; a = json.load(open("answer.json")); print(a["step"], a["function"])')" "createSecret $arn"
aws lambda invoke --function-name rotate --payload '{}' failure.json >status.json
expect error "$(python3 -c 'import json; print(json.load(open("status.json"))["FunctionError"], json.load(open("failure.json"))["errorType"])')" "Unhandled KeyError"

echo "== Secrets Manager is let in, and not before"
aws secretsmanager create-secret --name app --secret-string x >/dev/null
refused AccessDeniedException aws secretsmanager rotate-secret --secret-id app --rotation-lambda-arn "$arn" --rotation-rules AutomaticallyAfterDays=30
aws lambda add-permission --function-name rotate --statement-id rotation --action lambda:InvokeFunction --principal secretsmanager.amazonaws.com --source-account "$account" >/dev/null
refused ResourceConflictException aws lambda add-permission --function-name rotate --statement-id rotation --action lambda:InvokeFunction --principal secretsmanager.amazonaws.com
expect statement "$(aws lambda get-policy --function-name rotate --query Policy --output text | python3 -c 'import json, sys; print(json.load(sys.stdin)["Statement"][0]["Sid"])')" rotation
aws secretsmanager rotate-secret --secret-id app --rotation-lambda-arn "$arn" --rotation-rules AutomaticallyAfterDays=30 --no-rotate-immediately >/dev/null
expect function "$(aws secretsmanager describe-secret --secret-id app --query RotationLambdaARN --output text)" "$arn"

echo "== change it"
printf '\n' >>lambda_function.py
python3 -m zipfile -c function.zip lambda_function.py
aws lambda update-function-code --function-name rotate --zip-file fileb://function.zip >/dev/null
aws lambda wait function-updated-v2 --function-name rotate
expect timeout "$(aws lambda update-function-configuration --function-name rotate --timeout 60 --query Timeout --output text)" 60

echo "== a user who may only look"
aws iam create-user --user-name looker >/dev/null
aws iam put-user-policy --user-name looker --policy-name look --policy-document \
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:GetFunction","lambda:GetFunctionConfiguration"],"Resource":"*"}]}'
read -r id secret < <(aws iam create-access-key --user-name looker --query 'AccessKey.[AccessKeyId,SecretAccessKey]' --output text)
as_looker() { AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY=$secret "$@"; }
as_looker aws lambda get-function --function-name rotate >/dev/null
refused AccessDeniedException as_looker aws lambda invoke --function-name rotate out.json
refused AccessDeniedException as_looker aws lambda delete-function --function-name rotate
refused AccessDeniedException as_looker aws lambda add-permission --function-name rotate --statement-id mine --action lambda:InvokeFunction --principal "*"

echo "== take it away"
aws lambda remove-permission --function-name rotate --statement-id rotation
refused AccessDeniedException aws secretsmanager rotate-secret --secret-id app
aws lambda delete-function --function-name rotate
refused ResourceNotFoundException aws lambda get-function --function-name rotate
echo "== done"
