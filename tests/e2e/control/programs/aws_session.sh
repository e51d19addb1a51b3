#!/usr/bin/env bash
# What somebody does with the AWS CLI and curl: make an API with IAM authorization, deploy it, call it.
# aws_session.sh AWS_PROGRAM GATEWAY_URL BACKEND_URL
set -euo pipefail
aws=$1 gateway=$2 backend=$3
export AWS_PAGER=""
region=us-east-1

policy() { # ACTION RESOURCE
    printf '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"%s","Resource":"%s"}]}' "$@"
}
key_of() { # USER: "id secret"
    "$aws" iam create-user --user-name "$1" >/dev/null
    "$aws" iam create-access-key --user-name "$1" --output text \
        --query 'AccessKey.[AccessKeyId,SecretAccessKey]'
}

account=$("$aws" sts get-caller-identity --query Account --output text)
read -r id root_id < <("$aws" apigateway create-rest-api --name pets --output text \
    --query '[id,rootResourceId]')
where=(--rest-api-id "$id" --resource-id "$root_id" --http-method GET)
"$aws" apigateway put-method "${where[@]}" --authorization-type AWS_IAM >/dev/null
"$aws" apigateway put-integration "${where[@]}" --type HTTP_PROXY \
    --integration-http-method GET --uri "$backend/pets" >/dev/null
"$aws" apigateway create-deployment --rest-api-id "$id" --stage-name prod >/dev/null

invoke=$(policy execute-api:Invoke "arn:aws:execute-api:$region:$account:$id/*")
read -r allowed_id allowed_secret < <(key_of cli-allowed)
read -r stranger_id stranger_secret < <(key_of cli-stranger)
"$aws" iam put-user-policy --user-name cli-allowed --policy-name invoke --policy-document "$invoke"
role=$("$aws" iam create-role --role-name cli --query Role.Arn --output text \
    --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}')
"$aws" iam put-role-policy --role-name cli --policy-name invoke --policy-document "$invoke"
"$aws" iam put-user-policy --user-name cli-allowed --policy-name assume \
    --policy-document "$(policy sts:AssumeRole "$role")"
read -r temporary_id temporary_secret token < <(
    AWS_ACCESS_KEY_ID=$allowed_id AWS_SECRET_ACCESS_KEY=$allowed_secret \
        "$aws" sts assume-role --role-arn "$role" --role-session-name session --output text \
        --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]'
)
root_id=$(sed -n 's/^aws_access_key_id = //p' "$AWS_SHARED_CREDENTIALS_FILE")
root_secret=$(sed -n 's/^aws_secret_access_key = //p' "$AWS_SHARED_CREDENTIALS_FILE")

call() { # NAME CURL_ARGUMENTS…
    local name=$1 answer
    shift
    answer=$(curl -sS --max-time 20 -w '\n%{http_code}' "$@" "$gateway/_api/$id/prod")
    printf '%s\0%s\0%s\0' "$name" "${answer##*$'\n'}" "${answer%$'\n'*}"
}
sign=(--aws-sigv4 "aws:amz:$region:execute-api")
{
    call "unsigned"
    call "root" "${sign[@]}" --user "$root_id:$root_secret"
    call "allowed" "${sign[@]}" --user "$allowed_id:$allowed_secret"
    call "temporary" "${sign[@]}" --user "$temporary_id:$temporary_secret" \
        -H "X-Amz-Security-Token: $token"
    call "wrong secret" "${sign[@]}" --user "$allowed_id:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    call "unknown key" "${sign[@]}" --user "AKIAIOSFODNN7EXAMPLE:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    call "not allowed" "${sign[@]}" --user "$stranger_id:$stranger_secret"
} | python3 -c '
import json, sys
told = sys.stdin.read().split("\0")[:-1]
each = zip(told[::3], told[1::3], told[2::3])
print(json.dumps({name: {"status": int(status), "body": body} for name, status, body in each}))
'
