"""Names that would lead out, that cannot be, or that only look as if."""

from __future__ import annotations

from hostile.scene import PLAIN, Case, Scene, added, folder, kept, link
from journeyman.workspace.archive.model import Manifest

REFUSED = [
    added("the parent", PLAIN, folder(b"..")),
    added("up and out", PLAIN, link(b"zzz/../../etc/x")),
    added("up and back in", PLAIN, link(b"src/../zzz")),
    added("a parent at the end", PLAIN, folder(b"src/..")),
    added("the directory itself", PLAIN, folder(b".")),
    added("through dots", PLAIN, link(b"zzz/./x")),
    added("dots first", PLAIN, link(b"./zzz")),
    added("absolute", PLAIN, link(b"/etc/passwd")),
    added("the root", PLAIN, folder(b"/")),
    added("the root twice", PLAIN, folder(b"//")),
    added("no name", PLAIN, folder(b"")),
    added("a double slash", PLAIN, link(b"zzz//x")),
    added("a trailing slash", PLAIN, folder(b"zzz/")),
    added("a zero byte", "zero byte", link(b"zzz\0/x")),
    added("a zero byte hides a parent", "zero byte", link(b"zzz\0..")),
    added("a zero byte alone", "zero byte", folder(b"\0")),
    added("a name of 256 bytes", PLAIN, link(b"z" * 256)),
    added("a name of 256 bytes in few characters", PLAIN, link("\u1234".encode() * 85 + b"z")),
    added("300 levels", "too deep", link(b"/".join([b"z"] * 300))),
    added("257 levels", "too deep", *(folder(b"/".join([b"zzz"] * n)) for n in range(1, 258))),
    added("a path of 4,095 bytes and no directories", PLAIN, link(b"z" * 4095)),
    added("the workspace, by its name for commands", PLAIN, folder(b"/workspace/zzz")),
    added("procfs", PLAIN, link(b"/proc/self/cwd/zzz")),
]


def _canary(scene: Scene) -> Manifest:
    return scene.with_nodes(link(scene.canary + b"/planted"))


def _canary_from_here(scene: Scene) -> Manifest:
    return scene.with_nodes(folder(b"../outside/planted"))


ALSO_REFUSED = [
    Case("a place outside, absolute", lambda scene: scene.plant(_canary(scene)), PLAIN),
    Case("a place outside, from here", lambda scene: scene.plant(_canary_from_here(scene)), PLAIN),
]

_ODD: list[tuple[str, bytes]] = [
    ("three dots", b"..."),
    ("dots and a space", b".. "),
    ("a space and dots", b" .."),
    ("backslashes", b"..\\..\\windows\\x"),
    ("a drive", b"C:\\x"),
    ("a device of another system", b"CON"),
    ("a stream of another system", b"x:y"),
    ("percent signs", b"%2e%2e%2fx"),
    ("overlong dots", b"\xc0\xae\xc0\xae"),
    ("full-width dots", "\uff0e\uff0e\uff0f".encode()),
    ("no text in any encoding", bytes(range(128, 256))),
    ("surrogates", b"\xed\xa0\x80\xed\xb0\x80"),
    ("a new line", b"a\nb"),
    ("a terminal's escapes", b"\x1b]0;owned\x07\x1b[2J"),
    ("every control character", bytes(range(1, 32)) + b"\x7f"),
    ("text that runs backwards", "x\u202egnp.exe".encode()),
    ("nothing to see", "\u200b\u2060".encode()),
    ("an option", b"--checkpoint-action=exec=sh"),
    ("a command", b"$(touch zzz)`touch zzz`;touch zzz"),
    ("a home", b"~root"),
    ("a format", b"%s%n{0.__class__}"),
    ("a wildcard", b"*"),
    ("255 bytes", b"z" * 255),
    ("a temporary name of ours", b".jm-0123456789abcdef.tmp"),
    ("a name of our removal", b".removing-1-1"),
    ("a name of the store", b".journeyman"),
    ("a white-out of another system", b".wh..wh..opq"),
]

ODD = [kept(f"{name}, as a name", folder(b"zz" + path if path[:1] == b"/" else path)) for name, path in _ODD]

DEEP = [
    kept("256 levels", *(folder(b"/".join([b"z"] * n)) for n in range(1, 257))),
    kept("a path of 3,824 bytes", *(folder(b"/".join([b"z" * 254] * n)) for n in range(1, 16))),
]

CASES = REFUSED + ALSO_REFUSED + ODD + DEEP
