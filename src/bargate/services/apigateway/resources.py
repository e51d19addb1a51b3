"""Resources: the tree of paths of an API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import structs

from bargate.records.rest_resource import REST_RESOURCE, RestResource
from bargate.services.apigateway.errors import bad_request, conflict, not_found
from bargate.services.apigateway.finding import find_part, the_api, the_resource
from bargate.services.apigateway.methods import method_output
from bargate.services.apigateway.patch import (
    Rule,
    Step,
    Table,
    must_be_one_of,
    patched,
    unsupported,
)
from bargate.services.apigateway.shape import new_id, page, present
from bargate.services.operation import OperationCall, Params, operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from bargate.store.interface import Reader
    from bargate.store.kind import Key
    from bargate.wire.error import AwsError

# AWS [O] names letters, digits and ._-: in its text; the others are taken too, as on import.
_LITERAL = re.compile(r"[A-Za-z0-9._:~$@%,-]+")
_VARIABLE = re.compile(r"\{[A-Za-z0-9._:$-]+\+?\}")
_MAX_PART_CHARACTERS = 255
_MAX_PATH_CHARACTERS = 4_096
_BATCH = 200


@operation(writes=True)
def create_resource(call: OperationCall, request: Params) -> Params:
    """Create a resource below another."""
    the_api(call, request)
    parent = the_resource(call, request, "parentId")
    part: str = request["pathPart"]
    resource = RestResource(
        account_id=parent.account_id,
        region=parent.region,
        api_id=parent.api_id,
        id=new_id(),
        path=_joined(parent.path, part),
        parent_id=parent.id,
        path_part=part,
    )
    _check_place(call.tx, parent, resource)
    return resource_output(call.tx.create(REST_RESOURCE, resource))


def _joined(parent_path: str, part: str) -> str:
    return f"{parent_path.rstrip('/')}/{part}"


def _check_place(tx: Reader, parent: RestResource, resource: RestResource) -> None:
    """Refuse a resource that cannot stand below `parent` (AWS [R] apigw-errors §5)."""
    part = resource.path_part
    if len(part) > _MAX_PART_CHARACTERS or not (
        _LITERAL.fullmatch(part) or _VARIABLE.fullmatch(part)
    ):
        raise bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and "
            "curly braces at the beginning and the end."
        )  # AWS [O]
    if parent.path_part.endswith("+}"):
        raise bad_request(
            f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}"
        )
    if len(resource.path) > _MAX_PATH_CHARACTERS:
        raise bad_request(f"A path may have at most {_MAX_PATH_CHARACTERS} characters")  # [I]
    _check_variables(resource.path)
    _check_siblings(tx, resource)


def _check_variables(path: str) -> None:
    names = [part[1:-1].removesuffix("+") for part in path.split("/") if part.startswith("{")]
    if len(set(names)) < len(names):
        raise bad_request(f"A path variable stands twice in the path {path}")  # [I]


def _check_siblings(tx: Reader, resource: RestResource) -> None:
    parent = resource.parent_key()
    same = tx.find_by(REST_RESOURCE, "child", (*parent, resource.path_part))
    if same is not None and same.id != resource.id:
        raise conflict(
            f"Another resource with the same parent already has this name: {resource.path_part}"
        )
    if not resource.path_part.startswith("{"):
        return
    variable = tx.find_by(REST_RESOURCE, "variable", parent)
    if variable is not None and variable.id != resource.id:
        raise bad_request(
            f"A sibling ({variable.path_part}) of this resource already has a variable path part"
            " -- only one is allowed"
        )


@operation()
def get_resource(call: OperationCall, request: Params) -> Params:
    """Give a resource; `embed=methods` with its methods."""
    resource = the_resource(call, request)
    return resource_output(resource, with_methods="methods" in (request.get("embed") or ()))


@operation()
def get_resources(call: OperationCall, request: Params) -> Params:
    """List the resources of an API."""
    api = the_api(call, request)
    with_methods = "methods" in (request.get("embed") or ())
    return page(
        call,
        REST_RESOURCE,
        api.key(),
        request,
        lambda resource: resource_output(resource, with_methods=with_methods),
    )


@operation(writes=True)
def update_resource(call: OperationCall, request: Params) -> Params:
    """Rename a resource or move it below another; the paths below follow."""
    resource = the_resource(call, request)
    if resource.parent_id is None:
        raise bad_request("Root resource cannot be updated")  # [I]
    changed = patched(resource, request, _PATCHES)
    parent = find_part(call, REST_RESOURCE, resource.api_id, changed.parent_id or "")
    if parent is None:
        raise not_found("Invalid Resource identifier specified")  # AWS [R]
    _check_not_below(call, parent, resource)
    changed = structs.replace(changed, path=_joined(parent.path, changed.path_part))
    _check_place(call.tx, parent, changed)
    call.tx.update(REST_RESOURCE, resource.key(), lambda _: changed)
    if changed.path != resource.path:
        _rename_below(call, changed)
    return resource_output(changed)


def _check_not_below(call: OperationCall, parent: RestResource, resource: RestResource) -> None:
    above: RestResource | None = parent
    while above is not None:
        if above.id == resource.id:
            raise bad_request("Resources cannot be cyclical.")  # AWS [R]
        above = find_part(call, REST_RESOURCE, resource.api_id, above.parent_id or "")


def _rename_below(call: OperationCall, top: RestResource) -> None:
    pending = [top]
    while pending:
        parent = pending.pop()
        for child in _children(call.tx, parent):
            moved = structs.replace(child, path=_joined(parent.path, child.path_part))
            if len(moved.path) > _MAX_PATH_CHARACTERS:
                raise bad_request(f"A path may have at most {_MAX_PATH_CHARACTERS} characters")
            _check_variables(moved.path)
            call.tx.update(REST_RESOURCE, child.key(), _becomes(moved))
            pending.append(moved)


def _becomes(resource: RestResource) -> Callable[[RestResource], RestResource]:
    return lambda _: resource


def _children(tx: Reader, parent: RestResource) -> list[RestResource]:
    return tx.list_by(REST_RESOURCE, "child", parent.key())


@operation(writes=True)
def delete_resource(call: OperationCall, request: Params) -> Params:
    """Delete a resource with all below it."""
    top = the_resource(call, request)
    if top.parent_id is None:
        raise bad_request("Root resource cannot be deleted")  # [I]
    call.tx.delete(REST_RESOURCE, top.key())
    pending: list[Key] = [top.key()]
    while pending:
        # Children are found by the id of a parent that is gone already.
        above = pending.pop()
        while batch := call.tx.list_by(REST_RESOURCE, "child", above, limit=_BATCH):
            for child in batch:
                call.tx.delete(REST_RESOURCE, child.key())
                pending.append(child.key())
    return {}


def _parent(resource: RestResource, step: Step) -> RestResource:
    return structs.replace(resource, parent_id=step.text())


def _path_part(resource: RestResource, step: Step) -> RestResource:
    return structs.replace(resource, path_part=step.text())


def _refuse(table: Table, step: Step) -> AwsError:
    """List the paths whatever the operation is (AWS [R] apigw-errors §5)."""
    if step.path in _PATHS:
        return unsupported(table, step)
    return must_be_one_of(step, _PATHS)


_PATHS = ("/parentId", "/pathPart")
_PATCHES = Table(
    (Rule("/parentId", ("replace",), _parent), Rule("/pathPart", ("replace",), _path_part)),
    _refuse,
)


def resource_output(resource: RestResource, *, with_methods: bool = False) -> Params:
    """Give `Resource`; without `embed` only the verbs of its methods are shown."""
    methods: Params = {
        verb: method_output(resource, method) if with_methods else {}
        for verb, method in resource.methods.items()
    }
    return present(
        id=resource.id,
        parentId=resource.parent_id,
        pathPart=resource.path_part or None,
        path=resource.path,
        resourceMethods=methods or None,
    )
