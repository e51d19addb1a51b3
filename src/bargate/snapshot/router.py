"""Which method or route answers a path: a trie of path segments, the most specific match first.

REST (AWS [D]/[R] apigw-evaluation §1): the resource is found first (static, then `{param}`, then
`{proxy+}`), then its verb or `ANY`; a resource without the verb is no match. HTTP APIs ([D] §7)
take verb and path together, less specific routes being tried next, and `$default` last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bargate.access.paths import other_readings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bargate.snapshot.compiled import Endpoint

Match = tuple["Endpoint", "Mapping[str, str]"]
# Where the variable segments of a template are: position and name; a greedy one comes last.
_Variables = tuple[tuple[int, str], ...]


class _Node:
    """One path segment; its methods when a path may end here."""

    __slots__ = ("children", "greedy", "methods", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.greedy: _Node | None = None
        self.methods: dict[str, Endpoint] = {}

    def verb(self, method: str) -> Endpoint | None:
        return self.methods.get(method) or self.methods.get("ANY")


class Router:
    """Finds the endpoint of a method and a normal path (see `access.paths`)."""

    __slots__ = ("_default", "_resource_first", "_root", "_static", "_variables", "endpoints")

    def __init__(self, kind: Literal["REST", "HTTP"], endpoints: Iterable[Endpoint]) -> None:
        self.endpoints = tuple(endpoints)
        self._root = _Node()
        self._variables: dict[str, tuple[_Variables, str | None]] = {}
        self._default: Endpoint | None = None
        self._resource_first = kind == "REST"
        for endpoint in self.endpoints:
            self._add(endpoint)
        self._static = _static_table(self._root)

    def _add(self, endpoint: Endpoint) -> None:
        if endpoint.resource_path == "$default":
            self._default = endpoint
            return
        node, segments = self._root, _segments(endpoint.resource_path)
        for segment in segments:
            node = _descend(node, segment)
        self._variables[endpoint.resource_path] = _variables(segments)
        node.methods[endpoint.http_method] = endpoint

    def match(self, method: str, path: str) -> Match | None:
        """Give the endpoint and the path parameters (still percent-encoded), None for no match.

        A path that a backend may read as one of another resource (see `other_readings`) is no
        match: the backend could answer for the one while the controls of the other were met.
        Neither is the empty path, which stands for one without normal form.
        """
        if not path:
            return None
        node = self._static.get(path)
        if node is not None and (endpoint := node.verb(method)) is not None:
            return endpoint, {}
        segments = _segments(path)
        endpoint = self._endpoint(method, segments)
        if endpoint is None:
            return None
        for reading in other_readings(path):
            if self._is_of_another(method, reading, endpoint):
                return None
        return endpoint, self._path_parameters(endpoint.resource_path, segments, path)

    def _path_parameters(self, template: str, segments: list[str], path: str) -> dict[str, str]:
        """Name the variable segments; a greedy one keeps the path's trailing slash."""
        single, greedy = self._variables.get(template, _NO_VARIABLES)
        parameters = {name: segments[at] for at, name in single}
        if greedy is not None:
            end = "/" if path.endswith("/") else ""
            parameters[greedy] = "/".join(segments[template.count("/") - 1 :]) + end
        return parameters

    def _is_of_another(self, method: str, path: str, endpoint: Endpoint) -> bool:
        """Say whether a path belongs to another endpoint, or to a resource without the verb."""
        node = self._node(method, _segments(path))
        if node is None:
            return self._default not in {endpoint, None}
        return node.verb(method) is not endpoint

    def _endpoint(self, method: str, segments: list[str]) -> Endpoint | None:
        node = self._node(method, segments)
        return self._default if node is None else node.verb(method)

    def _node(self, method: str, segments: list[str]) -> _Node | None:
        return _find(self._root, segments, 0, None if self._resource_first else method)


def _find(node: _Node, segments: list[str], at: int, method: str | None) -> _Node | None:
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


def _accepts(node: _Node, method: str | None) -> bool:
    return bool(node.methods) if method is None else node.verb(method) is not None


def _segments(path: str) -> list[str]:
    """Split a path; the leading slash and one trailing slash do not count."""
    trimmed = path[1:-1] if path.endswith("/") else path[1:]
    return trimmed.split("/") if trimmed else []


_NO_VARIABLES: tuple[_Variables, str | None] = ((), None)


def _variables(segments: list[str]) -> tuple[_Variables, str | None]:
    """Find the single variable segments of a template, and the name of its greedy one."""
    single = tuple(
        (at, name[1:-1])
        for at, name in enumerate(segments)
        if name.startswith("{") and not name.endswith("+}")
    )
    greedy = segments[-1][1:-2] if segments and segments[-1].endswith("+}") else None
    return single, greedy


def _descend(node: _Node, segment: str) -> _Node:
    if segment.startswith("{") and segment.endswith("+}"):
        node.greedy = node.greedy or _Node()
        return node.greedy
    if segment.startswith("{") and segment.endswith("}"):
        node.parameter = node.parameter or _Node()
        return node.parameter
    return node.children.setdefault(segment, _Node())


def _static_table(root: _Node) -> dict[str, _Node]:
    """Collect the paths without parameters: most calls are then one dictionary look-up."""
    table: dict[str, _Node] = {}
    pending = [("", root)]
    while pending:
        path, node = pending.pop()
        if node.methods:
            table[path or "/"] = node
        pending.extend((f"{path}/{name}", child) for name, child in node.children.items())
    return table
