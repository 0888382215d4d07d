"""Starts process groups, is the one place that reaps, and can end everything it started."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import threading
import time
from typing import Any

from .channels import Channel
from .child import Child
from .feeding import Feeding
from .log import Log
from .memory import expendable, prefer
from .output import pump
from .paths import Root
from .pool import Pool
from .terminal import MARK, end_tree, open_terminal, signal_tree, take_terminal
from .wire import Gone, Refusal

END_GRACE_S = 2.0
"""Seconds what was started for a person has to end once that person is gone."""


class Processes:
    """Starts process groups, is the one place that reaps, and can end everything it started."""

    def __init__(self, root: Root, environment: dict[str, str], pool: Pool, side: int) -> None:
        self.root = root
        self.environment = environment
        self.pool = pool
        self._lock = threading.Lock()  # held over start + register, and over reap + unregister
        self._children: dict[int, Child] = {}
        self._started = threading.Event()
        self._awaited: dict[Channel, list[threading.Event]] = {}
        """Whose process is not known to have ended, and who begins then."""
        self._side = side
        self._expendable = expendable()
        threading.Thread(target=self._reap, name="reaper", daemon=True).start()

    def spawn(self, channel: Channel, args: dict[str, Any], _: bytes) -> dict[str, Any] | None:
        if "after" in args:
            self._wait_for(channel, int(args["after"]))
        with self._lock:
            self._awaited[channel] = []
        try:
            answer = self._carry(channel, args)
            channel.finish(answer)  # before anything that comes after it begins
        finally:
            with self._lock:
                waiting = self._awaited.pop(channel)
            for each in waiting:
                each.set()
        return None

    def _wait_for(self, channel: Channel, ident: int) -> None:
        """Until the process of this channel of the same connection has ended, if there is one."""
        ended = threading.Event()
        channel.wake = ended.set
        with self._lock:
            for other, waiting in self._awaited.items():
                if other.ident == ident and other.connection is channel.connection:
                    waiting.append(ended)
                    break
            else:
                ended.set()
        if not channel.gone:
            ended.wait()
        channel.wake = None

    def _carry(self, channel: Channel, args: dict[str, Any]) -> dict[str, Any]:
        try:
            child, out, extra, stdin = self._start(channel, args)
        except _NoProgram as missing:
            channel.note({"pid": 0})
            channel.send(("%s\n" % missing).encode("utf-8", "surrogateescape"))
            channel.note({"exit": 127})
            return {}
        channel.wake = lambda: self._woken(channel, child)
        channel.listen(lambda message: self._noted(child, message))
        with contextlib.suppress(Gone):
            channel.note({"pid": child.pid})
        feeding = None if stdin is None else Feeding(channel, stdin, terminal=child.has_terminal)
        if feeding is not None:
            channel.fed = lambda: _fed(feeding, child)
        if channel.gone:
            self._woken(channel, child)  # it was dropped before anybody could hear of it
        try:
            kept = Log(args["log"]) if args.get("log") else None
            tells = bool(args.get("tells_end"))
            return pump(channel, child, out, extra, feeding, kept, lambda: self.look(child), tells)
        finally:
            channel.wake = channel.fed = None
            child.close()

    def _woken(self, channel: Channel, child: Child) -> None:
        if channel.gone and child.mark and child.code is None:
            self.pool.run(lambda: end_tree(child.tree, END_GRACE_S))
        child.wake()

    def _noted(self, child: Child, message: dict[str, Any]) -> None:
        if "resize" in message:
            cols, rows = message["resize"]
            child.resize(int(cols), int(rows))
        elif "end" in message:
            grace_s = float(message["end"])
            self.pool.run(lambda: end_tree(child.tree, grace_s))
        elif "tree" in message:
            signal_tree(int(message["tree"]), child.tree)
        else:
            self.signal(child, int(message["signal"]))

    def _start(self, channel: Channel, args: dict[str, Any]) -> tuple[Child, int, int | None, int | None]:
        argv = [_os_text(each) for each in args["argv"]]
        if not argv or any("\0" in each for each in argv):
            raise Refusal("invalid", "A process needs a program, and no NUL bytes in its arguments.")
        size = args.get("pty")
        environment = dict(self.environment)
        if size:
            environment["TERM"] = "xterm-256color"
        for key, value in args["env"].items():
            if not key or "=" in key or "\0" in key + value:
                raise Refusal("invalid", "%r cannot be a variable of the environment." % key[:100])
            environment[_os_text(key)] = _os_text(value)
        mark = b""
        if args.get("bound"):
            environment[MARK] = os.urandom(8).hex()
            mark = ("%s=%s" % (MARK, environment[MARK])).encode()
        directory = self.root.open_directory(args["cwd"])
        out_read, out_write = open_terminal(int(size[0]), int(size[1])) if size else os.pipe()
        extra_read, extra_write = os.pipe() if args["extra_fd"] else (None, None)
        begun = False
        # A child is registered before the reaper may look at it, and fd 3 is ours while it is started.
        try:
            with self._lock:
                if channel.gone:
                    raise Gone  # dropped before it began
                if extra_write is not None:
                    os.dup2(extra_write, 3, inheritable=False)
                try:
                    popen = subprocess.Popen(
                        argv,
                        stdin=out_write if size else subprocess.PIPE if args["stdin"] else subprocess.DEVNULL,
                        stdout=out_write,
                        stderr=subprocess.STDOUT if args["merge_output"] else subprocess.DEVNULL,
                        preexec_fn=take_terminal if size else None,
                        cwd="/proc/self/fd/%d" % directory,
                        env=environment,
                        pass_fds=(3,) if extra_write is not None else (),
                        start_new_session=True,
                        bufsize=0,
                    )
                finally:
                    if extra_write is not None:
                        os.dup2(self._side, 3, inheritable=False)
                prefer(popen.pid, self._expendable, self.pool.run)
                child = Child(popen, os.dup(out_read) if size else None, mark)
                self._children[popen.pid] = child
                self._started.set()
                begun = True
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            raise _NoProgram("%s: %s" % (argv[0], error.strerror)) from None
        finally:
            os.close(directory)
            os.close(out_write)
            if extra_write is not None:
                os.close(extra_write)
            if not begun:
                for each in (out_read, extra_read):
                    if each is not None:
                        os.close(each)
        os.set_blocking(out_read, False)
        if extra_read is not None:
            os.set_blocking(extra_read, False)
        stdin = os.dup(out_read) if size else None
        if popen.stdin is not None:
            stdin = os.dup(popen.stdin.fileno())
            popen.stdin.close()
            os.set_blocking(stdin, False)
        return child, out_read, extra_read, stdin

    def _reap(self) -> None:
        while True:
            self._started.clear()
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
            except ChildProcessError:
                self._started.wait()
                continue
            if found is None:
                continue
            with self._lock:
                child = self._take(found.si_pid)
            if child is not None:
                child.wake()

    def look(self, child: Child) -> None:
        """Whether it ended already: who sees the end of its output need not wait for the reaper."""
        with self._lock:
            if self._children.get(child.pid) is child:
                self._take(child.pid)

    def _take(self, pid: int) -> Child | None:
        try:
            ended, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return None  # a start that failed reaped its own child, or somebody was faster
        child = self._children.pop(pid, None) if ended else None
        if child is not None:
            code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            child.popen.returncode = child.code = code
        return child

    def signal(self, child: Child, number: int) -> None:
        """Signal the child's group; after its end only what still is in that group."""
        with self._lock:
            other = self._children.get(child.pid)
            if other is None or other is child:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, number)

    def kill_all(self, _c: Channel, args: dict[str, Any], _b: bytes) -> dict[str, Any]:
        """SIGTERM first where `grace_s` is above zero, then SIGKILL for what is left."""
        spare = not args.get("terminals", True)
        grace_s = float(args["grace_s"])
        count = self.end_all(signal.SIGTERM, grace_s, spare) if grace_s > 0 else 0
        return {"killed": max(count, self.end_all(signal.SIGKILL, 5.0, spare))}

    def _spared(self) -> set[int]:
        with self._lock:
            children = [child for child in self._children.values() if child.mark]
        return {pid for child in children for pid in child.tree()}

    def end_all(self, number: int, within_s: float, spare_terminals: bool = False) -> int:
        """Signal every descendant until none is left or the time is up; orphans come to us (subreaper).
        A polite signal is sent to each once."""
        seen: dict[int, bool] = {}
        until = time.monotonic() + within_s
        with self._lock:
            pass  # a start that was dropped before this call is over by now, or will not be
        while True:
            alive = descendants(os.getpid())
            if spare_terminals and alive:
                spared = self._spared()
                alive = [pid for pid in alive if pid not in spared]
            for pid in alive:
                if number == signal.SIGKILL or pid not in seen:
                    seen[pid] = True
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
            if not alive or time.monotonic() > until:
                return len(seen)
            time.sleep(0.002)


def _fed(feeding: Feeding, child: Child) -> None:
    feeding.step()
    if feeding.full:
        child.wake()  # who carries its output watches for room, too


class _NoProgram(Exception):
    pass


def _os_text(text: str) -> str:
    return os.fsdecode(text.encode("utf-8", "surrogateescape"))


def reserve_side_channel() -> int:
    """Occupy descriptor 3, so that a child's side channel can be put there for the moment of its start.
    Must come before anything else is opened. Answers what to put back there."""
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    spare = fcntl.fcntl(null, fcntl.F_DUPFD_CLOEXEC, 10)
    if null != 3:
        os.dup2(null, 3, inheritable=False)
        os.close(null)
    return int(spare)


def descendants(pid: int) -> list[int]:
    """Every living descendant of `pid`, by /proc; zombies are not counted."""
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % name, "rb") as source:
                fields = source.read().rsplit(b")", 1)[1].split()
        except (OSError, IndexError):
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
        if fields[0] in (b"Z", b"X"):
            dead.add(int(name))
    found: list[int] = []
    todo = [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return [each for each in found if each not in dead]
