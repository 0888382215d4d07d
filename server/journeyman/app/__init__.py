"""The composition root: the only place that builds adapters and wires the rooms together."""

from journeyman.app.build import App, build
from journeyman.app.diagnosis import diagnose

__all__ = ["App", "build", "diagnose"]
