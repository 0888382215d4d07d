"""The composition root: the only place that builds adapters and wires the rooms together."""

from journeyman.app.build import App, build
from journeyman.app.diagnosis import diagnose
from journeyman.app.extraction import extract, listing
from journeyman.app.images import build_image, image_is_missing
from journeyman.app.keys import new_key_file

__all__ = [
    "App",
    "build",
    "build_image",
    "diagnose",
    "extract",
    "image_is_missing",
    "listing",
    "new_key_file",
]
