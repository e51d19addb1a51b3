"""App clients of user pools: which flows they may use, and how long what they get is valid."""

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct

from bargate.secret import Secret
from bargate.store.kind import Index, Kind

Unit = Literal["seconds", "minutes", "hours", "days"]
UNIT_S: Final = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
# AWS [M] ExplicitAuthFlows: what a client may that says nothing.
DEFAULT_FLOWS: Final = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
DEFAULT_TOKEN_S: Final = 3_600
DEFAULT_REFRESH_S: Final = 30 * 86_400


class ClientSecret(Struct, frozen=True, kw_only=True):
    """One of a client's secrets: any of them is good, so that they can be changed in turn."""

    id: str
    value: Secret
    created_at: datetime


class TokenUnits(Struct, frozen=True, kw_only=True):
    """Units of the validities; None where none was given (AWS [D] §5: hours, hours, days)."""

    access: Unit | None = None
    id: Unit | None = None
    refresh: Unit | None = None


class Rotation(Struct, frozen=True, kw_only=True):
    """Whether each refresh gives a new refresh token, and how long the old one may be repeated."""

    is_enabled: bool = False
    grace_s: int = 0


class UserPoolClient(Struct, frozen=True, kw_only=True):
    """An app client. What is None was never said; the properties say what then holds.

    `stored` is what only the OAuth endpoints or nothing here enforces, under AWS's names
    (CallbackURLs, AllowedOAuthFlows, AllowedOAuthScopes, SupportedIdentityProviders, …).
    """

    pool_id: str
    id: str
    name: str
    created_at: datetime
    modified_at: datetime
    secrets: tuple[ClientSecret, ...] = ()
    refresh_validity: int = 30
    access_validity: int | None = None
    id_validity: int | None = None
    units: TokenUnits | None = None
    read_attributes: tuple[str, ...] | None = None
    write_attributes: tuple[str, ...] | None = None
    explicit_flows: tuple[str, ...] | None = None
    prevent_existence_errors: Literal["LEGACY", "ENABLED"] | None = None
    revocation: bool = True
    propagates_context: bool = False
    session_validity_minutes: int = 3
    rotation: Rotation | None = None
    stored: dict[str, Any] = {}

    @property
    def flows(self) -> tuple[str, ...]:
        """The flows it may use."""
        return DEFAULT_FLOWS if self.explicit_flows is None else self.explicit_flows

    @property
    def hides_users(self) -> bool:
        """Whether nobody may learn from it who is a user (AWS [D] §9: not unless it is said)."""
        return self.prevent_existence_errors == "ENABLED"

    @property
    def rotates(self) -> bool:
        """Whether refresh tokens are replaced as they are used."""
        return self.rotation is not None and self.rotation.is_enabled

    @property
    def access_s(self) -> int:
        """How long access tokens are valid, in seconds."""
        return _seconds(self.access_validity, self.units.access if self.units else None)

    @property
    def id_s(self) -> int:
        """How long ID tokens are valid, in seconds."""
        return _seconds(self.id_validity, self.units.id if self.units else None)

    @property
    def refresh_s(self) -> int:
        """How long refresh tokens are valid, in seconds (AWS [D] §5: 0 means 30 days)."""
        unit = (self.units.refresh if self.units else None) or "days"
        return self.refresh_validity * UNIT_S[unit] or DEFAULT_REFRESH_S


def _seconds(validity: int | None, unit: Unit | None) -> int:
    return DEFAULT_TOKEN_S if validity is None else validity * UNIT_S[unit or "hours"]


USER_POOL_CLIENT: Kind[UserPoolClient] = Kind(
    "user_pool_client",
    UserPoolClient,
    lambda client: (client.pool_id, client.id),
    (Index("id", lambda client: (client.id,), unique=True),),
    is_few=True,
)
