"""User pools: what the directory demands of its users, and how it speaks to them.

What is enforced is typed; what is only given back (`stored`) is kept as it came, under AWS's names.
"""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from bargate.store.kind import Index, Kind

AttributeType = Literal["String", "Number", "DateTime", "Boolean"]
MfaConfiguration = Literal["OFF", "ON", "OPTIONAL"]
CUSTOM_PREFIX, DEVELOPER_PREFIX = "custom:", "dev:"


class PoolPasswordPolicy(Struct, frozen=True, kw_only=True):
    """What passwords must be; a pool without a policy of its own has these (AWS [D] §8)."""

    minimum_length: int = 8
    require_uppercase: bool = True
    require_lowercase: bool = True
    require_numbers: bool = True
    require_symbols: bool = True
    history_size: int = 0
    temporary_validity_days: int = 7


class SchemaAttribute(Struct, frozen=True, kw_only=True):
    """An attribute that users may have; `name` is as users have it, `custom:` or `dev:` included.

    Bounds are texts as AWS takes and gives them, None for none.
    """

    name: str
    data_type: AttributeType = "String"
    developer_only: bool = False
    mutable: bool = True
    required: bool = False
    min_length: str | None = None
    max_length: str | None = None
    min_value: str | None = None
    max_value: str | None = None


class VerificationTemplate(Struct, frozen=True, kw_only=True):
    """Texts that carry codes (`{####}`) or links (`{##text##}`); None means AWS's own."""

    sms_message: str | None = None
    email_message: str | None = None
    email_subject: str | None = None
    email_message_by_link: str | None = None
    email_subject_by_link: str | None = None
    default_email_option: Literal["CONFIRM_WITH_CODE", "CONFIRM_WITH_LINK"] = "CONFIRM_WITH_CODE"


class Invitation(Struct, frozen=True, kw_only=True):
    """How users come in: by an administrator alone or by themselves, and what invitations say."""

    admin_only: bool = False
    unused_account_validity_days: int | None = None
    sms_message: str | None = None
    email_message: str | None = None
    email_subject: str | None = None


class DeviceSettings(Struct, frozen=True, kw_only=True):
    """Devices are remembered: a remembered one may stand in for MFA, or only if its user says so."""

    challenge_required_on_new_device: bool = False
    only_remembered_on_user_prompt: bool = False


class WebAuthnSettings(Struct, frozen=True, kw_only=True):
    """Passkeys: for which host they are, and what they count as."""

    relying_party_id: str | None = None
    user_verification: Literal["required", "preferred"] | None = None
    factor_configuration: Literal["SINGLE_FACTOR", "MULTI_FACTOR_WITH_USER_VERIFICATION"] | None = (
        None
    )


class UserPool(Struct, frozen=True, kw_only=True):
    """A user pool. `id` is `{region}_{letters}`, unique in the installation.

    `case_sensitive` None was never said and means True; it and the attributes that stand as names
    never change. `recovery` holds mechanisms by priority, None when none was set.
    `lambda_config` and `stored` are as AWS gives them; `stored` is what nothing here enforces.
    """

    account_id: str
    region: str
    partition: str = "aws"
    id: str
    name: str
    created_at: datetime
    modified_at: datetime
    schema: tuple[SchemaAttribute, ...]
    password_policy: PoolPasswordPolicy = PoolPasswordPolicy()
    first_factors: tuple[str, ...] = ("PASSWORD",)
    is_protected: bool = False
    case_sensitive: bool | None = None
    username_attributes: tuple[str, ...] = ()
    alias_attributes: tuple[str, ...] = ()
    auto_verified: tuple[str, ...] = ()
    verified_before_update: tuple[str, ...] = ()
    mfa: MfaConfiguration = "OFF"
    sms_mfa: bool = False
    software_token_mfa: bool = False
    email_mfa: dict[str, str] | None = None
    web_authn: WebAuthnSettings | None = None
    devices: DeviceSettings | None = None
    recovery: tuple[str, ...] | None = None
    verification: VerificationTemplate = VerificationTemplate()
    sms_authentication_message: str | None = None
    invitation: Invitation = Invitation()
    lambda_config: dict[str, Any] = {}
    session_tracking: bool = False
    max_sessions: int = 20
    tags: dict[str, str] = {}
    stored: dict[str, Any] = {}

    @property
    def arn(self) -> str:
        """The pool's ARN."""
        place = f"{self.region}:{self.account_id}"
        return f"arn:{self.partition}:cognito-idp:{place}:userpool/{self.id}"

    @property
    def srp_name(self) -> str:
        """The part of the id after `_`: what SRP mixes into every proof (AWS [R] §3)."""
        return self.id.partition("_")[2]

    @property
    def is_case_sensitive(self) -> bool:
        """Whether names that differ in case alone are different (AWS [M]: by default they are)."""
        return self.case_sensitive is not False

    def trigger_arn(self, trigger: str) -> str | None:
        """Give the ARN of the function behind a trigger (`PreSignUp`, …), None without one."""
        configured = self.lambda_config.get(_TRIGGER_CONFIGS.get(trigger, trigger))
        if isinstance(configured, dict):
            arn = configured.get("LambdaArn")
            return arn if isinstance(arn, str) else None
        plain = configured or self.lambda_config.get(trigger)
        return plain if isinstance(plain, str) else None


_TRIGGER_CONFIGS = {"PreTokenGeneration": "PreTokenGenerationConfig"}

USER_POOL: Kind[UserPool] = Kind(
    "user_pool",
    UserPool,
    lambda pool: (pool.account_id, pool.region, pool.id),
    (Index("id", lambda pool: (pool.id,), unique=True),),
    is_few=True,
)
