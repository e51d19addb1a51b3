#!/usr/bin/env bash
# What somebody does with the AWS CLI and curl: put a key on a plan with a quota, and use it up.
# keys.sh AWS_PROGRAM GATEWAY_URL API_ID
set -euo pipefail
aws=$1 gateway=$2 id=$3
export AWS_PAGER=""
today=$(date -u +%F)

call() { # [KEY]: status and body
    curl -sS --max-time 20 -w ' %{http_code}\n' ${1:+-H "x-api-key: $1"} "$gateway/_api/$id/prod"
}
call_unless() { # STATUS KEY: the first answer that has another status, for changes take a moment
    local answer deadline=$((SECONDS + 5))
    answer=$(call "$2")
    while [[ $answer == *" $1" ]] && ((SECONDS < deadline)); do answer=$(call "$2"); done
    echo "$answer"
}

read -r key value < <("$aws" apigateway create-api-key --name cli --enabled --output text \
    --query '[id,value]')
plan=$("$aws" apigateway create-usage-plan --name cli --quota limit=2,period=DAY \
    --api-stages "apiId=$id,stage=prod" --query id --output text)
"$aws" apigateway create-usage-plan-key --usage-plan-id "$plan" --key-id "$key" \
    --key-type API_KEY >/dev/null
echo "with: $(call_unless 403 "$value")"
echo "with: $(call_unless 403 "$value")"
echo "used up: $(call_unless 403 "$value")"
echo "without: $(call)"
echo "wrong: $(call "${value}x")"
echo "usage: $("$aws" apigateway get-usage --usage-plan-id "$plan" --start-date "$today" \
    --end-date "$today" --output json --query "items.\"$key\"" | tr -d ' \n')"
"$aws" apigateway update-usage --usage-plan-id "$plan" --key-id "$key" \
    --patch-operations op=replace,path=/remaining,value=1 >/dev/null
echo "granted: $(call_unless 429 "$value")"
