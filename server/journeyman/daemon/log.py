"""The daemon's log: one rotated file in the data directory, redacted, stamped with the run. Never stdout.

Records are stamped where they are made and written by a thread, so that no disk holds up the event loop.
"""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from typing import TYPE_CHECKING

from journeyman.paths import daemon_log
from journeyman.redaction import RedactionFilter
from journeyman.runctx import RunContextFilter

if TYPE_CHECKING:
    from journeyman.config import Settings

FILE_BYTES = 5 * 1024 * 1024
FILES_KEPT = 3
RECORDS_WAITING_MAX = 10_000
FORMAT = "%(asctime)s %(levelname)s %(name)s run=%(run_id)s %(message)s"


class _Bounded(QueueHandler):
    def enqueue(self, record: logging.LogRecord) -> None:
        # A log that cannot keep up loses lines; the daemon does not lose time.
        with contextlib.suppress(queue.Full):
            self.queue.put_nowait(record)


class _Json(logging.Formatter):
    """One object per line; a traceback is part of its message by now."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "run": getattr(record, "run_id", None),
            "message": record.getMessage(),
        }
        return json.dumps(told, ensure_ascii=False)


@contextmanager
def logging_to(settings: Settings, *, foreground: bool) -> Generator[None]:
    """Log to the data directory for the duration of the block; `foreground` writes to stderr too."""
    waiting: queue.Queue[logging.LogRecord] = queue.Queue(RECORDS_WAITING_MAX)
    path = daemon_log(settings.data_dir)
    targets: list[logging.Handler] = [
        RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
    ]
    path.chmod(0o600)
    if foreground and sys.stderr.isatty():
        targets.append(logging.StreamHandler(sys.stderr))
    for target in targets:
        target.setFormatter(_Json() if settings.log_format == "json" else logging.Formatter(FORMAT))
        # Here, because tracebacks are part of the message by now.
        target.addFilter(RedactionFilter())
    intake = _Bounded(waiting)
    intake.addFilter(RunContextFilter())
    listener = QueueListener(waiting, *targets)
    root = logging.getLogger()
    before = root.level
    root.addHandler(intake)
    root.setLevel(settings.log_level.upper())
    listener.start()
    try:
        yield
    finally:
        root.removeHandler(intake)
        root.setLevel(before)
        listener.stop()
        for target in targets:
            target.close()
