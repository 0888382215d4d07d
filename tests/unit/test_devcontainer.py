"""What a `devcontainer.json` says, and that nothing else of it is passed over in silence."""

from __future__ import annotations

import pytest

from journeyman.sources.devcontainer import DevContainer, parse

WHERE = ".devcontainer/devcontainer.json"
WHOLE = b"""{
    // as editors write it
    "name": "wordcount",
    "image": "mcr.microsoft.com/devcontainers/python:3.12", /* pinned */
    "postCreateCommand": "pip install -r ${containerWorkspaceFolder}/requirements.txt && echo ${HOME}",
    "forwardPorts": [8000, "localhost:5432", 8000],
    "remoteUser": "vscode",
}"""


def read(text: str | bytes) -> DevContainer:
    return parse(text.encode() if isinstance(text, str) else text, WHERE)


def told(found: DevContainer) -> str:
    return " ".join(f"{notice.message} {notice.hint}" for notice in found.notices)


def test_what_is_understood() -> None:
    found = read(WHOLE)
    assert found.image == "mcr.microsoft.com/devcontainers/python:3.12"
    assert found.post_create == (
        ("bash", "-c", "pip install -r /workspace/requirements.txt && echo ${HOME}"),
    )
    assert found.forward_ports == (8000, 5432)
    assert found.remote_user == "vscode"
    assert found.notices == ()


def test_everything_else_is_named() -> None:
    found = read('{"image": "a", "features": {"x": {}}, "build": {}, "mounts": [], "privileged": true}')
    assert found.image == "a"
    for name in ("build", "features", "mounts", "privileged"):
        assert name in told(found)
    assert "image" not in found.notices[0].message


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ('"make"', (("bash", "-c", "make"),)),
        ('["make", "-j", "2"]', (("make", "-j", "2"),)),
        ('{"a": "make", "b": ["npm", "ci"]}', (("bash", "-c", "make"), ("npm", "ci"))),
        ('""', ()),
        ("null", ()),
        ("[]", ()),
    ],
)
def test_three_ways_to_say_a_command(text: str, commands: tuple[tuple[str, ...], ...]) -> None:
    found = read('{"postCreateCommand": ' + text + "}")
    assert (found.post_create, found.notices) == (commands, ())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"image": 5}', "image"),
        ('{"image": "--privileged"}', "image"),
        ('{"image": "a b"}', "image"),
        ('{"image": "${localEnv:IMAGE}"}', "image"),
        ('{"postCreateCommand": 5}', "not run"),
        ('{"postCreateCommand": [["a"]]}', "not run"),
        ('{"postCreateCommand": {"a": {"b": "c"}}}', "not run"),
        ('{"postCreateCommand": "a\\u0000b"}', "not run"),
        ('{"postCreateCommand": "%s"}' % ("x" * 5000), "not run"),
        ('{"forwardPorts": [0]}', "ports"),
        ('{"forwardPorts": [65536]}', "ports"),
        ('{"forwardPorts": ["db:5432"]}', "db:5432"),
        ('{"forwardPorts": [true]}', "ports"),
        ('{"forwardPorts": {"a": 1}}', "ports"),
        ('{"forwardPorts": ["\\u0668\\u0660"]}', "ports"),
        ('{"remoteUser": "root"}', "root"),
        ('{"remoteUser": "a;b"}', "remoteUser"),
        ('{"remoteUser": 0}', "remoteUser"),
    ],
)
def test_what_is_wrong_is_told_and_ignored(text: str, says: str) -> None:
    found = read(text)
    assert says in told(found)
    assert (found.image, found.post_create, found.forward_ports, found.remote_user) == (None, (), (), None)


def test_unknown_variables_are_named_and_left() -> None:
    found = read('{"postCreateCommand": "cp ${localWorkspaceFolder}/a ${containerEnv:HOME}"}')
    assert "${localWorkspaceFolder}" in told(found)
    assert "${containerEnv:HOME}" in told(found)
    assert found.post_create[0][2] == "cp ${localWorkspaceFolder}/a ${containerEnv:HOME}"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[]", "no object"),
        (b"null", "no object"),
        (b"\xff\xfe{}", "UTF-8"),
        (b'{"a": 1, "a": 2}', "no JSON"),
        (b"[" * 30_000, "nested"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "nested"),
        (b'{"a": "' + b"x" * 70_000 + b'"}', "32768"),
        (b'{"image": "a"} {"image": "b"}', "no JSON"),
    ],
    ids=range(10),
)
def test_what_cannot_be_read_is_told(data: bytes, says: str) -> None:
    found = read(data)
    assert says in told(found)
    assert found == DevContainer(notices=found.notices)


def test_a_mark_of_byte_order_is_no_fault() -> None:
    assert read(b"\xef\xbb\xbf" + WHOLE).notices == ()


def test_ports_and_commands_are_bounded() -> None:
    found = read('{"forwardPorts": ' + str(list(range(1, 200))) + "}")
    assert len(found.forward_ports) == 50
    assert "more than 50" in told(found)
    many = ",".join(f'"c{number}": "make"' for number in range(30))
    assert read('{"postCreateCommand": {' + many + "}}").post_create == ()
