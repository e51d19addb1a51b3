"""Pages that users of pools see in a browser. A face of `userpool`, as `services.cognito_idp` is.

    request ──► Pages.answer ──► one file a page ──► a function of `userpool` ──► Page ──► render

A page is HTML by itself: no script, no cookie, nothing from elsewhere; `render` says so to browsers,
too (Content-Security-Policy). Templates escape whatever is filled in. INVARIANT: a GET changes
nothing, since programs that look for malware follow the links of mails.

Where do I add one? A file here with a path and what it answers, a template, a line in `Pages`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bargate.pages.confirm_user import confirm_user
from bargate.pages.render import PageRequest
from bargate.userpool.links import PATH as CONFIRM_USER

if TYPE_CHECKING:
    from bargate.audit.event import Note
    from bargate.userpool.pools import Pools
    from bargate.wire.request import HttpRequest, HttpResponse

_PATH: Final = re.compile(rf"/(?P<pool>[\w-]{{1,45}}_[0-9a-zA-Z]{{1,20}})/{CONFIRM_USER}", re.ASCII)


class Pages:
    """Answers for all pages; `pools` None where there are none. `note` is the audit log's."""

    def __init__(self, pools: Pools | None, note: Note) -> None:
        self._pools = pools
        self._note = note

    async def answer(self, request: HttpRequest, source_ip: str) -> HttpResponse | None:
        """Answer a request for a page, None if it is for something else."""
        found = _PATH.fullmatch(request.path)
        if found is None or self._pools is None:
            return None
        asked = PageRequest(
            pool_id=found["pool"],
            method=request.method,
            query=request.query,
            source_ip=source_ip,
        )
        return await confirm_user(self._pools, asked, self._note)
