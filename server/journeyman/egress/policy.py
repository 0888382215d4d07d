"""Who may be reached: the user's policy as a value, and its decision on one host and port.

Pure. It knows no addresses behind names: that those are public is looked at after they are resolved
(`addresses`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from journeyman.egress.addresses import public
from journeyman.egress.names import Authority, Unreadable, authority, normal_name
from journeyman.failures import Failure

Mode = Literal["none", "allowlist", "open"]
WEB_PORTS = frozenset({80, 443})
DEFAULT = "default"
"""Stands in a list for the hosts below."""
DEFAULT_HOSTS = (
    # Python
    "pypi.org",
    "files.pythonhosted.org",
    # JavaScript
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "nodejs.org",
    # Debian, Ubuntu
    "deb.debian.org",
    "security.debian.org",
    "archive.ubuntu.com",
    "security.ubuntu.com",
    "ports.ubuntu.com",
    # Rust
    "crates.io",
    "index.crates.io",
    "static.crates.io",
    "static.rust-lang.org",
    # Go
    "proxy.golang.org",
    "sum.golang.org",
    # Java, Ruby, PHP, .NET
    "repo.maven.apache.org",
    "repo1.maven.org",
    "plugins.gradle.org",
    "services.gradle.org",
    "rubygems.org",
    "index.rubygems.org",
    "packagist.org",
    "repo.packagist.org",
    "api.nuget.org",
    # Code
    "github.com",
    "api.github.com",
    "codeload.github.com",
    "objects.githubusercontent.com",
    "raw.githubusercontent.com",
    "release-assets.githubusercontent.com",
    "gitlab.com",
    "bitbucket.org",
    "codeberg.org",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """One sentence for a person, which a tool may show too: ASCII, one line, no full stop at its end."""

    sentence: str
    subject: str
    """What was asked for, as far as it could be read: equal refusals are told once."""
    status: int = 403


@dataclass(frozen=True, slots=True)
class Rule:
    host: str
    """In normal form; of a suffix without the `*.` before it."""
    suffix: bool
    ports: frozenset[int]

    def allows(self, host: str, port: int) -> bool:
        if port not in self.ports:
            return False
        return host.endswith("." + self.host) if self.suffix else host == self.host


@dataclass(frozen=True, slots=True)
class Policy:
    mode: Mode = "allowlist"
    rules: tuple[Rule, ...] = ()

    def decide(self, text: str, *, default_port: int | None = None) -> Authority | Refused:
        """The one host and port that may be dialled (once its address is seen to be public), or why not."""
        if self.mode == "none":
            return Refused("Workspaces reach no host at all (egress is none)", "any host")
        try:
            target = authority(text, default_port=default_port)
        except Unreadable as error:
            return Refused(str(error).removesuffix("."), "an unreadable host", 400)
        if self.mode == "open":
            if target.address is not None and not public(target.host):
                return Refused(f"{target.host} is not a public address", str(target))
            return target
        if target.address is not None:
            return Refused(f"{target.host} is an address; only names on the list are reached", str(target))
        if any(rule.allows(target.host, target.port) for rule in self.rules):
            return target
        known = any(rule.allows(target.host, port) for rule in self.rules for port in rule.ports)
        what = f"Port {target.port} of {target.host}" if known else target.host
        return Refused(f"{what} is not on the list of hosts that workspaces reach", str(target))


def policy_of(mode: Mode, allow: Iterable[str]) -> Policy:
    """The policy of the user's settings. Raises `invalid` for an entry that cannot be meant."""
    entries: list[str] = []
    for entry in allow:
        entries += DEFAULT_HOSTS if entry.strip().lower() == DEFAULT else [entry.strip()]
    return Policy(mode, tuple(dict.fromkeys(map(_rule, entries))))


def _rule(entry: str) -> Rule:
    text, suffix = entry, entry.startswith("*.")
    if suffix:
        text = entry[2:]
    host, colon, port = text.rpartition(":") if ":" in text else (text, "", "")
    try:
        read = authority(f"{host}:{port}" if colon else host, default_port=443)
        if read.address is not None:
            raise Unreadable("An address cannot be on the list.")
        return Rule(normal_name(host), suffix, frozenset({read.port}) if colon else WEB_PORTS)
    except Unreadable as error:
        raise Failure(
            "invalid",
            f"egress_allow holds {entry[:100]!r}, which is not a host. {error}",
            hint="Write names like pypi.org, *.example.com or mirror.example.com:8443 in the settings; "
            "`default` stands for the list that comes with Journeyman.",
        ) from None
