"""Instance profiles, with one role at most."""

from msgspec import structs

from bargate.identity.unique_id import unique_id
from bargate.records.iam_role import ROLE
from bargate.records.instance_profile import INSTANCE_PROFILE, InstanceProfile
from bargate.services.iam.documents import tag_list
from bargate.services.iam.errors import (
    already_exists,
    delete_conflict,
    limit_exceeded,
    no_such_entity,
)
from bargate.services.iam.lookup import a_changeable_role, the_role
from bargate.services.iam.naming import checked_name, checked_path
from bargate.services.iam.pages import page, stored
from bargate.services.iam.role import role_shape
from bargate.services.iam.tagging import new_tags
from bargate.services.operation import OperationCall, Params, operation

MAX_PROFILES = 1_000


@operation(writes=True)
def create_instance_profile(call: OperationCall, request: Params) -> Params:
    """Make an instance profile."""
    profile = InstanceProfile(
        account_id=call.account_id,
        id=unique_id("AIPA"),
        name=checked_name(request, "InstanceProfileName"),
        path=checked_path(request),
        created_at=call.now,
        partition=call.partition,
        tags=new_tags(request),
    )
    if call.tx.find(INSTANCE_PROFILE, INSTANCE_PROFILE.key_of(profile)) is not None:
        raise already_exists(f"Instance Profile {profile.name} already exists.")
    if call.tx.count(INSTANCE_PROFILE, (call.account_id,)) >= MAX_PROFILES:
        raise limit_exceeded("InstanceProfilesPerAccount", MAX_PROFILES)
    call.tx.create(INSTANCE_PROFILE, profile)
    return {"InstanceProfile": _whole(call, profile)}


@operation()
def get_instance_profile(call: OperationCall, request: Params) -> Params:
    """Give an instance profile."""
    return {"InstanceProfile": _whole(call, the_profile(call, request["InstanceProfileName"]))}


@operation()
def list_instance_profiles(call: OperationCall, request: Params) -> Params:
    """List instance profiles by name."""
    prefix = request.get("PathPrefix") or "/"
    found = page(
        request,
        [stored(call.tx, INSTANCE_PROFILE, (call.account_id,))],
        None if prefix == "/" else lambda profile: profile.path.startswith(prefix),
    )
    shapes = [profile_shape(call, each) for each in found.items]
    return {"InstanceProfiles": shapes, **found.tail}


@operation()
def list_instance_profiles_for_role(call: OperationCall, request: Params) -> Params:
    """List the instance profiles a role is in."""
    role = the_role(call, request["RoleName"])
    found = page(request, [stored(call.tx, INSTANCE_PROFILE, ROLE.key_of(role), "role")])
    shapes = [profile_shape(call, each) for each in found.items]
    return {"InstanceProfiles": shapes, **found.tail}


@operation(writes=True)
def delete_instance_profile(call: OperationCall, request: Params) -> Params:
    """Delete an instance profile without a role."""
    profile = the_profile(call, request["InstanceProfileName"])
    if profile.role_id is not None:
        raise delete_conflict("remove roles from instance profile")
    call.tx.delete(INSTANCE_PROFILE, INSTANCE_PROFILE.key_of(profile))
    return {}


@operation(writes=True)
def add_role_to_instance_profile(call: OperationCall, request: Params) -> Params:
    """Put a role into an instance profile that has none."""
    profile = the_profile(call, request["InstanceProfileName"])
    role = a_changeable_role(call, request["RoleName"])
    if profile.role_id is not None:
        raise limit_exceeded("InstanceSessionsPerInstanceProfile", 1)
    call.tx.update(
        INSTANCE_PROFILE,
        INSTANCE_PROFILE.key_of(profile),
        lambda profile: structs.replace(profile, role_id=role.id),
    )
    return {}


@operation(writes=True)
def remove_role_from_instance_profile(call: OperationCall, request: Params) -> Params:
    """Take the role out of an instance profile."""
    profile = the_profile(call, request["InstanceProfileName"])
    role = the_role(call, request["RoleName"])
    if profile.role_id != role.id:
        raise no_such_entity(f"Role {role.name} is not in instance profile {profile.name}.")
    call.tx.update(
        INSTANCE_PROFILE,
        INSTANCE_PROFILE.key_of(profile),
        lambda profile: structs.replace(profile, role_id=None),
    )
    return {}


def the_profile(call: OperationCall, name: str) -> InstanceProfile:
    """Find an instance profile by name. Raises AwsError."""
    profile = (
        None if "\0" in name else call.tx.find(INSTANCE_PROFILE, (call.account_id, name.lower()))
    )
    if profile is None or profile.name != name:
        raise no_such_entity(f"Instance Profile {name} cannot be found.")
    return profile


def profile_shape(call: OperationCall, profile: InstanceProfile) -> Params:
    """Give an instance profile as lists show it."""
    roles = []
    if profile.role_id is not None:
        roles.append(role_shape(call, call.tx.get(ROLE, (profile.account_id, profile.role_id))))
    return {
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.created_at,
        "Roles": roles,
    }


def _whole(call: OperationCall, profile: InstanceProfile) -> Params:
    shape = profile_shape(call, profile)
    return shape | ({"Tags": tag_list(profile.tags)} if profile.tags else {})
