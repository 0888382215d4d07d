"""From what the daemon remembers to what goes over the wire, and back. Only shapes; no decisions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, cast, get_args

from journeyman import quotas, records
from journeyman.agent.queue import Waiting
from journeyman.ports.model import ModelInfo
from journeyman.rpc import blocks
from journeyman.workspace.ports import PortFact
from journeyman.workspace.status import WorkspaceStatus
from journeyman_protocol import agent, chat, model, project, queue, stream, todo, workspace
from journeyman_protocol import ports as ports_

STOP_REASONS: tuple[str, ...] = get_args(agent.StopReason)
PROMPT_CHARACTERS_SHOWN = 2_000
"""Of a run in a list; its first message has all of it."""
QUEUED_CHARACTERS_SHOWN = 500
MESSAGE_CHARACTERS_SHOWN = 4_000


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def commands(value: records.Commands) -> project.Commands:
    # Stored commands may be longer than a client may send: the daemon found them itself.
    return project.Commands.model_construct(build=value.build, run=value.run, test=value.test)


def from_commands(value: project.Commands) -> records.Commands:
    return records.Commands(build=value.build, run=value.run, test=value.test)


def project_(value: records.Project) -> project.Project:
    return project.Project(
        id=value.id,
        name=value.name,
        source=value.source,
        image=value.image,
        commands=commands(value.commands),
        forward_ports=list(value.forward_ports) or None,
        quota=_quota(value.quota),
        created_at=timestamp(value.created_at),
        updated_at=timestamp(value.updated_at),
    )


def _quota(value: quotas.Quota) -> project.Quota | None:
    if value == quotas.Quota():
        return None
    return project.Quota(bytes=value.bytes, entries=value.entries, archive_bytes=value.archive_bytes)


def from_quota(value: project.Quota) -> quotas.Quota:
    return quotas.Quota(value.bytes, value.entries, value.archive_bytes)


def chat_(value: records.Chat, used: records.Usage | None = None) -> chat.Chat:
    return chat.Chat(
        id=value.id,
        project_id=value.project_id,
        title=value.title,
        model=value.model,
        cwd=value.cwd,
        usage=None if used is None else usage(used),
        created_at=timestamp(value.created_at),
        updated_at=timestamp(value.updated_at),
    )


def message(value: records.Message, *, cut: bool = False) -> chat.ChatMessage:
    """`cut`: long texts and the calls' long arguments are shortened."""
    text = value.text[:MESSAGE_CHARACTERS_SHOWN] if cut else value.text
    return chat.ChatMessage(
        id=value.id,
        chat_id=value.chat_id,
        run_id=value.run_id,
        role=value.role,
        text=text,
        truncated=True if len(text) < len(value.text) else None,
        tool_calls=[
            chat.ToolCall(
                id=call.id, name=call.name, arguments=_cut(call.arguments) if cut else call.arguments
            )
            for call in value.tool_calls
        ],
        tool_call_id=value.tool_call_id,
        tool_name=value.tool_name,
        ok=value.ok,
        images=[blocks.told(each) for each in value.pictures] or None,
        rewound=value.rewound or None,
        created_at=timestamp(value.created_at),
    )


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MESSAGE_CHARACTERS_SHOWN]
    if isinstance(value, dict):
        return {key: _cut(each) for key, each in cast(dict[str, Any], value).items()}
    return [_cut(each) for each in cast(list[Any], value)] if isinstance(value, list) else value


def run(value: records.Run, last_seq: int, *, item_id: str | None = None) -> agent.Run:
    return agent.Run(**_run(value, last_seq), item_id=item_id)


def run_record(value: records.Run, last_seq: int) -> agent.RunRecord:
    return agent.RunRecord(
        **_run(value, last_seq),
        prompt=value.prompt[:PROMPT_CHARACTERS_SHOWN],
        images=[blocks.told(each) for each in value.pictures] or None,
        mode=value.mode,
        model=value.model,
        client_run_id=value.client_run_id,
        created_at=timestamp(value.created_at),
        started_at=None if value.started_at is None else timestamp(value.started_at),
        finished_at=None if value.finished_at is None else timestamp(value.finished_at),
    )


def _run(value: records.Run, last_seq: int) -> dict[str, Any]:
    return {
        "run_id": value.id,
        "chat_id": value.chat_id,
        "project_id": value.project_id,
        "status": value.status,
        "stop_reason": value.stop_reason if value.stop_reason in STOP_REASONS else None,
        "summary": value.summary,
        "usage": usage(value.usage),
        "changes": agent.Changes(
            files=list(value.changes.files), added=value.changes.added, removed=value.changes.removed
        ),
        "commands": commands(value.commands),
        "steps": value.steps,
        "last_seq": last_seq,
        "resumes": value.resumes,
    }


def usage(value: records.Usage) -> chat.Usage:
    counted = value.at_least
    gauge = chat.Context(used=value.context_used, size=value.context_size)
    return chat.Usage(
        input_tokens=value.input_tokens,
        output_tokens=value.output_tokens,
        cached_tokens=value.cached_tokens,
        cache_write_tokens=value.cache_write_tokens,
        reasoning_tokens=value.reasoning_tokens,
        cost_usd=value.cost_usd,
        model_calls=value.model_calls,
        complete=value.complete,
        at_least=chat.AtLeast(
            input_tokens=counted.input_tokens,
            output_tokens=counted.output_tokens,
            cached_tokens=counted.cached_tokens,
            cache_write_tokens=counted.cache_write_tokens,
            reasoning_tokens=counted.reasoning_tokens,
            cost_usd=counted.cost_usd,
        ),
        context=gauge,
    )


def queue_item(value: Waiting, *, cut: bool = False) -> queue.QueueItem:
    shown = value.prompt[:QUEUED_CHARACTERS_SHOWN] if cut else value.prompt
    return queue.QueueItem(
        item_id=value.id,
        kind=value.kind,
        run_id=value.run_id,
        prompt=shown,
        truncated=len(shown) < len(value.prompt),
        rev=value.rev,
        created_at=timestamp(value.created_at),
    )


def budget(value: agent.Budget | None) -> records.Budget:
    if value is None:
        return records.Budget()
    return records.Budget(steps=value.steps, tokens=value.tokens, usd=value.usd, seconds=value.seconds)


def event(value: records.Event) -> stream.Event:
    # Made by ourselves and sent by the thousand: not validated again.
    return stream.Event.model_construct(
        chat_id=value.chat_id,
        epoch=value.epoch,
        seq=value.seq,
        ts=timestamp(value.ts),
        run_id=value.run_id,
        item_id=value.item_id,
        kind=value.kind,
        data=value.data,
        durable=value.durable,
    )


def todo_list(value: records.TodoList) -> todo.TodoList:
    return todo.TodoList.model_construct(
        chat_id=value.chat_id,
        rev=value.rev,
        items=[
            todo.TodoItem.model_construct(
                id=item.id,
                content=item.content,
                status=item.status,
                check=item.check,
                depends_on=list(item.depends_on),
                assignee=item.assignee,
                evidence=item.evidence,
            )
            for item in value.items
        ],
    )


def from_todo_items(items: Iterable[todo.TodoItem]) -> tuple[records.TodoItem, ...]:
    return tuple(
        records.TodoItem(
            id=item.id,
            content=item.content,
            status=item.status,
            check=item.check,
            depends_on=tuple(item.depends_on),
            assignee=item.assignee,
            evidence=item.evidence,
        )
        for item in items
    )


def archive(value: records.ArchiveRecord, name: str | None = None) -> workspace.Archive:
    return workspace.Archive(
        archive_id=value.id,
        project_id=value.project_id,
        digest=value.digest,
        files=value.files,
        bytes=value.bytes,
        new_bytes=value.new_bytes,
        name=name,
        created_at=timestamp(value.created_at),
    )


def model_(value: ModelInfo) -> model.Model:
    priced = value.input_usd_per_million is not None or value.output_usd_per_million is not None
    price = model.Price(
        input_usd_per_million=value.input_usd_per_million, output_usd_per_million=value.output_usd_per_million
    )
    return model.Model(
        id=value.id,
        provider=value.provider,
        context_window=value.context_window,
        tool_use=value.tool_use,
        images=value.images,
        price=price if priced else None,
        available=value.available,
        why=value.why,
    )


def workspace_status(
    value: WorkspaceStatus, sandbox: str | None, newest: records.ArchiveRecord | None = None
) -> workspace.WorkspaceStatus:
    return workspace.WorkspaceStatus(
        project_id=value.project_id,
        state=value.state,
        sandbox=sandbox if value.instance_id is not None else None,
        acquired=value.acquired,
        tier=value.tier,
        held_by=list(value.holders) or None,
        last_used_at=None if value.last_used_at is None else timestamp(value.last_used_at),
        expires_at=None if value.expires_at is None else timestamp(value.expires_at),
        archive=None if newest is None else archive(newest),
        usage=_usage(value),
        message=value.message,
    )


def ports(project_id: str, found: Iterable[PortFact]) -> ports_.PortList:
    return ports_.PortList(
        project_id=project_id,
        items=[
            ports_.Port(
                port=each.port,
                listening=each.listening is not None,
                address=each.listening.address if each.listening else None,
                pid=each.listening.pid if each.listening else None,
                process=each.listening.command if each.listening else None,
                expected=each.expected,
                url=each.url,
            )
            for each in found
        ],
    )


def _usage(value: WorkspaceStatus) -> workspace.WorkspaceUsage | None:
    if value.usage is None:
        return None
    return workspace.WorkspaceUsage(
        bytes=value.usage.bytes,
        entries=value.usage.entries,
        bytes_max=value.quota.bytes or None,
        entries_max=value.quota.entries or None,
        level=value.quota.level(value.usage),
    )
