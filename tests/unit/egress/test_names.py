"""Hosts and ports as strangers write them: one normal form, or no."""

from __future__ import annotations

import pytest

from journeyman.egress.names import Unreadable, authority
from journeyman.egress.policy import DEFAULT_HOSTS, Policy, Refused, policy_of
from journeyman.failures import Failure

NORMAL = {
    "pypi.org:443": "pypi.org:443",
    "PyPI.ORG:443": "pypi.org:443",
    "pypi.org.:443": "pypi.org:443",
    "bücher.example:443": "xn--bcher-kva.example:443",
    "BÜCHER.example:443": "xn--bcher-kva.example:443",
    "xn--bcher-kva.example:443": "xn--bcher-kva.example:443",
    "faß.example:443": "xn--fa-hia.example:443",
    "r3---sn-abc.example.com:80": "r3---sn-abc.example.com:80",
    "1.2.3.example:80": "1.2.3.example:80",
    "0xa.example:80": "0xa.example:80",
    "a.b:65535": "a.b:65535",
    "8.8.8.8:443": "8.8.8.8:443",
    "8.8.8.8.:443": "8.8.8.8:443",
    "[2606:4700::1111]:443": "[2606:4700::1111]:443",
    "[2606:4700:0:0::1111]:443": "[2606:4700::1111]:443",
}
UNREADABLE = {
    "nothing": "",
    "no host": ":443",
    "no port": "pypi.org",
    "empty port": "pypi.org:",
    "port zero": "pypi.org:0",
    "port too high": "pypi.org:65536",
    "port with zeros": "pypi.org:0443",
    "port with a sign": "pypi.org:+443",
    "port with an underscore": "pypi.org:4_43",
    "port in Arabic digits": "pypi.org:٤٤٣",
    "two ports": "pypi.org:443:443",
    "two hosts": "pypi.org:443@evil.example:443",
    "user": "user@pypi.org:443",
    "user and password": "pypi.org:443@evil.example",
    "path": "pypi.org/evil.example:443",
    "backslash": "evil.example\\.pypi.org:443",
    "query": "evil.example?.pypi.org:443",
    "fragment": "evil.example#.pypi.org:443",
    "escape": "pypi%2eorg:443",
    "escaped zero byte": "pypi.org%00.evil.example:443",
    "zero byte": "pypi.org\0.evil.example:443",
    "zero byte at the end": "pypi.org\0:443",
    "newline": "pypi.org\n:443",
    "carriage return": "pypi.org\r\nX: y:443",
    "tab": "pypi\t.org:443",
    "space": "pypi.org :443",
    "no-break space": "pypi.org\u00a0:443",
    "zero width joiner": "py\u200dpi.org:443",
    "soft hyphen": "py\u00adpi.org:443",
    "right to left": "\u202epypi.org:443",
    "byte order mark": "\ufeffpypi.org:443",
    "surrogate": "pypi\udc80.org:443",
    "full width digits": "１２７.0.0.1:443",
    "Arabic digits": "١٢٧.0.0.1:443",
    "superscript": "pypi².org:443",
    "circled": "①.example.com:443",
    "full width colon": "pypi.org：443",
    "full width slash": "pypi.org／.example.com:443",
    "full width at": "user＠pypi.org:443",
    "full width percent": "pypi％2eorg:443",
    "dot at the beginning": ".pypi.org:443",
    "two dots": "pypi..org:443",
    "two dots at the end": "pypi.org..:443",
    "only a dot": ".:443",
    "underscore": "py_pi.org:443",
    "hyphen first": "-pypi.org:443",
    "hyphen last": "pypi-.org:443",
    "star": "*.example.com:443",
    "label too long": f"{'a' * 64}.org:443",
    "name too long": f"{'a.' * 127}org:443",
    "not punycode": "xn--0.example:443",
    "punycode of ASCII": "xn--pypi-.org:443",
    "punycode not normal": "xn--Bcher-KVA8445foa.example:443",
    "one label": "localhost:443",
    "one label, dot": "localhost.:443",
    "decimal address": "2130706433:80",
    "hexadecimal address": "0x7f000001:80",
    "hexadecimal parts": "0x7f.0.0.1:80",
    "octal address": "017700000001:80",
    "octal parts": "0177.0.0.1:80",
    "zeros before": "127.0.0.01:80",
    "short address": "127.1:80",
    "three parts": "127.0.1:80",
    "five parts": "1.2.3.4.5:80",
    "too large a part": "256.1.1.1:80",
    "hexadecimal last part": "1.2.3.0x4:80",
    "empty hexadecimal part": "1.2.3.0x:80",
    "number for a domain": "pypi.123:80",
    "address without brackets": "2606:4700::1111:443",
    "bracket open": "[2606:4700::1111:443",
    "bracket, then more": "[2606:4700::1111]x:443",
    "name in brackets": "[pypi.org]:443",
    "zone": "[fe80::1%eth0]:443",
    "zone, escaped": "[fe80::1%25eth0]:443",
    "address of the future": "[v1.fe80]:443",
}


@pytest.mark.parametrize(("text", "normal"), NORMAL.items(), ids=NORMAL)
def test_one_normal_form(text: str, normal: str) -> None:
    read = authority(text)
    assert str(read) == normal
    assert authority(str(read)) == read


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("mode", ["allowlist", "open"])
def test_what_could_be_read_in_two_ways_is_refused(text: str, mode: str) -> None:
    with pytest.raises(Unreadable) as caught:
        authority(text)
    assert str(caught.value).isascii()
    assert str(caught.value).isprintable()
    refused = policy_of(mode, ("pypi.org", "*.example.com")).decide(text)  # type: ignore[arg-type]
    assert isinstance(refused, Refused)


def decided(policy: Policy, text: str) -> bool:
    return not isinstance(policy.decide(text), Refused)


LISTED = policy_of("allowlist", ("pypi.org", "*.example.com", "mirror.example.org:8443", "Bücher.example"))
REACHED = (
    "pypi.org:443",
    "pypi.org:80",
    "PYPI.org.:443",
    "a.example.com:443",
    "a.b.example.com:80",
    "mirror.example.org:8443",
    "xn--bcher-kva.example:443",
)
NOT_REACHED = (
    "evil-pypi.org:443",
    "pypi.org.evil.com:443",
    "apypi.org:443",
    "a.pypi.org:443",
    "pypi.orgg:443",
    "pypi.or:443",
    "org:443",
    "pypi.org:22",
    "pypi.org:8443",
    "example.com:443",
    "evilexample.com:443",
    "example.com.evil.org:443",
    "a.example.com:8443",
    "mirror.example.org:443",
    "a.mirror.example.org:8443",
    "xn--pypi-9na.org:443",
    "pyрi.org:443",
    "8.8.8.8:443",
    "[2606:4700::1111]:443",
)


@pytest.mark.parametrize("text", REACHED)
def test_on_the_list(text: str) -> None:
    assert decided(LISTED, text)


@pytest.mark.parametrize("text", NOT_REACHED)
def test_not_on_the_list(text: str) -> None:
    refused = LISTED.decide(text)
    assert isinstance(refused, Refused)
    assert refused.sentence.isascii()


def test_a_port_that_is_not_listed_is_named() -> None:
    refused = LISTED.decide("pypi.org:22")
    assert isinstance(refused, Refused)
    assert refused.sentence == "Port 22 of pypi.org is not on the list of hosts that workspaces reach"


def test_none_reaches_nothing_and_open_all_that_is_public() -> None:
    nothing, everything = policy_of("none", REACHED[:0]), policy_of("open", ())
    for text in (*REACHED, *NOT_REACHED):
        assert not decided(nothing, text)
    assert decided(everything, "evil-pypi.org:22")
    assert decided(everything, "8.8.8.8:53")
    assert decided(everything, "[2606:4700::1111]:443")
    for text in ("127.0.0.1:80", "169.254.169.254:80", "[::1]:80", "[::ffff:8.8.8.8]:80", "10.0.0.1:80"):
        assert not decided(everything, text)


def test_the_default_list_can_be_added_to() -> None:
    policy = policy_of("allowlist", ("default", "mirror.example.org:8443"))
    assert len(policy.rules) == len(DEFAULT_HOSTS) + 1
    assert all(decided(policy, f"{host}:443") for host in DEFAULT_HOSTS)
    assert decided(policy, "mirror.example.org:8443")


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.", "*.com", "com", "pypi.org/simple", "https://pypi.org", "pypi.org:0", "10.0.0.1",
     "*.*.com", "pypi.org:*", "[::1]:80", "py pi.org", "a.*.com"],
)  # fmt: skip
def test_an_entry_that_cannot_be_meant_is_said(entry: str) -> None:
    with pytest.raises(Failure) as caught:
        policy_of("allowlist", ("default", entry))
    assert caught.value.kind == "invalid"
    assert "egress_allow" in caught.value.message
