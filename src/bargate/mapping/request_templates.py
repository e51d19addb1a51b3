"""`requestTemplates` of a REST integration: which template a body goes through, and to what.

AWS [D] passthrough behaviours: a template is chosen by the request's Content-Type (absent means
application/json), then `$default`; without one the body passes or the call is refused with 415.
"""

from collections.abc import Mapping

from msgspec import Struct

from bargate.access.call import Call, Facts
from bargate.access.control import GuardedMethod
from bargate.access.verdict import Denial
from bargate.mapping.context import Place
from bargate.mapping.media_types import (
    JSON,
    MediaTypeTest,
    UnreadableBase64,
    compile_binary_test,
    convert_request,
    media_type,
)
from bargate.mapping.request_parameters import integration_path
from bargate.mapping.vtl.limits import TemplateFailure, UnreadableInput
from bargate.mapping.vtl.template import Overrides, Template, compile_template
from bargate.model.rest_api import ContentHandling, Integration, PassthroughBehavior


class MappedBody(Struct, frozen=True):
    """A body as it goes to the integration, and what its template overrode."""

    body: bytes
    overrides: Overrides | None = None


class RequestTemplates(Struct, frozen=True):
    """The request templates of one method."""

    templates: Mapping[str, Template | None]
    passthrough: PassthroughBehavior
    content_handling: ContentHandling | None
    is_binary: MediaTypeTest
    place: Place

    def map(self, call: Call, facts: Facts) -> MappedBody | Denial:
        """Give the body of a call for its integration."""
        content_type = call.text(b"content-type")
        wanted = media_type(content_type) or JSON
        template = self.templates.get(wanted) or self.templates.get("$default")
        if template is None and self._refuses():
            return Denial(
                response_type="UNSUPPORTED_MEDIA_TYPE",
                reason="integration.no_template",
                detail=f"no request template for {wanted} and passthrough is {self.passthrough}",
            )
        is_binary = self.is_binary(content_type)
        try:
            body = convert_request(call.body, self.content_handling, is_binary=is_binary)
        except UnreadableBase64 as error:
            return Denial(
                response_type="BAD_REQUEST_BODY",
                reason="integration.base64",
                detail=f"the body is not base64: {error}",
            )
        if template is None:
            return MappedBody(body)
        stays_binary = is_binary and self.content_handling != "CONVERT_TO_TEXT"
        if stays_binary or self.content_handling == "CONVERT_TO_BINARY":
            return template_denial("a template cannot map a binary body")
        return self._render(template, call, facts, body)

    def _refuses(self) -> bool:
        if self.passthrough == "WHEN_NO_TEMPLATES":
            return bool(self.templates)
        return self.passthrough == "NEVER"

    def _render(
        self, template: Template, call: Call, facts: Facts, body: bytes
    ) -> MappedBody | Denial:
        try:
            text, overrides = template.render(call, facts, self.place, body)
        except UnreadableInput as error:
            # AWS [O]: the message clients see
            return Denial(
                response_type="BAD_REQUEST_BODY",
                reason="integration.unreadable_body",
                detail=str(error),
                message="Could not parse request body into json",
            )
        except TemplateFailure as error:
            return template_denial(str(error))
        return MappedBody(text.encode("utf-8", "replace"), overrides)


def compile_request_templates(
    guarded: GuardedMethod, integration: Integration, place: Place
) -> RequestTemplates:
    """Compile the request templates. Raises InvalidConfiguration."""
    return RequestTemplates(
        compile_templates(
            integration.request_templates, integration_path(guarded, "requestTemplates")
        ),
        integration.passthrough_behavior,
        integration.content_handling,
        compile_binary_test(guarded.api.binary_media_types),
        place,
    )


def compile_templates(
    templates: Mapping[str, str], path: tuple[str, ...]
) -> dict[str, Template | None]:
    """Compile templates by media type; an empty one passes the body through (AWS [R])."""
    return {
        (media_type(name) or name): compile_template(text, (*path, name)) if text.strip() else None
        for name, text in templates.items()
    }


def template_denial(detail: str) -> Denial:
    """Refuse a call whose template failed."""
    return Denial(
        response_type="API_CONFIGURATION_ERROR", reason="integration.template", detail=detail
    )
