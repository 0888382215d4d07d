"""The user's settings: environment variables (`JOURNEYMAN_...`) over `config.toml` over the defaults here.

A project can never set these: keys, endpoints and limits come from the user's own configuration only.
Every field has a docstring; `docs/settings.md` must name every one of them, and a test says when not.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from journeyman import paths
from journeyman.failures import Failure


class HookSetting(BaseModel):
    """One `[[hooks]]` of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    on: Literal["before_tool", "after_tool", "run_start", "run_end"]
    command: str = Field(min_length=1, max_length=10_000)
    tools: tuple[str, ...] = ()
    where: Literal["workspace", "outside"] = "workspace"
    timeout_s: float = Field(default=10.0, gt=0, le=600)
    failure: Literal["refuse", "go_on"] = "refuse"


class McpSetting(BaseModel):
    """One `[[mcp_servers]]` of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")
    command: tuple[str, ...] = ()
    url: str | None = Field(default=None, pattern=r"^https?://")
    where: Literal["workspace", "outside"] = "workspace"
    env: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    timeout_s: float = Field(default=60.0, gt=0, le=3600)
    start_s: float = Field(default=60.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.command) == bool(self.url):
            raise ValueError(f"the server {self.name} needs a command or a url, and not both")
        if self.url and self.where != "outside":
            raise ValueError(f'the server {self.name} has a url, which is outside: say where = "outside"')
        return self


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="JOURNEYMAN_", extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    data_dir: Path = Field(default_factory=paths.data_dir)
    """The directory this daemon owns: database, embedded archives, private workspace directories. Only from
    the environment: clients must find it without reading the file."""
    sandbox: Literal["auto", "docker", "bubblewrap"] = "auto"
    """Where workspaces live. `auto` takes Docker where an engine answers and bubblewrap otherwise."""
    image: str = "code-workspace:latest"
    """The Docker image for workspaces; `journeyman image build` makes it."""
    workspace_ttl_s: float = Field(default=600.0, gt=0)
    """Seconds without use after which a workspace is archived, verified and removed."""
    workspace_freeze_s: float = Field(default=120.0, ge=0)
    """Seconds without use after which a workspace is frozen: its processes are paused where they are."""
    workspaces_hot_max: int = Field(default=8, ge=1)
    """Running workspaces beyond this are frozen as soon as nobody uses them."""
    workspaces_frozen_max: int = Field(default=16, ge=0)
    """Frozen workspaces beyond this are archived and stopped before their time is up."""
    workspaces_warm_max: int = Field(default=16, ge=0)
    """Most workspaces whose files stay on this machine after they were archived and stopped; 0: none do."""
    workspaces_warm_mb: int = Field(default=10 * 1024, ge=0)
    """Most MiB of files those may have together."""
    workspaces_warm_s: float = Field(default=24 * 3600.0, ge=0)
    """Seconds after which such files go, once the archive was looked at again."""
    workspace_upload_s: float = Field(default=30.0, ge=0)
    """Seconds after a run until what changed is archived in the background."""
    workspace_memory_mb: int = Field(default=2048, ge=64)
    """Memory limit of one workspace in MiB."""
    workspace_cpus: float = Field(default=2.0, gt=0)
    """Processor limit of one workspace, in cores."""
    workspace_pids: int = Field(default=512, ge=16)
    """Most processes in one workspace."""
    workspace_disk_mb: int = Field(default=20 * 1024, ge=0)
    """MiB of files a workspace may hold, where its project has no quota of its own; 0: any."""
    workspace_entries_max: int = Field(default=1_000_000, ge=0)
    """Files, directories and links it may hold, where its project has no quota of its own; 0: any."""
    archives_mb: int = Field(default=0, ge=0)
    """MiB a project's archives may take in the store: beyond it they are thinned out earlier; 0: any."""
    workspace_uid: int | None = Field(default=None, ge=1)
    """User id inside the workspace. Default: the caller's own, or 10001 when the daemon runs as root."""
    egress: Literal["none", "allowlist", "open"] = "allowlist"
    """What workspaces reach beyond themselves: nothing, the hosts of `egress_allow`, or every public
    address."""
    egress_allow: Annotated[tuple[str, ...], NoDecode] = ("default",)
    """Hosts workspaces reach: `pypi.org`, `*.example.com`, `mirror.example.com:8443` (without a port: 80 and
    443). `default` stands for the package registries and code hosts that come with Journeyman."""
    permission_git: Literal["ask", "allow", "deny"] = "ask"
    """Git that throws work away, rewrites history, changes a remote, or changes what git runs."""
    permission_protected: Literal["ask", "allow", "deny"] = "ask"
    """Writing what git, editors or shells run by themselves: `.git/hooks`, `.git/config`,
    `.vscode/tasks.json`."""
    permission_commands: Literal["ask", "allow", "deny"] = "allow"
    """Commands in the workspace, and those that `fin` verifies the work with."""
    permission_edits: Literal["ask", "allow", "deny"] = "allow"
    """Writing and editing files of the workspace with the tools for it."""
    permission_timeout_s: float = Field(default=1800.0, gt=0)
    """Seconds a question to you waits for its answer; then the answer is no."""
    hooks: tuple[HookSetting, ...] = ()
    """Commands around tools and runs, see docs/extensions.md."""
    mcp_servers: tuple[McpSetting, ...] = ()
    """Servers of tools over MCP, see docs/extensions.md."""
    permission_mcp: Literal["ask", "allow", "deny"] = "ask"
    """Calling tools of MCP servers outside the workspace; inside they are as commands."""
    explore: bool = True
    """Whether the agent may look things up apart from its history, out of the run's budget."""
    trash_grace_s: float = Field(default=7 * 24 * 3600.0, ge=0)
    """Seconds a removed workspace's files are kept on disk after their archive was verified."""
    disk_low_mb: int = Field(default=4096, ge=0)
    """MiB free on the disk below which room is made: the trash, warm workspaces, then idle ones; 0: never."""
    disk_floor_mb: int = Field(default=1024, ge=0)
    """MiB that stay free on the disk: below it no workspace is made or restored; 0: none."""
    memory_low_mb: int = Field(default=512, ge=0)
    """MiB of available memory below which idle workspaces are put away early; 0: never."""
    memory_stalled_percent: float = Field(default=20.0, ge=0, le=100)
    """Share of the time in which some process waits for memory that counts as too little of it; 0: never."""
    objects: str = "local"
    """Where archives go: `local` (below the data directory), a folder by its whole path, or `s3://bucket/prefix`."""
    s3_endpoint: str | None = None
    """Endpoint URL of an S3 server other than AWS."""
    s3_region: str = "us-east-1"
    """Region for S3."""
    archive_key_file: Path | None = None
    """Key file that encrypts archives on this machine before they are stored; `journeyman archive key` makes
    one. A store is encrypted from its first archive on or not at all."""
    archives_last: int = Field(default=5, ge=1)
    """How many of the newest archives of a project are kept, and of how many different trees the newest."""
    archives_hourly: int = Field(default=24, ge=0)
    """Of how many hours that have archives the newest one is kept."""
    archives_daily: int = Field(default=14, ge=0)
    """Of how many days that have archives the newest one is kept."""
    checkpoint_file_mb: int = Field(default=32, ge=0)
    """Files larger than this many MiB are not kept in checkpoints: a rewind names them and leaves them."""
    checkpoint_project_mb: int = Field(default=2048, ge=1)
    """Most MiB the checkpoints of one project take; the oldest go first."""
    checkpoint_total_mb: int = Field(default=10 * 1024, ge=1)
    """Most MiB all checkpoints together take."""
    model: str | None = None
    """Model used when neither the request nor the chat names one, e.g. `openrouter/qwen/qwen3-coder`."""
    model_planner: str | None = None
    """Model that looks around and writes the plan; the run's own model goes on from all it read and wrote.
    Default: the run's own model plans."""
    model_fallbacks: Annotated[tuple[str, ...], NoDecode] = ()
    """Models a run goes on with, tried in this order, where its own cannot be had after every retry: no
    answer, refused (rate, key, payment), unknown to its provider, or not to be understood."""
    model_images: Annotated[tuple[str, ...], NoDecode] = ()
    """Models that take images, beside those Journeyman knows to; `*` stands for anything, as in
    `ollama/llava*`. A prompt with images is refused for any other."""
    model_small: Annotated[tuple[str, ...], NoDecode] = ()
    """Models too weak to call tools, with `*` as in `model_images`. They write files and commands as fenced
    blocks, have three tools and no plan, and are shown the files a request names."""
    model_base_url: str | None = None
    """Base URL for `openai-compatible/...` models, e.g. `http://127.0.0.1:8080/v1`."""
    model_timeout_s: float = Field(default=120.0, gt=0)
    """Seconds without a byte from a provider after which the call counts as broken."""
    steps_per_segment: int = Field(default=100, ge=1)
    """Most model calls in one segment of a run."""
    segments_max: int = Field(default=5, ge=1)
    """Most segments in one run; a new one needs verified progress."""
    run_tokens_max: int = Field(default=5_000_000, ge=1)
    """Token ceiling of one run."""
    run_usd_max: float = Field(default=20.0, gt=0)
    """Cost ceiling of one run in US dollars, for models whose price is known."""
    run_seconds_max: float = Field(default=4 * 3600.0, gt=0)
    """Wall-clock ceiling of one run."""
    runs_max: int = Field(default=32, ge=1)
    """Most runs at the same time; further ones queue."""
    idle_exit_s: float = Field(default=1800.0, gt=0)
    """A daemon without client, without run and without a preview in use leaves after this many seconds."""
    tcp_clients_max: int = Field(default=1024, ge=1)
    """Most connections at the same time."""
    metrics_listen: str | None = None
    """HOST:PORT of this machine where `GET /metrics` answers Prometheus, e.g. `127.0.0.1:9464`. Default:
    nowhere; `daemon/metrics` says the same to clients."""
    otel_endpoint: str | None = None
    """OTLP/HTTP collector that traces go to, e.g. `http://127.0.0.1:4318`; needs `journeyman[otel]`. Default:
    `OTEL_EXPORTER_OTLP_ENDPOINT`, and without that nowhere."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Detail of the daemon's log."""
    log_format: Literal["text", "json"] = "text"
    """`json`: one object per line, for programs."""

    @field_validator("egress_allow", "model_fallbacks", "model_images", "model_small", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """In an environment variable: words with commas or spaces between them."""
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("objects")
    @classmethod
    def _a_place(cls, value: str) -> str:
        """A daemon that is started elsewhere must find the same folder again."""
        known = value == "local" or value.startswith("s3://")
        if known or ("://" not in value and Path(value).expanduser().is_absolute()):
            return value
        raise ValueError("name a folder by its whole path, `s3://bucket/prefix`, or `local`")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        try:
            toml = TomlConfigSettingsSource(settings_cls, paths.config_file())
        except tomllib.TOMLDecodeError as error:
            raise Failure(
                "invalid", f"{paths.config_file()} is not TOML: {error}.", hint="Correct it, or take it away."
            ) from error
        if "data_dir" in toml.toml_data:
            raise Failure(
                "invalid",
                f"{paths.config_file()} sets data_dir, which clients that start the daemon would not see.",
                hint="Take it out and set JOURNEYMAN_DATA_DIR instead.",
            )
        return init_settings, env_settings, toml

    @property
    def runtime_dir(self) -> Path:
        return paths.runtime_dir(self.data_dir)

    @property
    def socket(self) -> Path:
        return paths.daemon_socket(self.data_dir)
