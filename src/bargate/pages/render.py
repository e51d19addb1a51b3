"""From a page to an answer: its template filled in, and what browsers may do with it.

The one stylesheet stands in the page, and the policy names its digest: no other style is taken.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from bargate.wire.request import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment


class PageRequest(Struct, frozen=True, kw_only=True):
    """A request for a page of a pool. INVARIANT: `query` holds codes, so it is never logged."""

    pool_id: str
    method: str
    query: str
    source_ip: str

    def __repr__(self) -> str:
        return f"PageRequest({self.method} {self.pool_id})"


class Page(Struct, frozen=True, kw_only=True):
    """What a template is filled with; `status` is HTTP's."""

    template: str
    values: Mapping[str, object]
    status: int = 200


def render(page: Page) -> HttpResponse:
    """Write a page."""
    html = _templates().get_template(page.template).render(page.values, style=_style())
    return HttpResponse(page.status, _headers(), html.encode())


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  few need it

    return Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return _text("style.css")


def _text(name: str) -> str:
    from importlib.resources import files  # noqa: PLC0415  as few need it

    return (files(__package__) / "templates" / name).read_text("utf-8")


@cache
def _headers() -> tuple[tuple[str, str], ...]:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    )
    return (
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", policy),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),  # addresses of pages hold codes
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex, nofollow"),
    )
