#!/usr/bin/env bash
# What somebody does with the AWS CLI and curl: give an API a domain name with mutual TLS.
# domain.sh AWS_PROGRAM API_ID CERTIFICATE_ARN TRUSTSTORE
set -euo pipefail
aws=$1 id=$2 arn=$3 truststore=$4
export AWS_PAGER=""
name=cli.example.com

"$aws" apigateway create-domain-name --domain-name "$name" --regional-certificate-arn "$arn" \
    --endpoint-configuration types=REGIONAL --security-policy TLS_1_2 \
    --mutual-tls-authentication "truststoreUri=$truststore" >/dev/null
"$aws" apigateway create-base-path-mapping --domain-name "$name" --base-path v1 \
    --rest-api-id "$id" --stage prod >/dev/null
"$aws" apigateway get-domain-name --domain-name "$name" --output text --query \
    '[domainName,regionalCertificateArn,mutualTlsAuthentication.truststoreUri,securityPolicy]'
"$aws" apigateway get-base-path-mappings --domain-name "$name" --output text --query \
    'items[].[basePath,restApiId,stage]'
"$aws" acm describe-certificate --certificate-arn "$arn" --output text --query \
    'Certificate.[DomainName,Status,Type]'
