"""Which method or route answers a path: a trie of path segments, the most specific match first.

REST (AWS [D]/[R] apigw-evaluation §1): the resource is found first (static, then `{param}`, then
`{proxy+}`), then its verb or `ANY`; a resource without the verb is no match. HTTP APIs ([D] §7)
take verb and path together, less specific routes being tried next, and `$default` last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bargate.access.paths import other_readings
from bargate.snapshot.trie import Edit, is_greedy, is_parameter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bargate.snapshot.compiled import Endpoint, Variables
    from bargate.snapshot.trie import Methods, Node, Slot

Match = tuple["Endpoint", "Mapping[str, str]"]
_DEFAULT_ROUTE = "$default"
# More changes than a share of all slots: then a trie made anew is cheaper than one changed.
_REBUILD_SHARE = 4


class Router:
    """Finds the endpoint of a method and a normal path (see `access.paths`).

    Immutable; `changed` gives another one that shares what did not change.
    """

    __slots__ = ("_default", "_is_ambiguous", "_kind", "_root", "_slots", "_static")

    def __init__(self, kind: Literal["REST", "HTTP"], slots: Iterable[Slot]) -> None:
        self._kind = kind
        self._slots = tuple(slots)
        self._static: dict[str, Methods] = {}
        self._default: Slot | None = None
        self._is_ambiguous = False
        self._edit(Edit(), (), self._slots)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All endpoints, compiled now as far as they are not yet; raises InvalidConfiguration."""
        return tuple(slot.compiled() for slot in self._slots)

    def changed(
        self, slots: Sequence[Slot], removed: Sequence[Slot], added: Sequence[Slot]
    ) -> Router:
        """Give the router of `slots`, which are this one's without `removed` and with `added`."""
        if not removed and not added:
            return self
        if self._is_ambiguous or (len(removed) + len(added)) * _REBUILD_SHARE > len(slots):
            return Router(self._kind, slots)
        router = object.__new__(Router)
        router._kind = self._kind
        router._slots = tuple(slots)
        router._static = dict(self._static)
        router._default = self._default
        router._is_ambiguous = False
        router._edit(Edit(self._root), removed, added)
        return router

    def _edit(self, edit: Edit, removed: Iterable[Slot], added: Iterable[Slot]) -> None:
        for slot in removed:
            if slot.resource_path == _DEFAULT_ROUTE:
                self._default = None
                continue
            segments = _segments(slot.resource_path)
            self._remember(segments, edit.remove(segments, slot))
        for slot in added:
            if slot.resource_path == _DEFAULT_ROUTE:
                self._default = slot
                continue
            segments = _segments(slot.resource_path)
            methods, displaced = edit.add(segments, slot)
            self._is_ambiguous |= displaced
            self._remember(segments, methods)
        self._root: Node = edit.root

    def _remember(self, segments: list[str], methods: Methods) -> None:
        """Note a path without parameters: most calls are then one dictionary look-up."""
        if any(map(is_parameter, segments)):
            return
        path = f"/{'/'.join(segments)}"
        if methods:
            self._static[path] = methods
        else:
            self._static.pop(path, None)

    def match(self, method: str, path: str) -> Match | None:
        """Give the endpoint and the path parameters (still percent-encoded), None for no match.

        A path that a backend may read as one of another resource (see `other_readings`) is no
        match: the backend could answer for the one while the controls of the other were met.
        Neither is the empty path, which stands for one without normal form. Raises
        InvalidConfiguration for an endpoint that is compiled now, at its first call, and cannot be.
        """
        if not path:
            return None
        methods = self._static.get(path)
        if methods is not None:
            static = methods.get(method) or methods.get("ANY")
            if static is not None:
                return static.endpoint or static.compiled(), {}
        segments = _segments(path)
        slot = self._slot(method, segments)
        if slot is None:
            return None
        for reading in other_readings(path):
            if self._is_of_another(method, reading, slot):
                return None
        endpoint = slot.endpoint or slot.compiled()
        return endpoint, _path_parameters(endpoint.variables, segments, path)

    def _is_of_another(self, method: str, path: str, slot: Slot) -> bool:
        """Say whether a path belongs to another endpoint, or to a resource without the verb."""
        node = self._node(method, _segments(path))
        if node is None:
            return self._default is not None and self._default is not slot
        return node.verb(method) is not slot

    def _slot(self, method: str, segments: list[str]) -> Slot | None:
        node = self._node(method, segments)
        return self._default if node is None else node.verb(method)

    def _node(self, method: str, segments: list[str]) -> Node | None:
        return _find(self._root, segments, 0, None if self._kind == "REST" else method)


def _find(node: Node, segments: list[str], at: int, method: str | None) -> Node | None:
    """Give the most specific node for a path, of those that have `method` (None: any method).

    Every node has one parent, so that a look-up visits each node at most once.
    """
    while at < len(segments):
        child, parameter, greedy = node.children.get(segments[at]), node.parameter, node.greedy
        at += 1
        only = child or parameter
        if greedy is None and only is not None and (child is None or parameter is None):
            node = only  # no choice: nothing to come back to
            continue
        for each in (child, parameter):
            found = None if each is None else _find(each, segments, at, method)
            if found is not None:
                return found
        return greedy if greedy is not None and _accepts(greedy, method) else None
    return node if _accepts(node, method) else None


def _accepts(node: Node, method: str | None) -> bool:
    return bool(node.methods) if method is None else node.verb(method) is not None


def _segments(path: str) -> list[str]:
    """Split a path; the leading slash and one trailing slash do not count."""
    trimmed = path[1:-1] if path.endswith("/") else path[1:]
    return trimmed.split("/") if trimmed else []


def _path_parameters(variables: Variables, segments: list[str], path: str) -> dict[str, str]:
    """Name the variable segments; a greedy one, the last, keeps the path's trailing slash."""
    single, greedy = variables
    parameters = {name: segments[at] for at, name in single}
    if greedy is not None:
        at, name = greedy
        end = "/" if path.endswith("/") else ""
        parameters[name] = "/".join(segments[at:]) + end
    return parameters


def variables_of(template: str) -> Variables:
    """Find the variable segments of a template."""
    single, greedy = [], None
    for at, segment in enumerate(_segments(template)):
        if is_greedy(segment):
            greedy = (at, segment[1:-2])
        elif is_parameter(segment):
            single.append((at, segment[1:-1]))
    return tuple(single), greedy


NO_ROUTES = Router("REST", ())
