"""Which permissions an operation needs: `iam:Action` on whose ARN, with which condition keys.

    operation name + request ──► resource (found, so that it has its path; else the path is `/`)
                             ──► context: aws:RequestTag/…, aws:TagKeys, aws:ResourceTag/…,
                                 iam:ResourceTag/…, iam:PolicyARN, iam:PermissionsBoundary, …

Resources are those of the service authorization reference (AWS [D]): a list of all things of a kind
is asked on `*`.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from bargate.identity import find, mfa
from bargate.identity.resolve import boundary_arn_of
from bargate.records.access_key import ACCESS_KEY
from bargate.records.instance_profile import INSTANCE_PROFILE
from bargate.records.managed_policy import EntityKind
from bargate.records.oidc_provider import OIDC_PROVIDER
from bargate.records.saml_provider import SAML_PROVIDER
from bargate.records.server_certificate import SERVER_CERTIFICATE
from bargate.services.iam.lookup import calling_user
from bargate.services.operation import OperationCall, Params, Target

Context = dict[str, str | tuple[str, ...]]


class Resource(Struct, frozen=True, kw_only=True):
    """What an operation is about."""

    arn: str
    tags: dict[str, str] = {}
    kind: EntityKind | None = None
    id: str | None = None


NOTHING = Resource(arn="*")
Finder = Callable[[OperationCall, Params], Resource]


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
    role = _role(call, request)
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
    if name == "GenerateOrganizationsAccessReport":
        return context
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


def _arn(call: OperationCall, resource: str) -> str:
    return call.arn("iam", resource, region="")


def _user(call: OperationCall, request: Params) -> Resource:
    name = request.get("UserName")
    if name is None:
        user = calling_user(call)
        if user is None:
            return Resource(arn=_arn(call, "root"))
    else:
        user = find.user_named(call.tx, call.account_id, name)
    if user is None:
        return Resource(arn=_arn(call, f"user{request.get('Path') or '/'}{name}"))
    return Resource(arn=user.arn, tags=user.tags, kind="user", id=user.id)


def _group(call: OperationCall, request: Params) -> Resource:
    name = request["GroupName"]
    group = find.group_named(call.tx, call.account_id, name)
    if group is None:
        return Resource(arn=_arn(call, f"group{request.get('Path') or '/'}{name}"))
    return Resource(arn=group.arn, kind="group", id=group.id)


def _role(call: OperationCall, request: Params) -> Resource:
    name = request["RoleName"]
    role = find.role_named(call.tx, call.account_id, name)
    if role is None:
        return Resource(arn=_arn(call, f"role{request.get('Path') or '/'}{name}"))
    return Resource(arn=role.arn, tags=role.tags, kind="role", id=role.id)


def _policy(call: OperationCall, request: Params) -> Resource:
    arn: str = request["PolicyArn"]
    policy = find.policy_of_arn(call.tx, arn)
    return Resource(arn=arn, tags=policy.tags if policy is not None else {})


def _new_policy(call: OperationCall, request: Params) -> Resource:
    return Resource(arn=_arn(call, f"policy{request.get('Path') or '/'}{request['PolicyName']}"))


def _device(call: OperationCall, request: Params) -> Resource:
    serial: str = request["SerialNumber"]
    device = mfa.device_of(call.tx, serial)
    return Resource(arn=serial, tags=device.tags if device is not None else {})


def _new_device(call: OperationCall, request: Params) -> Resource:
    path = request.get("Path") or "/"
    return Resource(arn=_arn(call, f"mfa{path}{request['VirtualMFADeviceName']}"))


def _oidc(call: OperationCall, request: Params) -> Resource:
    arn: str = request["OpenIDConnectProviderArn"]
    parsed = find.iam_arn(arn)
    url = parsed.resource.removeprefix("oidc-provider/") if parsed else ""
    provider = call.tx.find(OIDC_PROVIDER, (call.account_id, url))
    return Resource(arn=arn, tags=provider.tags if provider is not None else {})


def _new_oidc(call: OperationCall, request: Params) -> Resource:
    url = request["Url"].removeprefix("https://").rstrip("/")
    return Resource(arn=_arn(call, f"oidc-provider/{url}"))


def _saml(call: OperationCall, request: Params) -> Resource:
    arn: str = request["SAMLProviderArn"]
    parsed = find.iam_arn(arn)
    name = parsed.resource.removeprefix("saml-provider/") if parsed else ""
    provider = call.tx.find(SAML_PROVIDER, (call.account_id, name.lower()))
    return Resource(arn=arn, tags=provider.tags if provider is not None else {})


def _new_saml(call: OperationCall, request: Params) -> Resource:
    return Resource(arn=_arn(call, f"saml-provider/{request['Name']}"))


def _profile(call: OperationCall, request: Params) -> Resource:
    name: str = request["InstanceProfileName"]
    profile = (
        None if "\0" in name else call.tx.find(INSTANCE_PROFILE, (call.account_id, name.lower()))
    )
    if profile is None:
        return Resource(arn=_arn(call, f"instance-profile{request.get('Path') or '/'}{name}"))
    return Resource(arn=profile.arn, tags=profile.tags)


def _certificate(call: OperationCall, request: Params) -> Resource:
    name: str = request["ServerCertificateName"]
    found = (
        None if "\0" in name else call.tx.find(SERVER_CERTIFICATE, (call.account_id, name.lower()))
    )
    if found is None:
        return Resource(arn=_arn(call, f"server-certificate{request.get('Path') or '/'}{name}"))
    return Resource(arn=found.arn, tags=found.tags)


def _linked_role(call: OperationCall, request: Params) -> Resource:
    service = request["AWSServiceName"]
    return Resource(arn=_arn(call, f"role/aws-service-role/{service}/*"))


def _of_arn(member: str) -> Finder:
    """Take the resource from a member that is itself an ARN."""
    return lambda _call, request: Resource(arn=request[member])


def _key_owner(call: OperationCall, request: Params) -> Resource:
    key_id: str = request["AccessKeyId"]
    key = None if "\0" in key_id else call.tx.find_by(ACCESS_KEY, "id", (key_id,))
    user = None if key is None else find.user_of_id(call.tx, key.owner_id)
    if user is None or user.account_id != call.account_id:
        return NOTHING
    return Resource(arn=user.arn, tags=user.tags, kind="user", id=user.id)


def _owner_of_device(call: OperationCall, request: Params) -> Resource:
    """Take the user a device belongs to, whoever asks; a device without one is asked itself."""
    if request.get("UserName") is not None:
        return _user(call, request)
    device = mfa.device_of(call.tx, request["SerialNumber"])
    user = None
    if device is not None and device.owner_id is not None:
        user = find.user_of_id(call.tx, device.owner_id)
    if user is None or user.account_id != call.account_id:
        return _device(call, request)
    return Resource(arn=user.arn, tags=user.tags, kind="user", id=user.id)


def _user_or_all(call: OperationCall, request: Params) -> Resource:
    return NOTHING if request.get("AllUsers") else _user(call, request)


def _nothing(_call: OperationCall, _request: Params) -> Resource:
    return NOTHING


# Members that name the resource. An operation on a group or an instance profile names a user or a
# role besides, which it is not about.
_MEMBERS: tuple[tuple[str, Finder], ...] = (
    ("GroupName", _group),
    ("InstanceProfileName", _profile),
    ("UserName", _user),
    ("RoleName", _role),
    ("SerialNumber", _device),
    ("PolicyArn", _policy),
    ("OpenIDConnectProviderArn", _oidc),
    ("SAMLProviderArn", _saml),
    ("ServerCertificateName", _certificate),
    ("PolicySourceArn", _of_arn("PolicySourceArn")),
    ("Arn", _of_arn("Arn")),
)

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
        _user,
    ),
    "GetAccessKeyLastUsed": _key_owner,
    "GetMFADevice": _owner_of_device,
    "ListServiceSpecificCredentials": _user_or_all,
    "CreatePolicy": _new_policy,
    "CreateVirtualMFADevice": _new_device,
    "CreateOpenIDConnectProvider": _new_oidc,
    "CreateSAMLProvider": _new_saml,
    "CreateServiceLinkedRole": _linked_role,
    "ListPoliciesGrantingServiceAccess": _of_arn("Arn"),
    "GenerateServiceLastAccessedDetails": _of_arn("Arn"),
    "SimulateCustomPolicy": _nothing,
}
