"""Who is let in to a preview, and what of what they said goes on. Pure: no input or output.

Three things are asked of every request: that it was meant for this listener (its Host, or a page of
somebody else's could reach us by a name of its own that leads here), that it names a path of ours and not
another server, and that it shows the token of the link or the cookie given for it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from journeyman.adapters.preview.headers import Headers, asks_for_upgrade
from journeyman.ports.gateway import Secrets

COOKIE = b"journeyman-preview-"
"""With our port, as browsers send cookies of one port to every other."""
TOKEN = b"token"
NO_LINK = (
    "This preview opens only with the link that was given for it: take it again from your editor "
    "or from `journeyman forward`."
)
NOT_OURS = "This preview answers only as 127.0.0.1 or localhost with its own port."
NO_PATH = "A preview takes paths of its own, and no other servers' addresses."
MISPLACED = "The token belongs in the link's query and nowhere else."


@dataclass(frozen=True, slots=True)
class Passed:
    target: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Moved:
    """Come again without the token, with the cookie."""

    location: bytes
    cookie: bytes
    by_page: bool = False
    """Another site's page led here: of a redirect the browser would not show our cookie, as that is for our
    own pages; of a page of ours it does."""


@dataclass(frozen=True, slots=True)
class Refused:
    status: int
    text: str


class Door:
    def __init__(self, port: int, secrets: Secrets) -> None:
        self.port = port
        self._hosts = {b"127.0.0.1:%d" % port, b"localhost:%d" % port}
        self._name = COOKIE + b"%d" % port
        self._token = secrets.token.encode()
        self._cookie = secrets.cookie.encode()

    def admit(self, method: bytes, target: bytes, headers: Headers) -> Passed | Moved | Refused:
        """`headers` as they came."""
        hosts = [value for name, value in headers if name.lower() == b"host"]
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return Refused(403, NOT_OURS)
        with_token, target = self._without_token(target)
        with_cookie, headers = self._without_cookie(headers)
        if not (with_token or with_cookie):
            return Refused(403, NO_LINK)
        if not target.startswith(b"/") and (method, target) != (b"OPTIONS", b"*"):
            return Refused(400, NO_PATH)
        if self._tells(target) or self._tells(unquote_to_bytes(target)):
            return Refused(400, MISPLACED)
        if with_token and method in (b"GET", b"HEAD") and not asks_for_upgrade(headers):
            cookie = b"%s=%s; Path=/; HttpOnly; SameSite=Strict" % (self._name, self._cookie)
            site = [value for name, value in headers if name.lower() == b"sec-fetch-site"]
            return Moved(b"http://" + hosts[0] + target, cookie, by_page=b"cross-site" in site)
        return Passed(target, [each for each in headers if not self._tells(each[1])])

    @staticmethod
    def outgoing(headers: Headers) -> Headers:
        """An answer's, without cookies that would be taken for ours."""
        return [
            (name, value)
            for name, value in headers
            if name.lower() != b"set-cookie" or not value.lstrip().lower().startswith(COOKIE)
        ]

    def _tells(self, text: bytes) -> bool:
        return self._token in text or self._cookie in text

    def _without_token(self, target: bytes) -> tuple[bool, bytes]:
        """A program may have a `token` of its own: only ours is taken out."""
        path, mark, query = target.partition(b"?")
        shown, kept = False, list[bytes]()
        for pair in query.split(b"&"):
            name, _, value = pair.partition(b"=")
            if name == TOKEN and hmac.compare_digest(unquote_to_bytes(value), self._token):
                shown = True
            else:
                kept.append(pair)
        if not shown:
            return False, target
        return True, path + (mark if kept else b"") + b"&".join(kept)

    def _without_cookie(self, headers: Headers) -> tuple[bool, Headers]:
        """No cookie of any preview goes on."""
        shown, passed = False, list[tuple[bytes, bytes]]()
        for header in headers:
            if header[0].lower() != b"cookie":
                passed.append(header)
                continue
            kept: list[bytes] = []
            for pair in header[1].split(b";"):
                name, _, value = pair.strip().partition(b"=")
                if not name.lower().startswith(COOKIE):
                    kept.append(pair.strip())
                elif name == self._name and hmac.compare_digest(value, self._cookie):
                    shown = True
            if kept:
                passed.append((header[0], b"; ".join(kept)))
        return shown, passed
