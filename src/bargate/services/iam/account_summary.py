"""Numbers of an account: what it has and what it may have."""

from bargate.records.access_key import ACCESS_KEY
from bargate.records.iam_group import GROUP
from bargate.records.iam_role import ROLE
from bargate.records.iam_user import USER
from bargate.records.instance_profile import INSTANCE_PROFILE
from bargate.records.managed_policy import MANAGED_POLICY, POLICY_VERSION
from bargate.records.mfa_device import MFA_DEVICE
from bargate.records.oidc_provider import OIDC_PROVIDER
from bargate.records.saml_provider import SAML_PROVIDER
from bargate.records.server_certificate import SERVER_CERTIFICATE
from bargate.services.iam.access_key import MAX_KEYS
from bargate.services.iam.attachment import MAX_ATTACHED
from bargate.services.iam.documents import MAX_INLINE, MAX_MANAGED, MAX_TRUST
from bargate.services.iam.group import MAX_GROUPS, MAX_GROUPS_PER_USER
from bargate.services.iam.instance_profile import MAX_PROFILES
from bargate.services.iam.managed_policy import MAX_POLICIES
from bargate.services.iam.policy_version import MAX_VERSIONS
from bargate.services.iam.role import MAX_ROLES
from bargate.services.iam.server_certificate import MAX_CERTIFICATES
from bargate.services.iam.signing_certificate import MAX_CERTIFICATES as MAX_SIGNING_CERTIFICATES
from bargate.services.iam.user import MAX_USERS
from bargate.services.operation import OperationCall, Params, operation

_QUOTAS = {
    "AccessKeysPerUserQuota": MAX_KEYS,
    "AssumeRolePolicySizeQuota": MAX_TRUST,
    "AttachedPoliciesPerGroupQuota": MAX_ATTACHED,
    "AttachedPoliciesPerRoleQuota": MAX_ATTACHED,
    "AttachedPoliciesPerUserQuota": MAX_ATTACHED,
    "GroupPolicySizeQuota": MAX_INLINE["group"],
    "GroupsPerUserQuota": MAX_GROUPS_PER_USER,
    "GroupsQuota": MAX_GROUPS,
    "InstanceProfilesQuota": MAX_PROFILES,
    "PoliciesQuota": MAX_POLICIES,
    "PolicySizeQuota": MAX_MANAGED,
    "PolicyVersionsInUseQuota": MAX_POLICIES * MAX_VERSIONS,
    "RolePolicySizeQuota": MAX_INLINE["role"],
    "RolesQuota": MAX_ROLES,
    "ServerCertificatesQuota": MAX_CERTIFICATES,
    "SigningCertificatesPerUserQuota": MAX_SIGNING_CERTIFICATES,
    "UserPolicySizeQuota": MAX_INLINE["user"],
    "UsersQuota": MAX_USERS,
    "VersionsPerPolicyQuota": MAX_VERSIONS,
}


@operation()
def get_account_summary(call: OperationCall, _request: Params) -> Params:
    """Give the numbers."""
    count, own = call.tx.count, (call.account_id,)
    root = (call.account_id, call.account_id)
    root_devices = call.tx.list_by(MFA_DEVICE, "owner", root, limit=1)
    numbers = {
        "Users": count(USER, own),
        "Groups": count(GROUP, own),
        "Roles": count(ROLE, own),
        "Policies": count(MANAGED_POLICY, own),
        "PolicyVersionsInUse": count(POLICY_VERSION, own),
        "InstanceProfiles": count(INSTANCE_PROFILE, own),
        "ServerCertificates": count(SERVER_CERTIFICATE, own),
        "Providers": count(OIDC_PROVIDER, own) + count(SAML_PROVIDER, own),
        "MFADevices": count(MFA_DEVICE, own),
        "MFADevicesInUse": len(call.tx.list_by(MFA_DEVICE, "owner", own)),
        "AccountMFAEnabled": int(bool(root_devices)),
        "AccountAccessKeysPresent": int(bool(call.tx.list(ACCESS_KEY, root, limit=1))),
        "AccountPasswordPresent": 0,
        "AccountSigningCertificatesPresent": 0,
        "GlobalEndpointTokenVersion": 2,
    }
    return {"SummaryMap": numbers | _QUOTAS}
