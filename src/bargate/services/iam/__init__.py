"""The AWS API `iam`: users, groups, roles, policies, credentials and identity providers.

    request ──► targets (who may) ──► one module a noun ──► records (by unique id)
                                        │ lookup, entity     names to records, or NoSuchEntity
                                        │ pages              Marker, MaxItems
                                        │ documents, trust   policies in and out
                                        │ tagging            the rules of tags
                                        └ simulation         the policy engine with its reasons

What must reach the workers after a change is worked out in `bargate.identity`.
"""

from bargate.services.iam import (
    access_key,
    account_alias,
    account_summary,
    attachment,
    authorization_details,
    boundary,
    context_keys,
    group,
    inline_policy,
    instance_profile,
    login_profile,
    managed_policy,
    mfa_device,
    oidc_provider,
    password_policy,
    policy_users,
    policy_version,
    role,
    saml_provider,
    server_certificate,
    service_access,
    service_linked_role,
    service_specific_credential,
    signing_certificate,
    simulate_policy,
    ssh_public_key,
    tags,
    user,
    virtual_mfa_device,
)
from bargate.services.iam.targets import targets_of
from bargate.services.operation import Service, collect

SERVICE = Service(
    name="iam",
    operations=collect(
        (
            access_key,
            account_alias,
            account_summary,
            attachment,
            authorization_details,
            boundary,
            context_keys,
            group,
            inline_policy,
            instance_profile,
            login_profile,
            managed_policy,
            mfa_device,
            oidc_provider,
            password_policy,
            policy_users,
            policy_version,
            role,
            saml_provider,
            server_certificate,
            service_access,
            service_linked_role,
            service_specific_credential,
            signing_certificate,
            simulate_policy,
            ssh_public_key,
            tags,
            user,
            virtual_mfa_device,
        )
    ),
    targets=targets_of,
)

__all__ = ["SERVICE"]
