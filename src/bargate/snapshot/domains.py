"""Custom domain names: which one a host names, and which mapping of it a path begins with.

    host ──► exact name, else the wildcard over it ──► Domain ──match(path)──► Mapping, rest of the path

AWS [D] apigw-objects §7, apigw-evaluation §1: a base path is whole segments, the longest wins; what
no mapping begins is 403. Private names lead nowhere: they are not served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bargate.model.domain_name import DomainName, Mapping


class Domain(Struct, frozen=True, eq=False):
    """A custom domain name; its mappings, longest base path first."""

    name: str
    is_mutual: bool
    mappings: tuple[Mapping, ...]

    def match(self, path: str) -> tuple[Mapping, str] | None:
        """Give the mapping that a path in normal form begins with, and the path below it.

        INVARIANT: "", a path without normal form, begins with nothing, not even the root.
        """
        if not path:
            return None
        for mapping in self.mappings:
            prefix = f"/{mapping.base_path}" if mapping.base_path else ""
            if path == prefix or path.startswith(f"{prefix}/"):
                return mapping, path[len(prefix) :] or "/"
        return None


class Domains:
    """All custom domain names, by host."""

    __slots__ = ("_by_name",)

    def __init__(self, domains: Iterable[DomainName] = ()) -> None:
        self._by_name = {
            each.name.encode("ascii"): _domain(each) for each in domains if not each.is_private
        }

    def find(self, host: bytes | None) -> Domain | None:
        """Give what a host (lower case, without port) names; a trailing dot says the same."""
        if not host or not self._by_name:
            return None
        name = host.removesuffix(b".")
        found = self._by_name.get(name)
        if found is None:
            _, _, parent = name.partition(b".")
            found = self._by_name.get(b"*." + parent)
        return found


def _domain(domain: DomainName) -> Domain:
    longest = sorted(domain.mappings, key=lambda each: len(each.base_path), reverse=True)
    return Domain(domain.name, domain.truststore is not None, tuple(longest))
