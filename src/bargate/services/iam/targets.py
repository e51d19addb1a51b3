"""Which permissions an operation needs: `iam:Action` on whose ARN, with which condition keys.

    operation name + request ──► resource (found, so that it has its path; else the path is `/`)
                             ──► context: aws:RequestTag/…, aws:TagKeys, aws:ResourceTag/…,
                                 iam:ResourceTag/…, iam:PolicyARN, iam:PermissionsBoundary, …

Resources are those of the service authorization reference (AWS [D]); a list of all things of a kind
is asked on their path, as AWS says in its denials [O].
"""

from collections.abc import Iterable

from bargate.identity.resolve import boundary_arn_of
from bargate.services.iam.target_resources import (
    NOTHING,
    Finder,
    Resource,
    all_below,
    certificate_resource,
    device_owner_resource,
    device_resource,
    group_resource,
    key_owner_resource,
    linked_role_resource,
    new_device_resource,
    new_oidc_resource,
    new_policy_resource,
    new_saml_resource,
    nothing_resource,
    oidc_resource,
    policy_resource,
    profile_resource,
    resource_of_arn,
    role_resource,
    saml_resource,
    user_or_all_resource,
    user_resource,
)
from bargate.services.operation import OperationCall, Params, Target

Context = dict[str, str | tuple[str, ...]]


def targets_of(name: str, call: OperationCall, request: Params) -> Iterable[Target]:
    """Give the permissions that a call of an operation needs."""
    resource = _FINDERS.get(name, _by_members)(call, request)
    context = _tag_keys(request, resource) | _iam_keys(name, call, request, resource)
    yield Target(action=f"iam:{name}", resource=resource.arn, context=context)
    if name == "AddRoleToInstanceProfile":
        yield _pass_role(call, request)
    renamed = _renamed(request, resource.arn)
    if renamed is not None:
        # AWS [D] UpdateUser: permission on the source and on the target; else a user with
        # rights on its own name could move itself to where others have more.
        yield Target(action=f"iam:{name}", resource=renamed, context=context)


_NEW_NAMES = ("NewUserName", "NewGroupName", "NewServerCertificateName")


def _renamed(request: Params, arn: str) -> str | None:
    """Give the ARN after a renaming or moving, None when a request does neither."""
    names = [request[member] for member in _NEW_NAMES if request.get(member) is not None]
    path = request.get("NewPath")
    if not names and path is None:
        return None
    head, old_name = arn.rsplit("/", 1)
    start, _, old_path = head.partition("/")
    new_path = path or (f"/{old_path}/" if old_path else "/")
    return f"{start}{new_path}{names[0] if names else old_name}"


def _pass_role(call: OperationCall, request: Params) -> Target:
    # AWS [D]: the role is handed on to EC2.
    role = role_resource(call, request)
    passed: Context = {"iam:passedtoservice": "ec2.amazonaws.com"}
    context = _tag_keys({}, role) | passed
    return Target(action="iam:PassRole", resource=role.arn, context=context)


def _tag_keys(request: Params, resource: Resource) -> Context:
    context: Context = {}
    for key, value in resource.tags.items():
        context[f"aws:resourcetag/{key}".lower()] = value
        context[f"iam:resourcetag/{key}".lower()] = value
    given = request.get("Tags") or ()
    for tag in given:
        context[f"aws:requesttag/{tag['Key']}".lower()] = tag["Value"]
    keys = (*(tag["Key"] for tag in given), *(request.get("TagKeys") or ()))
    if keys:
        context["aws:tagkeys"] = keys
    return context


def _iam_keys(name: str, call: OperationCall, request: Params, resource: Resource) -> Context:
    context: Context = {}
    if name.startswith(("Attach", "Detach")):
        context["iam:policyarn"] = request["PolicyArn"]
    if name == "CreateServiceLinkedRole":
        context["iam:awsservicename"] = request["AWSServiceName"]
    if name.endswith("ServiceSpecificCredential") and "ServiceName" in request:
        context["iam:servicespecificcredentialservicename"] = request["ServiceName"]
    boundary = request.get("PermissionsBoundary") or _boundary(call, resource)
    if boundary is not None:
        context["iam:permissionsboundary"] = boundary
    return context


def _boundary(call: OperationCall, resource: Resource) -> str | None:
    if resource.kind is None or resource.id is None or resource.kind == "group":
        return None
    return boundary_arn_of(call.tx, call.account_id, resource.kind, resource.id)


def _by_members(call: OperationCall, request: Params) -> Resource:
    """Take the resource from the first member that names one."""
    for member, finder in _MEMBERS:
        if member in request:
            return finder(call, request)
    return NOTHING


# Members that name the resource. An operation on a group or an instance profile names a user or a
# role besides, which it is not about.
_MEMBERS: tuple[tuple[str, Finder], ...] = (
    ("GroupName", group_resource),
    ("InstanceProfileName", profile_resource),
    ("UserName", user_resource),
    ("RoleName", role_resource),
    ("SerialNumber", device_resource),
    ("PolicyArn", policy_resource),
    ("OpenIDConnectProviderArn", oidc_resource),
    ("SAMLProviderArn", saml_resource),
    ("ServerCertificateName", certificate_resource),
    ("PolicySourceArn", resource_of_arn("PolicySourceArn")),
    ("Arn", resource_of_arn("Arn")),
)

# AWS [O] the messages of denials; of account-wide things there is none but `*`.
_LISTS = {
    "ListGroups": "group",
    "ListInstanceProfiles": "instance-profile",
    "ListOpenIDConnectProviders": "oidc-provider",
    "ListPolicies": "policy",
    "ListRoles": "role",
    "ListSAMLProviders": "saml-provider",
    "ListServerCertificates": "server-certificate",
    "ListUsers": "user",
    "ListVirtualMFADevices": "mfa",
}

_FINDERS: dict[str, Finder] = {
    # By default these are about the caller.
    **dict.fromkeys(
        (
            "ChangePassword",
            "CreateAccessKey",
            "CreateLoginProfile",
            "DeactivateMFADevice",
            "DeleteAccessKey",
            "DeleteLoginProfile",
            "DeleteServiceSpecificCredential",
            "DeleteSigningCertificate",
            "GetLoginProfile",
            "GetUser",
            "ListAccessKeys",
            "ListMFADevices",
            "ListSSHPublicKeys",
            "ListSigningCertificates",
            "ResetServiceSpecificCredential",
            "UpdateAccessKey",
            "UpdateServiceSpecificCredential",
            "UpdateSigningCertificate",
            "UploadSigningCertificate",
        ),
        user_resource,
    ),
    "GetAccessKeyLastUsed": key_owner_resource,
    "GetMFADevice": device_owner_resource,
    "ListServiceSpecificCredentials": user_or_all_resource,
    "CreatePolicy": new_policy_resource,
    "CreateVirtualMFADevice": new_device_resource,
    "CreateOpenIDConnectProvider": new_oidc_resource,
    "CreateSAMLProvider": new_saml_resource,
    "CreateServiceLinkedRole": linked_role_resource,
    "SimulateCustomPolicy": nothing_resource,
    **{name: all_below(kind) for name, kind in _LISTS.items()},
}
