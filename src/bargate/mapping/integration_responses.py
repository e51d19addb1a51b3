"""Integration responses: how a backend's answer becomes the method's.

AWS [D]/[R]: the first response whose selection pattern matches the whole status code, else the
default one, else 500. What a Lambda function answered has no status: a failed one's error message is
matched in its place, and the default one is for all others. Headers are those mapped alone; the
Content-Type is the mapped one, else that of the template, else application/json.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.verdict import Denial
from bargate.mapping.context import Place
from bargate.mapping.expressions import (
    ResponseSource,
    UnreadableBody,
    compile_response_source,
    invalid_expression,
)
from bargate.mapping.headers import (
    HOP_BY_HOP,
    REMAPPED_FROM_HTTP,
    PassedNames,
    header_value,
    is_header_name,
    remap,
)
from bargate.mapping.media_types import (
    JSON,
    MediaTypeTest,
    UnreadableBase64,
    choose_content_type,
    compile_binary_test,
    convert_response,
)
from bargate.mapping.plan import Headers, Response
from bargate.mapping.request_parameters import integration_path
from bargate.mapping.request_templates import compile_templates, template_denial
from bargate.mapping.vtl.limits import Budget, TemplateFailure
from bargate.mapping.vtl.template import Overrides, Template
from bargate.mapping.vtl.values import text_of
from bargate.model.invalid import InvalidConfiguration
from bargate.model.rest_api import ContentHandling, Integration, IntegrationResponse

_TARGET = "method.response.header."
_STATUSES = range(100, 600)


class CompiledIntegrationResponse(Struct, frozen=True):
    """One integration response."""

    status: int
    pattern: re.Pattern[str] | None
    headers: tuple[tuple[bytes, ResponseSource], ...]
    templates: Mapping[str, Template | None]
    content_handling: ContentHandling | None


class Answer(Struct, frozen=True):
    """What an integration answered; `overrides` are those of the request template.

    `error_message` is that of a function that failed, None where it did not.
    """

    status: int
    headers: Headers
    body: bytes
    overrides: Overrides | None = None
    is_function: bool = False
    error_message: str | None = None

    @property
    def selection(self) -> str | None:
        """What selection patterns are matched with; None where the default is meant."""
        return self.error_message if self.is_function else str(self.status)


class IntegrationResponses(Struct, frozen=True):
    """The integration responses of one method."""

    responses: tuple[CompiledIntegrationResponse, ...]
    is_binary: MediaTypeTest
    place: Place

    def map(self, call: Call, facts: Facts, answer: Answer) -> Response | Denial:
        """Give the client's answer."""
        chosen = self._choose(answer.selection)
        if chosen is None:
            what = "the function's answer" if answer.is_function else f"status {answer.status}"
            return Denial(
                response_type="API_CONFIGURATION_ERROR",
                reason="integration.no_response",
                detail=f"no integration response matches {what} and there is no default",
            )
        try:
            return self._render(chosen, call, facts, answer)
        except UnreadableBody as error:
            return template_denial(f"a response mapping cannot read the backend's body: {error}")
        except UnreadableBase64 as error:
            return template_denial(f"the backend's body is not base64: {error}")
        except TemplateFailure as error:
            return template_denial(str(error))

    def _choose(self, selection: str | None) -> CompiledIntegrationResponse | None:
        default = None
        for response in self.responses:
            if response.pattern is None:
                default = default or response
            elif selection is not None and response.pattern.fullmatch(selection):
                return response
        return default

    def _render(
        self, chosen: CompiledIntegrationResponse, call: Call, facts: Facts, answer: Answer
    ) -> Response:
        headers = [
            (name, header_value(",".join(values)))
            for name, source in chosen.headers
            if (values := source(call, facts, answer.headers, answer.body))
        ]
        accept = call.text(b"accept")
        content_type = choose_content_type(chosen.templates, accept) if chosen.templates else JSON
        template = chosen.templates.get(content_type)
        body, is_text = self._converted(chosen, answer, accept)
        overrides = answer.overrides
        if template is not None:
            if not is_text:
                raise TemplateFailure("a template cannot map a binary body")
            text, own = template.render(call, facts, self.place, body)
            body, overrides = text.encode("utf-8", "replace"), own or overrides
        status = chosen.status
        if overrides is not None:
            status = overridden_status(overrides) or status
            headers = _overridden(headers, overrides.response_headers)
        headers = remap(headers, PassedNames(REMAPPED_FROM_HTTP, HOP_BY_HOP))
        if not any(name.lower() == b"content-type" for name, _ in headers):
            headers.append((b"Content-Type", content_type.encode("latin-1", "replace")))
        return Response(status, headers, body)

    def _converted(
        self, chosen: CompiledIntegrationResponse, answer: Answer, accept: str | None
    ) -> tuple[bytes, bool]:
        """Give the body after content handling, and whether it is text."""
        sent = next(
            (value.decode("latin-1") for name, value in answer.headers
             if name.lower() == b"content-type"),
            None,
        )  # fmt: skip
        is_binary, accepts = self.is_binary(sent), self.is_binary(accept)
        handling = chosen.content_handling
        sent_body = answer.body
        if answer.is_function and (handling == "CONVERT_TO_BINARY" or (not handling and accepts)):
            sent_body = _unquoted(sent_body)
        body = convert_response(sent_body, handling, is_binary=is_binary, accepts_binary=accepts)
        to_text = handling == "CONVERT_TO_TEXT" or (handling is None and not accepts)
        return body, to_text or not answer.body


def _unquoted(body: bytes) -> bytes:
    """Give the characters of a function's JSON text: base64 is returned in quotes (AWS [O])."""
    bare = body.strip()
    return bare[1:-1] if len(bare) > 1 and bare[:1] == bare[-1:] == b'"' else body


def overridden_status(overrides: Overrides) -> int | None:
    """Give a status set by a template; AWS ignores what is no status [R]."""
    status = overrides.response_status
    text = str(status) if isinstance(status, int | str) and not isinstance(status, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and int(text[:9]) in _STATUSES else None


def override_texts(overrides: Mapping[str, object]) -> list[tuple[str, str]]:
    """Give overridden parameters as text, those set to null left out. Raises TemplateFailure."""
    budget = Budget()
    return [
        (str(name), text_of(value, budget))
        for name, value in overrides.items()
        if value is not None
    ]


def compile_integration_responses(
    guarded: GuardedMethod, integration: Integration, place: Place
) -> IntegrationResponses:
    """Compile the integration responses. Raises InvalidConfiguration."""
    return IntegrationResponses(
        tuple(_compile(guarded, response, place) for response in integration.responses),
        compile_binary_test(guarded.api.binary_media_types),
        place,
    )


def _compile(
    guarded: GuardedMethod, response: IntegrationResponse, place: Place
) -> CompiledIntegrationResponse:
    pattern = response.selection_pattern
    path = integration_path(guarded, "responses", pattern or "default")
    return CompiledIntegrationResponse(
        status=_status(response, path),
        pattern=_pattern(pattern, path),
        headers=_headers(guarded, response, place, path),
        templates=compile_templates(response.response_templates, (*path, "responseTemplates")),
        content_handling=response.content_handling,
    )


def _status(response: IntegrationResponse, path: tuple[str, ...]) -> int:
    text = response.status_code
    if not (text.isascii() and text.isdigit() and int(text) in range(200, 600)):
        raise InvalidConfiguration((*path, "statusCode"), f"{text!r} is not a status code")
    return int(text)


def _pattern(pattern: str | None, path: tuple[str, ...]) -> re.Pattern[str] | None:
    if pattern is None or pattern in {"", "default"}:
        return None
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InvalidConfiguration(
            path, f"the selection pattern {pattern!r} is not a regular expression: {error}"
        ) from error


def _headers(
    guarded: GuardedMethod, response: IntegrationResponse, place: Place, path: tuple[str, ...]
) -> tuple[tuple[bytes, ResponseSource], ...]:
    declared = {
        name.lower()
        for answer in guarded.method.method_responses
        if answer.status_code == response.status_code
        for name in answer.response_parameters
    }
    headers = []
    for target, expression in response.response_parameters.items():
        here = (*path, "responseParameters", target)
        name = target.removeprefix(_TARGET)
        if name == target or not is_header_name(name) or target.lower() not in declared:
            # AWS [R]: also where the method response does not declare the header.
            raise invalid_expression(target, here)
        headers.append((name.encode("ascii"), compile_response_source(expression, place, here)))
    return tuple(headers)


def _overridden(headers: Headers, overrides: Mapping[str, object]) -> Headers:
    texts = [(name, text) for name, text in override_texts(overrides) if is_header_name(name)]
    names = {name.lower().encode("ascii") for name, _ in texts}
    kept = [header for header in headers if header[0].lower() not in names]
    return kept + [(name.encode("ascii"), header_value(text)) for name, text in texts]
