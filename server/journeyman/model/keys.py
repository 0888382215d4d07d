"""Where a provider's key comes from: the daemon's environment, else the operating system's keyring.

A key is registered for redaction the moment it is read. The keyring may be slow, locked or missing, so it
is only asked by `refresh`, in a thread and with a deadline; its failures mean "no key".
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping

from journeyman.model.catalog import Provider
from journeyman.redaction import register_secret

log = logging.getLogger(__name__)

KEYRING_SERVICE = "journeyman"
KEYRING_WAIT_S = 10.0

KeyringLookup = Callable[[str, str], str | None]
"""`(service, provider) -> key`."""


class Keys:
    def __init__(
        self, environ: Mapping[str, str] | None = None, *, keyring: KeyringLookup | None = None
    ) -> None:
        """`environ` defaults to the process's; `keyring` to the operating system's."""
        self._environ = os.environ if environ is None else environ
        self._lookup = keyring or _os_keyring
        self._from_keyring: dict[str, str] = {}

    def get(self, provider: Provider) -> tuple[str, str] | None:
        """The key and where it came from, or None."""
        for name in provider.keys:
            if value := self._environ.get(name, "").strip():
                register_secret(value)
                return value, name
        if value := self._from_keyring.get(provider.id):
            return value, "keyring"
        return None

    async def refresh(self, providers: Iterable[Provider]) -> None:
        """Ask the keyring for the keys the environment does not have. Never raises for a bad keyring."""
        missing = [provider.id for provider in providers if provider.keys and self._lacks(provider)]
        if not missing:
            return
        try:
            async with asyncio.timeout(KEYRING_WAIT_S):
                found = await asyncio.to_thread(self._ask, missing)
        except TimeoutError:
            log.warning("the keyring did not answer within %.0f s", KEYRING_WAIT_S)
            return
        self._from_keyring = found

    def _lacks(self, provider: Provider) -> bool:
        return not any(self._environ.get(name, "").strip() for name in provider.keys)

    def _ask(self, providers: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for provider in providers:
            try:
                value = self._lookup(KEYRING_SERVICE, provider)
            except Exception as error:  # noqa: BLE001 - keyring backends raise errors of their own making
                log.debug("the keyring cannot be read: %s", error)
                return found
            if value:
                register_secret(value)
                found[provider] = value
        return found


def _os_keyring(service: str, provider: str) -> str | None:
    import keyring

    return keyring.get_password(service, provider)
