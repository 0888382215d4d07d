"""--attach: what a file is, its bytes say; what cannot go along is refused before anything is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.images import GIF, PNG, base64_of, png
from journeyman.cli.attaching import IMAGES_BYTES_MAX, TEXT_CHARS_MAX, with_files
from journeyman.cli.main import main
from journeyman.failures import Failure
from journeyman.pictures import PICTURE_BYTES_MAX
from unit.cli.fake_daemon import FakeDaemon, daemon

__all__ = ["daemon"]


def test_a_prompt_alone_stays_a_text() -> None:
    assert with_files("Do it.", []) == "Do it."


def test_images_and_texts_become_blocks(tmp_path: Path) -> None:
    image, text = tmp_path / "no.txt", tmp_path / "notes.png"
    image.write_bytes(png(1).data)
    text.write_text("Ünï ```\n", encoding="utf-8")
    assert with_files("Do it.", [image, text]) == [
        {"type": "text", "text": "Do it."},
        {"type": "image", "data": base64_of(png(1)), "mimeType": "image/png", "name": "no.txt"},
        {"type": "resource", "resource": {"uri": "notes.png", "text": "Ünï ```\n"}},
    ]


BAD = {
    "a picture of another kind": b"BM\x00\x00",
    "no text": b"\xff\xfe\x00",
    "a text with NUL": b"a\0b",
    "a long text": b"x" * (TEXT_CHARS_MAX + 1),
    "a large image": PNG + bytes(PICTURE_BYTES_MAX),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_go_along_is_refused(tmp_path: Path, case: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(BAD[case])
    with pytest.raises(Failure, match="file") as refused:
        with_files("Do it.", [path])
    assert (refused.value.kind, refused.value.hint != "") == ("invalid", True)


def test_too_many_and_too_much_together_are_refused(tmp_path: Path) -> None:
    small, large = tmp_path / "small.gif", tmp_path / "large.png"
    small.write_bytes(GIF)
    large.write_bytes(PNG + bytes(IMAGES_BYTES_MAX // 2))
    for files in ([small] * 11, [large, large]):
        with pytest.raises(Failure, match="At most 10 images"):
            with_files("Do it.", files)


def test_a_run_is_asked_for_with_what_was_attached(daemon: FakeDaemon, tmp_path: Path) -> None:
    image = tmp_path / "sketch.png"
    image.write_bytes(PNG)
    assert main(["run", "Like this.", "--attach", str(image)]) == 0
    blocks = daemon.params_of("agent/run")["prompt"]
    assert [(block["type"], block.get("name")) for block in blocks] == [
        ("text", None),
        ("image", "sketch.png"),
    ]
    assert daemon.params_of("chat/create")["title"] == "Like this."


def test_a_file_that_is_not_there_is_said(daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "Like this.", "--attach", "/nowhere/sketch.png"]) == 2
    assert "/nowhere/sketch.png cannot be read" in capsys.readouterr().err
    assert daemon.asked == []
