"""The standard part of LSP, by pygls: capabilities, document sync, folders, trace.

One `LanguageServer` per connection over one converter. pygls' transport, its dispatch of bytes and its
table of futures are not used: they serve one client, answer nothing to what they cannot read, and grow
(each of that has a test beside a stock server in `tests/rpc/test_hazards.py`). What is overridden here
sends through the connection's outbox and never ends the process.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import converters, types
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.language_server import lsp_method

from journeyman import __version__
from journeyman.rpc import jsonbody
from journeyman.rpc.documents import Change, Documents
from journeyman.rpc.edits import OpenDocument

if TYPE_CHECKING:
    from cattrs import Converter

log = logging.getLogger(__name__)


@cache
def shared_converter() -> Converter:
    """The one converter of the process: making it is the costly part of a pygls server."""
    # pygls logs whole messages at INFO, code and tokens included.
    logging.getLogger("pygls").setLevel(logging.WARNING)
    return converters.get_converter()


def warm_up() -> None:
    """Do now what the first `initialize` would have to wait for."""
    converter = shared_converter()
    request = {"jsonrpc": "2.0", "id": 0, "method": "initialize"}
    params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    converter.structure({**request, "params": params}, types.InitializeRequest)
    JourneymanServer(Wire.nowhere())


class Wire:
    """How the pygls side reaches its connection."""

    def __init__(
        self,
        send: Callable[[dict[str, Any] | bytes], None],
        request: Callable[[str, Any], Awaitable[Any]],
        leave: Callable[[], None],
    ) -> None:
        self.send = send
        self.request = request
        self.leave = leave

    @classmethod
    def nowhere(cls) -> Wire:
        async def request(method: str, params: Any) -> Any:
            return None

        return cls(lambda message: None, request, lambda: None)


class JourneymanProtocol(LanguageServerProtocol):
    wire: Wire
    documents: Documents

    def get_message_type(self, method: str) -> type[Any] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        # Without the cache of the original, which keeps every protocol object alive.
        return types.METHOD_TO_TYPES.get(method, (None,))[0]

    def get_result_type(self, method: str) -> type[Any] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return types.METHOD_TO_TYPES.get(method, (None, None))[1]

    def structure_message(self, data: dict[str, Any]) -> dict[str, Any]:
        return data

    def structure(self, method: str, message: dict[str, Any]) -> Any:
        """The params of a standard message, typed. Raises ValueError naming the field that is wrong."""
        shape = self.get_message_type(method)
        if shape is None:
            return message.get("params")
        try:
            return self._converter.structure(message, shape).params
        except Exception as error:  # cattrs raises whatever the shape makes it
            raise ValueError(_field_of(error)) from error

    def unstructure(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.unstructure(each) for each in cast("list[Any]", value)]
        return self._converter.unstructure(value) if hasattr(value, "__attrs_attrs__") else value

    def standard_handler(self, method: str) -> Callable[..., Any] | None:
        builtin = cast("dict[str, Any]", self.fm.builtin_features)  # pyright: ignore[reportUnknownMemberType]
        ours = cast("dict[str, Any]", self.fm.features)  # pyright: ignore[reportUnknownMemberType]
        return builtin.get(method) or ours.get(method)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> Generator[Any, Any, None]:
        """Ends this connection. The daemon and its other clients go on."""
        self.wire.leave()
        yield from ()

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Generator[Any, Any, None]:
        self._shutdown = True
        yield from ()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        opened = params.text_document
        self.documents.open(opened.uri, opened.version, opened.text)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        changed = params.text_document
        self.documents.change(
            changed.uri, changed.version, [_change(each) for each in params.content_changes]
        )

    @lsp_method(types.TEXT_DOCUMENT_DID_SAVE)
    def lsp_text_document__did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        self.documents.saved(params.text_document.uri)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.documents.close(params.text_document.uri)

    def _send_data(self, data: Any) -> None:
        if data:
            self.wire.send(jsonbody.dump(data, default=self._serialize_message))

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: str | int | None = None,
    ) -> Future[Any]:
        raise NotImplementedError("use send_request_async, which has a deadline and an owner")

    async def send_request_async(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, method: str, params: Any | None = None, msg_id: str | int | None = None
    ) -> Any:
        """The client's raw result; deadline and connection loss raise `Failure`."""
        return await self.wire.request(method, self.unstructure(params))


class JourneymanServer(LanguageServer):
    """pygls' server object for one connection."""

    protocol: JourneymanProtocol  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, wire: Wire) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            "journeyman",
            __version__,
            text_document_sync_kind=types.TextDocumentSyncKind.Incremental,
            protocol_cls=JourneymanProtocol,
            converter_factory=shared_converter,
        )
        self.protocol.wire = wire
        self.documents = self.protocol.documents = Documents()

    @property
    def position_encoding(self) -> str:
        """What a position's `character` counts."""
        return str(getattr(found := self.workspace.position_encoding, "value", found))

    def document(self, uri: str) -> OpenDocument | None:
        """As the client has it open, saved or not."""
        found = self.documents.get(uri)
        return None if found is None else OpenDocument(found.version, found.text)

    def report_server_error(self, error: Exception, source: Any) -> None:
        # Never window/showMessage with an exception's text.
        log.error("pygls reports %s", type(error).__name__)


def _change(told: types.TextDocumentContentChangeEvent) -> Change:
    if isinstance(told, types.TextDocumentContentChangePartial):
        start, end = told.range.start, told.range.end
        return Change(told.text, (start.line, start.character), (end.line, end.character))
    return Change(told.text)


def begin(handler: Callable[..., Any], params: Any) -> tuple[Any, Awaitable[Any] | None]:
    """Call a pygls handler. What it does at once is done on return (document sync keeps its order);
    the second value is what is left of it where it, or a handler it calls, is asynchronous."""
    result: Any = handler(params)
    if inspect.isgenerator(result):
        generator = cast("Generator[Any, Any, Any]", result)
        try:
            step = generator.send(None)
        except StopIteration as end:
            return end.value, None
        return None, _rest(generator, step)
    if inspect.isawaitable(result):
        return None, result
    return result, None


async def _rest(generator: Generator[Any, Any, Any], step: Any) -> Any:
    while True:
        inner, args, kwargs = step
        value = inner(*(args or ()), **(kwargs or {}))
        if inspect.isawaitable(value):
            value = await value
        try:
            step = generator.send(value)
        except StopIteration as end:
            return end.value


def _field_of(error: BaseException) -> str:
    """Where a cattrs error lies, as `params.textDocument.uri`-like text for people."""
    path: list[str] = []
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
        for note in getattr(error, "__notes__", ()):
            name = getattr(note, "name", None)
            index = getattr(note, "index", None)
            if name is not None:
                path.append(str(name))
            elif index is not None:
                path.append(str(index))
    where = ".".join(path) or "params"
    if isinstance(error, KeyError) and error.args:
        return f"{where}: {error.args[0]!r} is missing"
    return f"{where}: has a wrong type"
