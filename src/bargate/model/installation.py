"""What one gateway serves: stages of APIs, and where the account and the issuers are."""

from msgspec import Struct

from bargate.model.domain_name import DomainName
from bargate.model.http_api import HttpApi
from bargate.model.rest_api import RestApi
from bargate.model.usage_plan import Throttle

DEFAULT_ACCOUNT_ID = "000000000000"
DEFAULT_REGION = "us-east-1"
DEFAULT_SIGNATURE_SKEW_S = 300  # AWS [O] iam-sts §6: execute-api says 5 minutes


class Stage(Struct, frozen=True, kw_only=True):
    """A named, callable deployment of an API; `$default` serves an HTTP API at its root.

    `is_canary` is said as a stage is compiled: whether this is its canary, None when it has none.
    `throttles` maps `{path}/{VERB}` (the root: `//GET`) or `*/*` to the bucket of a method, or of
    each method; `client_certificate_id` is the one that HTTPS backends are shown. Another number of
    `authorizer_flushes` makes the stage another one, whose authorizers remember nothing yet.
    """

    name: str
    variables: dict[str, str] = {}
    is_canary: bool | None = None
    throttles: dict[str, Throttle] = {}
    client_certificate_id: str | None = None
    authorizer_flushes: int = 0


class Canary(Struct, frozen=True, kw_only=True):
    """A second deployment of a stage that takes `percent_traffic` (0 to 100) of its calls.

    `variables` are the stage's with the canary's overrides.
    """

    api: RestApi
    percent_traffic: float
    variables: dict[str, str] = {}


class ServedStage(Struct, frozen=True, kw_only=True, tag="stage"):
    """One stage of one API with the deployment it points to: the unit that workers are sent."""

    account_id: str
    region: str
    api: RestApi | HttpApi
    stage: Stage
    canary: Canary | None = None


class Installation(Struct, frozen=True, kw_only=True):
    """Everything that calls are decided by, but for identities.

    Account and region are those of APIs that come from documents; a stage has its own. `issuers`
    maps a user pool's ARN to the URL that stands as its issuer in place of AWS's own; `domain` is
    the suffix of `{apiId}.execute-api.{region}.{domain}` host names. `signature_skew_s` bounds how
    far the clock of who signs a call may be away (AWS [O] iam-sts §6: 5 minutes). `account_throttle` is
    what all APIs of one account and region may be called together, None for any amount; `domains` are
    the custom domain names.
    """

    account_id: str = DEFAULT_ACCOUNT_ID
    region: str = DEFAULT_REGION
    partition: str = "aws"
    domain: str = "localhost"
    served: tuple[ServedStage, ...] = ()
    domains: tuple[DomainName, ...] = ()
    issuers: dict[str, str] = {}
    signature_skew_s: int = DEFAULT_SIGNATURE_SKEW_S
    account_throttle: Throttle | None = None
