"""One HTTP client for one provider: kept connections, deadlines, trust and the user's proxy.

aiohttp, whose parser is C: a request costs a fifth of what it costs with httpx. It takes a seventh of a
second to import, so that happens at the first call, in a thread. Knows nothing of what is sent.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from journeyman.adapters.provider_failures import silent, unreachable
from journeyman.failures import Failure
from journeyman.model.providers import ProviderConfig
from journeyman.model.reachable import is_local

if TYPE_CHECKING:
    import ssl

    import aiohttp
    import yarl

CONNECT_S = 15.0
CONNECTIONS_MAX = 128
HEADER_BYTES_MAX = 64 * 1024
AT_ONCE_BYTES = 512 * 1024
"""A larger body is handed to the socket piece by piece."""


class ProviderSession:
    """Made on no loop, used on one."""

    def __init__(self, config: ProviderConfig, url: str) -> None:
        self._config = config
        self._url = url
        self._made: _Made | None = None
        self._making = asyncio.Lock()

    @asynccontextmanager
    async def post(self, body: bytes) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The answer, once its head is there. Raises `Failure` where none comes; in the block, aiohttp's
        `ClientError`. Left early, it closes the connection."""
        async with await self._begun(body) as answer:
            yield answer

    async def _begun(self, body: bytes) -> aiohttp.ClientResponse:
        try:
            made = await self._connected()
        except ValueError as error:
            raise self._unusable(error) from error
        import aiohttp  # imported by `_build`, in a thread

        data = body if len(body) <= AT_ONCE_BYTES else BytesIO(body)
        try:
            # aiohttp has no deadline of its own for a server that does not take what it is sent.
            async with asyncio.timeout(2 * (CONNECT_S + self._config.timeout_s)):
                return await made.session.post(made.url, data=data, proxy=made.proxy, allow_redirects=False)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise self._unusable(error) from error
        except aiohttp.ConnectionTimeoutError as error:
            raise unreachable(self._config, type(error).__name__) from error
        except TimeoutError as error:
            raise silent(self._config) from error
        except aiohttp.ClientError as error:
            raise unreachable(self._config, str(error) or type(error).__name__) from error

    def _unusable(self, error: Exception) -> Failure:
        return Failure("invalid", f"{self._url} is not a usable address.", hint=str(error))

    async def _connected(self) -> _Made:
        async with self._making:
            if self._made is None:
                built = await asyncio.to_thread(_build, self._url)
                self._made = _Made(_open(self._config, built), built.url, built.proxy)
            return self._made

    async def close(self) -> None:
        made, self._made = self._made, None
        if made is not None:
            await made.session.close()


@dataclass(frozen=True, slots=True)
class _Made:
    session: aiohttp.ClientSession
    url: yarl.URL
    proxy: yarl.URL | None


@dataclass(frozen=True, slots=True)
class _Built:
    url: yarl.URL
    proxy: yarl.URL | None
    trust: ssl.SSLContext | None


def _build(url: str) -> _Built:
    """What takes long and touches files: the imports, the certificates."""
    importlib.import_module("aiohttp")
    from yarl import URL

    proxy = proxy_for(url)
    secure = any(each is not None and each.startswith("https:") for each in (url, proxy))
    return _Built(URL(url), None if proxy is None else URL(proxy), _trust() if secure else None)


def _trust() -> ssl.SSLContext:
    """The user's certificates where they name some, else those that come with us."""
    import ssl

    import certifi

    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file or folder:
        return ssl.create_default_context(cafile=file, capath=folder)
    return ssl.create_default_context(cafile=certifi.where())


def proxy_for(url: str) -> str | None:
    """The proxy the user's environment names for `url`. A server on this machine is never behind it."""
    parts = urlsplit(url)
    if is_local(url) or not parts.hostname or urllib.request.proxy_bypass(parts.hostname):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _open(config: ProviderConfig, built: _Built) -> aiohttp.ClientSession:
    import aiohttp

    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", **config.headers}
    if config.api_key and built.url.user is None:  # else what the address says
        headers["Authorization"] = f"Bearer {config.api_key}"
    trust: dict[str, Any] = {} if built.trust is None else {"ssl": built.trust}
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, **trust),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=aiohttp.ClientTimeout(
            total=None, connect=2 * CONNECT_S, sock_connect=CONNECT_S, sock_read=config.timeout_s
        ),
        max_line_size=HEADER_BYTES_MAX,
        max_field_size=HEADER_BYTES_MAX,
    )
