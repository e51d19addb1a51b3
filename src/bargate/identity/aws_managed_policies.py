"""A set of AWS's managed policies (`arn:aws:iam::aws:policy/…`), which nobody can change.

Names and paths are AWS's; the documents are written here from what AWS says each is for, reduced
to the services of this installation, so they are not AWS's texts.
"""

import base64
import hashlib
import json
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct

_BASE = "arn:aws:iam::aws:policy"
_CREATED_AT = datetime(2015, 2, 6, 18, 39, tzinfo=UTC)
_ID_CHARACTERS = 17

Statement = dict[str, Any]


class AwsManagedPolicy(Struct, frozen=True, kw_only=True):
    """A managed policy of AWS; it has one version, `v1`."""

    name: str
    path: str
    description: str
    document: str

    @property
    def arn(self) -> str:
        """The ARN, path included."""
        return f"{_BASE}{self.path}{self.name}"

    @property
    def id(self) -> str:
        """An id that is the same in every installation."""
        digest = hashlib.sha256(self.arn.encode()).digest()
        return "ANPA" + base64.b32encode(digest).decode("ascii")[:_ID_CHARACTERS]

    @property
    def created_at(self) -> datetime:
        """When it was made."""
        return _CREATED_AT


def _policy(
    name: str, description: str, *statements: Statement, path: str = "/"
) -> AwsManagedPolicy:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=4)
    return AwsManagedPolicy(name=name, path=path, description=description, document=document)


def _allow(*actions: str, resource: str = "*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


_LOGS_WRITE = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_IAM_READ = (
    "iam:Get*",
    "iam:List*",
    "iam:GenerateCredentialReport",
    "iam:GenerateServiceLastAccessedDetails",
)
_SERVICE_ROLE = "/service-role/"

_ALL = (
    _policy("AdministratorAccess", "Provides full access to all services and resources.", _allow("*")),
    _policy(
        "PowerUserAccess",
        "Provides full access to services and resources, but not the management of users and groups.",
        {
            "Effect": "Allow",
            "NotAction": ["iam:*", "organizations:*", "account:*"],
            "Resource": "*",
        },
        _allow(
            "iam:CreateServiceLinkedRole",
            "iam:DeleteServiceLinkedRole",
            "iam:ListRoles",
            "organizations:DescribeOrganization",
            "account:ListRegions",
            "account:GetAccountInformation",
        ),
    ),
    _policy(
        "ReadOnlyAccess",
        "Provides read-only access to the services of this installation.",
        _allow(
            "apigateway:GET",
            "cognito-identity:Describe*",
            "cognito-identity:Get*Roles",
            "cognito-identity:List*",
            "cognito-idp:Describe*",
            "cognito-idp:AdminGet*",
            "cognito-idp:AdminList*",
            "cognito-idp:Get*",
            "cognito-idp:List*",
            *_IAM_READ,
            "iam:Simulate*",
            "lambda:Get*",
            "lambda:List*",
            "sts:GetAccessKeyInfo",
            "sts:GetCallerIdentity",
            "wafv2:Describe*",
            "wafv2:Get*",
            "wafv2:List*",
        ),
    ),
    _policy(
        "SecurityAudit",
        "Grants access to read security configuration metadata.",
        _allow(
            "apigateway:GET",
            "cognito-identity:Describe*",
            "cognito-identity:List*",
            "cognito-idp:Describe*",
            "cognito-idp:List*",
            *_IAM_READ,
            "iam:Simulate*",
            "lambda:GetPolicy",
            "lambda:List*",
            "wafv2:Get*",
            "wafv2:List*",
        ),
    ),
    _policy("AWSDenyAll", "Denies all access.", {"Effect": "Deny", "Action": ["*"], "Resource": "*"}),
    _policy("IAMFullAccess", "Provides full access to IAM.", _allow("iam:*")),
    _policy(
        "IAMReadOnlyAccess",
        "Provides read-only access to IAM.",
        _allow(*_IAM_READ, "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"),
    ),
    _policy(
        "IAMUserChangePassword",
        "Lets an IAM user change its own password.",
        _allow("iam:ChangePassword", resource="arn:aws:iam::*:user/${aws:username}"),
        _allow("iam:GetAccountPasswordPolicy"),
    ),
    _policy(
        "IAMSelfManageServiceSpecificCredentials",
        "Lets an IAM user manage its own service-specific credentials.",
        _allow(
            "iam:CreateServiceSpecificCredential",
            "iam:ListServiceSpecificCredentials",
            "iam:UpdateServiceSpecificCredential",
            "iam:DeleteServiceSpecificCredential",
            "iam:ResetServiceSpecificCredential",
            resource="arn:aws:iam::*:user/${aws:username}",
        ),
    ),
    _policy(
        "IAMUserSSHKeys",
        "Lets an IAM user manage its own SSH keys.",
        _allow(
            "iam:DeleteSSHPublicKey",
            "iam:GetSSHPublicKey",
            "iam:ListSSHPublicKeys",
            "iam:UpdateSSHPublicKey",
            "iam:UploadSSHPublicKey",
            resource="arn:aws:iam::*:user/${aws:username}",
        ),
    ),
    _policy(
        "AmazonAPIGatewayAdministrator",
        "Provides full access to create, change and delete APIs in API Gateway.",
        _allow("apigateway:*", resource="arn:aws:apigateway:*::/*"),
    ),
    _policy(
        "AmazonAPIGatewayInvokeFullAccess",
        "Provides full access to invoke APIs in API Gateway.",
        _allow(
            "execute-api:Invoke",
            "execute-api:ManageConnections",
            resource="arn:aws:execute-api:*:*:*",
        ),
    ),
    _policy(
        "AmazonAPIGatewayPushToCloudWatchLogs",
        "Allows API Gateway to push logs to the account.",
        _allow(
            *_LOGS_WRITE,
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
        ),
        path=_SERVICE_ROLE,
    ),
    _policy(
        "AmazonCognitoPowerUser",
        "Provides administrative access to Cognito user pools and identity pools.",
        _allow(
            "cognito-identity:*",
            "cognito-idp:*",
            "cognito-sync:*",
            "iam:ListRoles",
            "iam:ListOpenIdConnectProviders",
            "iam:GetRole",
            "iam:ListSAMLProviders",
            "iam:GetSAMLProvider",
        ),
        _allow(
            "iam:CreateServiceLinkedRole",
            Condition={
                "StringEquals": {
                    "iam:AWSServiceName": [
                        "cognito-idp.amazonaws.com",
                        "email.cognito-idp.amazonaws.com",
                    ]
                }
            },
        ),
    ),
    _policy(
        "AmazonCognitoReadOnly",
        "Provides read-only access to Cognito.",
        _allow(
            "cognito-identity:Describe*",
            "cognito-identity:Get*",
            "cognito-identity:List*",
            "cognito-idp:Describe*",
            "cognito-idp:AdminGet*",
            "cognito-idp:AdminList*",
            "cognito-idp:List*",
            "cognito-idp:Get*",
            "cognito-sync:Describe*",
            "cognito-sync:Get*",
            "cognito-sync:List*",
            "iam:ListOpenIdConnectProviders",
            "iam:ListRoles",
        ),
    ),
    _policy(
        "AmazonESCognitoAccess",
        "Provides limited access to the configuration of Cognito.",
        _allow(
            "cognito-idp:DescribeUserPool",
            "cognito-idp:CreateUserPoolClient",
            "cognito-idp:DeleteUserPoolClient",
            "cognito-idp:UpdateUserPoolClient",
            "cognito-idp:DescribeUserPoolClient",
            "cognito-idp:AdminInitiateAuth",
            "cognito-idp:AdminUserGlobalSignOut",
            "cognito-idp:ListUserPoolClients",
            "cognito-identity:DescribeIdentityPool",
            "cognito-identity:UpdateIdentityPool",
            "cognito-identity:GetIdentityPoolRoles",
        ),
    ),
    _policy(
        "AWSLambda_FullAccess",
        "Provides full access to Lambda and the features it needs of other services.",
        _allow(
            "lambda:*",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:ListRoles",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
        ),
        _allow(
            "iam:PassRole",
            Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        ),
    ),
    _policy(
        "AWSLambda_ReadOnlyAccess",
        "Provides read-only access to Lambda.",
        _allow(
            "lambda:Get*",
            "lambda:List*",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:ListRoles",
            "logs:DescribeLogGroups",
            "logs:GetLogEvents",
        ),
    ),
    _policy(
        "AWSLambdaBasicExecutionRole",
        "Provides write permissions to CloudWatch Logs.",
        _allow(*_LOGS_WRITE),
        path=_SERVICE_ROLE,
    ),
    _policy(
        "AWSLambdaRole",
        "Default policy for a role that invokes Lambda functions.",
        _allow("lambda:InvokeFunction"),
        path=_SERVICE_ROLE,
    ),
    _policy(
        "CloudWatchLogsFullAccess", "Provides full access to CloudWatch Logs.", _allow("logs:*")
    ),
    _policy("AWSWAFFullAccess", "Provides full access to WAF.", _allow("waf:*", "wafv2:*")),
    _policy(
        "AWSWAFReadOnlyAccess",
        "Provides read-only access to WAF.",
        _allow("waf:Get*", "waf:List*", "wafv2:Get*", "wafv2:List*", "wafv2:Describe*"),
    ),
)  # fmt: skip

AWS_MANAGED_POLICIES = MappingProxyType({policy.arn: policy for policy in _ALL})
