// Generated from the Python models by `make gen`. Do not edit.

export const PROTOCOL_VERSION = 1;

export interface AckParams {
  chatId: string;
  /** Every event up to this one was taken. */
  seq: number;
}

export interface AgentRunParams {
  /** A text, or blocks. Images only for a model that takes them: `images` in `model/list`. */
  prompt: string | (TextBlock | ImageBlock | LinkBlock | ResourceBlock)[];
  /** Absent: a new chat, in `projectId` or in a new project. */
  chatId?: string;
  projectId?: string;
  /** Whose run it is. A daemon works for one user, `local`; another one is refused. */
  userId?: string;
  /** Idempotency key of the client: the same one twice is the same run. */
  clientRunId?: string;
  /** `completed` answers at the end; `accepted` answers at once, and the run reports by events. */
  wait?: "completed" | "accepted";
  /** Where a run is going on in the chat. `queue`: after it and what waits already. `steer`: no run of its own; the running one takes the prompt before its next step, leaves out the tool calls it had not begun, and is the answer. `interrupt`: that run is cancelled, its work stays, and this one is next. */
  delivery?: "queue" | "steer" | "interrupt";
  mode?: "plan+execute" | "execute" | "plan";
  model?: string;
  effort?: "low" | "medium" | "high";
  budget?: Budget;
  /** What the user sees in the editor: shown to the model as data. With `delivery: "steer"` it goes along with the prompt. */
  context?: RunContext;
  workDoneToken?: number | string;
  /** With it the run's events also come as `$/progress` on this token. */
  partialResultToken?: number | string;
  /** `RequestMeta`, and whatever else a client notes; every request may carry it. */
  _meta?: Record<string, unknown>;
}

/** A verified archive. `digest` is the root hash of the tree. */
export interface Archive {
  archiveId: string;
  projectId: string;
  digest: string;
  files: number;
  /** Bytes of file content. */
  bytes: number;
  /** Bytes it added to the store. */
  newBytes: number;
  /** Given with `workspace/nameArchive`; told by `workspace/archives` and there only. */
  name?: string;
  createdAt: string;
}

/** An archive of another project, whose image, commands and ports the new one takes over. */
export interface ArchiveOrigin {
  projectId: string;
  /** Absent for the newest. */
  archiveId?: string;
}

/** Archives, newest first. */
export interface ArchivePage {
  items: Archive[];
  nextCursor?: string;
}

export interface ArchiveParams {
  projectId: string;
  /** False: answer when it is under way; `workspace/didChangeStatus` tells the rest. */
  wait?: boolean;
  /** Keep the workspace running after the archive was verified. Otherwise it is removed then. */
  keep?: boolean;
  workDoneToken?: number | string;
}

export interface ArchiveRef {
  projectId: string;
  archiveId: string;
}

export interface ArchiveResult {
  /** Absent with `wait: false`. */
  archive?: Archive;
  /** True once every object was read back and the pointer has moved. */
  verified: boolean;
}

export interface ArchivesParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  projectId: string;
}

/** What providers did say, added up: these figures only grow while a run goes on. */
export interface AtLeast {
  inputTokens: number;
  outputTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
  costUsd: number;
}

/** Ceilings for one run, on top of the daemon's own. */
export interface Budget {
  steps?: number;
  tokens?: number;
  usd?: number;
  seconds?: number;
}

/** `$/cancelRequest` of LSP. */
export interface CancelParams {
  id: number | string;
}

export interface CarriedFile {
  path: string;
  /** `edited`: by the editor, through `workspace/applyEdit`, and perhaps not saved yet; `same`: it was so already. */
  outcome: "written" | "removed" | "edited" | "same" | "refused";
  /** Of what was refused. */
  why?: string;
}

export interface Changes {
  files: string[];
  /** Lines added. */
  added: number;
  /** Lines removed. */
  removed: number;
}

/** Each file is carried whole or not at all. */
export interface ChangesApplied {
  root: string;
  items: CarriedFile[];
}

/** A chat, or only the files one of its runs changed. */
export interface ChangesApplyParams {
  chatId?: string;
  runId?: string;
  /** What was accepted, and these. Empty: just what was accepted. Absent: all that was not rejected. */
  hunkIds?: string[];
  /** The folder: an absolute path, or a URI for editors whose files are elsewhere. Absent: the folder the project was made of. */
  root?: string;
  /** Guarded paths the user agreed to, each by name. */
  allow?: string[];
  /** Have the editor ask its user before it applies anything, where it can. */
  confirm?: boolean;
}

export interface ChangesChanged {
  chatId: string;
  runId?: string;
  reason: "checkpoint" | "rewind" | "decision";
}

export interface ChangesDecideParams {
  chatId: string;
  hunkIds: string[];
  /** What the model is told with it, at its next step. */
  feedback?: string;
}

export interface ChangesDecided {
  /** One for each id, in their order. */
  items: HunkOutcome[];
}

/** A chat, or a run of it. */
export interface ChangesListParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  chatId?: string;
  /** Only hunks this run had a part in; they are the chat's all the same. */
  runId?: string;
}

export interface Chat {
  id: string;
  projectId: string;
  title: string;
  model?: string;
  /** The agent's working directory in the workspace. */
  cwd: string;
  /** Of its runs that have ended; in the answer to `chat/get`. */
  usage?: Usage;
  createdAt: string;
  updatedAt: string;
}

export interface ChatCreateParams {
  projectId: string;
  title?: string;
  model?: string;
}

export interface ChatForkParams {
  chatId: string;
  /** What had happened up to this event of the chat; absent: all. A message whose calls were being worked on comes with their results. */
  atSeq?: number;
  /** Absent: the same. */
  title?: string;
}

export interface ChatImage {
  /** SHA-256 of its bytes, in hex. */
  imageId: string;
  mimeType: string;
  bytes: number;
  name?: string;
  /** Base64. */
  data: string;
}

export interface ChatImageParams {
  chatId: string;
  imageId: string;
}

export interface ChatListParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  projectId?: string;
}

/** A stored message. Role `tool` is the observation that answers `toolCallId`. */
export interface ChatMessage {
  id: string;
  chatId: string;
  runId?: string;
  role: "user" | "assistant" | "tool";
  text: string;
  /** In a snapshot: there is more of the text; `chat/message` has it. */
  truncated?: boolean;
  toolCalls: ToolCall[];
  toolCallId?: string;
  toolName?: string;
  ok?: boolean;
  images?: Image[];
  /** Taken back by a rewind: the model is not told of it any more. */
  rewound?: boolean;
  createdAt: string;
}

export interface ChatMessageParams {
  chatId: string;
  messageId: string;
}

export interface ChatMessagesParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  chatId: string;
  /** Messages that were taken back by a rewind, too. */
  rewound?: boolean;
}

/** Chats, newest first. */
export interface ChatPage {
  items: Chat[];
  nextCursor?: string;
}

export interface ChatRef {
  chatId: string;
}

export interface ChatRefParams {
  chatId: string;
}

export interface ChatRenameParams {
  chatId: string;
  title: string;
}

export interface ChatSearchParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  /** Words; all of them must be there. One of three letters or more may be the beginning of a longer word; words in "double quotes" stand in a row. Case and accents make no difference; nothing else is syntax. */
  query: string;
  /** Only chats of this project. */
  projectId?: string;
}

/** A state of a chat that can be gone back to. The oldest go when there is no room for them. */
export interface Checkpoint {
  id: string;
  chatId: string;
  runId?: string;
  /** `start`: before a run; `step`: after one of its steps; `safety` and `rewind`: around a rewind. */
  kind: "start" | "step" | "safety" | "rewind";
  title: string;
  /** How many files, links and directories it changed. */
  files: number;
  /** The newest event of the chat when it was made. */
  seq: number;
  createdAt: string;
}

/** Files by path. */
export interface CheckpointDiffPage {
  items: CheckpointFile[];
  nextCursor?: string;
}

export interface CheckpointDiffParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  chatId: string;
  checkpointId: string;
  /** `before`: what this checkpoint changed; `now`: what the chat's agent changed since it. */
  against?: "before" | "now";
  /** Lines around each change. */
  context?: number;
}

export interface CheckpointFile {
  path: string;
  change: "added" | "removed" | "changed";
  /** What it is, or was where it was removed. */
  kind: "file" | "directory" | "symlink";
  binary: boolean;
  /** Unified; absent where there is none to show: no text, only another mode, or not kept. */
  diff?: string;
  truncated: boolean;
  /** False: too large for its content to be kept; a rewind names it and leaves it. */
  kept: boolean;
}

export interface CheckpointListParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  chatId: string;
}

/** Checkpoints, newest first. */
export interface CheckpointPage {
  items: Checkpoint[];
  nextCursor?: string;
}

/** `capabilities.experimental.journeyman` a client may send with `initialize`. */
export interface ClientJourneyman {
  /** One the daemon does not speak is refused. */
  protocolVersion?: number;
  /** Whether this client wants `agent/event` and the other notifications of ours. */
  events?: boolean;
  /** Requests of ours this client answers. Unknown names mean nothing. */
  requests?: string[];
  /** Notifications this client does not want. */
  optOut?: string[];
}

/** How the project is built, run and tested: shell commands, run in the workspace. */
export interface Commands {
  build?: string;
  run?: string;
  test?: string;
}

/** How full the model's window was at the newest call, in tokens. Absent where nobody said. */
export interface Context {
  used?: number;
  size?: number;
}

/** Something an editor reports in a file. */
export interface ContextDiagnostic {
  range: Range;
  severity?: "error" | "warning" | "information" | "hint";
  message: string;
  source?: string;
  code?: number | string;
  uri?: string;
  path?: string;
}

/** A document as the editor has it, saved or not. */
export interface ContextDocument {
  uri?: string;
  path?: string;
  version?: number;
  text: string;
}

export interface ContextSelection {
  uri?: string;
  path?: string;
  range: Range;
  /** Absent: taken from the document, where it is in `documents` or open. */
  text?: string;
}

/** A place in a chat's event log. `epoch` names the incarnation of the log. */
export interface Cursor {
  epoch: string;
  seq: number;
}

export interface DaemonMetrics {
  items: Metric[];
}

export interface DaemonStatus {
  version: string;
  protocolVersion: number;
  pid: number;
  startedAt: string;
  dataDir: string;
  clients: number;
  runsActive: number;
  runsQueued: number;
  workspacesLive: number;
  /** Absent where no sandbox can be had; runs are refused then. */
  sandbox?: SandboxStatus;
  sandboxProblem?: string;
  /** Where archives go, without credentials. */
  objects: string;
  /** What the machine is short of (disk, memory) and what is done about it, as sentences. */
  shortages: string[];
  draining: boolean;
}

export interface DeleteParams {
  projectId: string;
  path: string;
  /** Needed for a directory that is not empty. */
  recursive?: boolean;
}

export interface Diagnostic {
  range: Range;
  severity?: "error" | "warning" | "information" | "hint";
  message: string;
  source?: string;
  code?: number | string;
}

/** All that is reported of one file now, in place of what was reported before. It counts for exactly the text it was made of: that of `version` of the open document, or the text with this `sha256`. */
export interface DiagnosticsChanged {
  uri: string;
  /** Of the document, where it is open; absent: as it is now. */
  version?: number;
  /** Of the text as UTF-8, where it is not open. */
  sha256?: string;
  diagnostics: Diagnostic[];
}

/** Content is compared, not times. `before` is absent of what was added, `after` of what was removed. */
export interface DiffEntry {
  /** From the workspace, `/`-separated; bytes that are not UTF-8 are escaped. */
  path: string;
  change: "added" | "removed" | "changed";
  /** False where only the mode differs. */
  content: boolean;
  before?: DiffSide;
  after?: DiffSide;
}

export interface DiffFileParams {
  projectId: string;
  path: string;
  from?: string;
  to?: string;
  /** Lines shown around each change. */
  context?: number;
}

/** Files of up to 1 MiB; larger ones are refused with `invalid`. */
export interface DiffFileResult {
  change: "added" | "removed" | "changed" | "same";
  /** One of them is no UTF-8 text: `diff` is empty. */
  binary: boolean;
  /** Unified. */
  diff: string;
  truncated: boolean;
}

/** In the order of paths, a directory before what is in it. Each page compares anew. */
export interface DiffPage {
  from: string;
  to?: string;
  items: DiffEntry[];
  nextCursor?: string;
  /** Entries of all pages. */
  total: number;
}

export interface DiffParams {
  projectId: string;
  /** An archive; the newest when absent. */
  from?: string;
  /** An archive; the workspace as it is when absent, which is brought back for it. */
  to?: string;
  cursor?: string;
  limit?: number;
}

export interface DiffSide {
  kind: "file" | "directory" | "symlink";
  size: number;
  /** Permission bits; 0 of a link, whose mode means nothing. */
  mode: number;
}

export interface DirectoryEntry {
  name: string;
  stat: FileStat;
}

/** Entries by name in byte order. The directory is read anew for each page: what comes and goes between two pages is in one of them or not, everything else is there exactly once. */
export interface DirectoryPage {
  items: DirectoryEntry[];
  nextCursor?: string;
  /** Entries whose names are not UTF-8 and which therefore no page holds. */
  unnamed: number;
}

/** It is done. */
export interface Done {
}

/** No parameters, or a result that says only that it is done. */
export interface Empty {
}

/** `error.data` of every error the daemon answers with. */
export interface ErrorData {
  /** What went wrong, for programs. */
  kind: "parse_error" | "invalid_request" | "method_not_found" | "not_initialized" | "invalid" | "not_found" | "conflict" | "unauthorized" | "overloaded" | "cancelled" | "busy" | "draining" | "already_running" | "no_sandbox" | "image_missing" | "workspace_failed" | "path_refused" | "archive_failed" | "archive_corrupt" | "store_unavailable" | "store_refused" | "source_failed" | "disk_full" | "quota_exceeded" | "storage_failed" | "model_unknown" | "model_key_missing" | "model_unreachable" | "model_refused" | "model_broken" | "timeout" | "internal";
  /** Whether the same request may succeed later without a change by the client. */
  retryable: boolean;
  /** Suggested wait before that, in milliseconds. */
  retryAfterMs?: number;
  /** What to do next, for people. */
  hint: string;
  /** For bugs of ours: look for this in the daemon's log. */
  incidentId?: string;
  /** For -32801: the present state the caller was behind of. */
  current?: Record<string, unknown>;
}

/** Something that happened in a chat. Durable events are numbered 1, 2, 3, ... and were stored before they were sent. The others carry the number of the durable event before them and are never replayed. */
export interface Event {
  chatId: string;
  epoch: string;
  seq: number;
  ts: string;
  runId?: string;
  itemId?: string;
  kind: "run/started" | "run/phase" | "run/finished" | "message/delta" | "message/completed" | "tool/started" | "tool/output" | "tool/finished" | "todo/changed" | "usage/updated" | "workspace/changed" | "checkpoint/made" | "checkpoint/restored" | "permission/requested" | "permission/resolved" | "queue/changed" | "changes/decided" | "document/conflict" | "notice";
  data: Record<string, unknown>;
  durable: boolean;
}

export interface EventsParams {
  chatId: string;
  after?: Cursor | "start" | "tail";
  limit?: number;
  /** Where there is none yet: how long to wait for one. */
  waitMs?: number;
}

export interface EventsResult {
  /** Durable ones, in order; at most `limit` of them and a few megabytes. None: nothing happened in time. */
  events: Event[];
  /** `after` of the next call. */
  next: Cursor;
  head: number;
  gap?: Gap;
  /** With a gap. */
  snapshot?: Snapshot;
}

export interface ExecAckParams {
  execId: string;
  /** Bytes taken since the last acknowledgement. */
  bytes: number;
}

/** Exactly once, after all of the output. */
export interface ExecExited {
  execId: string;
  /** `lost`: the workspace went away, or was put away. */
  reason: "exited" | "timeout" | "lost";
  /** As a shell says it: 128 plus the signal's number where a signal ended it. */
  code?: number;
  /** Such as `SIGKILL`. */
  signal?: string;
  message?: string;
}

export interface ExecKillParams {
  execId: string;
  /** To every process that came of the command. Absent: hang up, and kill what is left after 2 seconds. */
  signal?: "HUP" | "INT" | "QUIT" | "TERM" | "KILL" | "USR1" | "USR2" | "STOP" | "CONT";
}

export interface ExecOutput {
  execId: string;
  /** Bytes of output before this piece. */
  offset: number;
  content: string;
  encoding: "base64" | "utf8";
}

/** `argv` or `command`; with neither, a login shell in a terminal. */
export interface ExecParams {
  projectId: string;
  argv?: string[];
  /** For `bash -c`. */
  command?: string;
  cwd?: string;
  /** Added to the workspace's own clean environment. */
  env?: Record<string, unknown>;
  /** A terminal of its own. Otherwise output and errors come as one stream of bytes. */
  pty?: boolean;
  cols?: number;
  rows?: number;
  /** Whether `workspace/execWrite` will be used; otherwise input is empty. A terminal always has it. */
  stdin?: boolean;
  /** Of the output. `utf8`: what is not UTF-8 comes as U+FFFD. */
  encoding?: "base64" | "utf8";
  /** Hung up on after this, as if the connection ended. */
  timeoutMs?: number;
  /** At most this many bytes of output are sent before `workspace/execAck` says they were taken. In any case a client that does not read its connection stops the command's output, not the daemon's memory. */
  ackWindow?: number;
}

export interface ExecResizeParams {
  execId: string;
  cols: number;
  rows: number;
}

export interface ExecResult {
  execId: string;
}

/** Input, in the order of the requests. Answered once the workspace has taken it. */
export interface ExecWriteParams {
  execId: string;
  content?: string;
  encoding?: "base64" | "utf8";
  /** Nothing more will come; in a terminal this types Ctrl-D. */
  eof?: boolean;
}

export interface FileChange {
  /** `created` is also said of what took another's place, `deleted` is meant for everything below, too. */
  kind: "created" | "changed" | "deleted";
  /** From the workspace, `/`-separated. Names that are not UTF-8 are not told. */
  path: string;
}

export interface FileList {
  items: WorkspaceFile[];
  /** Links, special files and names that are not UTF-8: not offered for copying. */
  skipped: string[];
}

export interface FileStat {
  kind: "file" | "directory" | "symlink" | "other";
  size: number;
  /** Permission bits. */
  mode: number;
  mtime: string;
  /** Changes whenever the file does; opaque. */
  etag: string;
  /** Text of a symbolic link. */
  target?: string;
  /** What a symbolic link leads to; absent where that is nothing in the workspace. */
  targetKind?: "file" | "directory" | "symlink" | "other";
}

/** What happened in a moment, each path once or as deleted and created, to be applied in order. */
export interface FilesChanged {
  watchId: string;
  changes: FileChange[];
  /** More happened than could be kept: look at everything again, then apply `changes`. */
  overflow: boolean;
  /** The watch is over: the workspace went away, or there is too much to watch by now. Watch anew. */
  ended?: ErrorData;
}

export interface FilesParams {
  projectId: string;
  /** Names of directories and files to leave out at any depth, such as `node_modules`. */
  exclude?: string[];
}

/** One file to start a workspace with. Links and special files are not carried. */
export interface FolderFile {
  /** Relative to the workspace's root, `/`-separated. */
  path: string;
  /** Base64. */
  content: string;
  executable?: boolean;
}

/** A folder of the machine the daemon runs on, copied in with its links, modes and times. Only for clients on that machine (standard input and output, the Unix socket). */
export interface FolderOrigin {
  /** Absolute. */
  path: string;
  /** Names to leave out at any depth, besides version control, dependencies, caches and `.env`. */
  exclude?: string[];
  /** Names to copy although they are left out otherwise. */
  include?: string[];
}

export interface ForwardParams {
  projectId: string;
  /** One that nothing listens on yet is forwarded as well, and says so to whoever comes. */
  port: number;
}

export interface Forwarded {
  projectId: string;
  port: number;
  /** `http://127.0.0.1:...` on the daemon's machine, with a token, for which a browser gets a cookie. */
  url: string;
  /** False: it was forwarded before, by this link. */
  created: boolean;
}

/** A place where the words are. */
export interface Found {
  chat: Chat;
  /** Absent: they are in the chat's title. */
  message?: FoundMessage;
  /** The text around them, cut at its ends. */
  excerpt: Piece[];
}

export interface FoundMessage {
  id: string;
  runId?: string;
  role: "user" | "assistant";
  createdAt: string;
}

/** Titles first, then messages, each newest first. Only so many texts are looked through for one page: it may have fewer items than asked for, or none, and still a `nextCursor`. */
export interface FoundPage {
  items: Found[];
  nextCursor?: string;
}

export interface FromArchive {
  archive: ArchiveOrigin;
}

export interface FromFolder {
  folder: FolderOrigin;
}

export interface FromGit {
  git: GitOrigin;
}

/** Events that cannot be had any more. Never silent: read `snapshot` and go on from `head`. */
export interface Gap {
  fromSeq: number;
  toSeq: number;
  reason: "epoch_changed" | "trimmed" | "ahead_of_log";
}

/** A public repository, cloned inside the workspace, through its egress policy. */
export interface GitOrigin {
  /** https:// or http://, without a password in it. */
  url: string;
  /** Branch or tag; absent for the repository's own choice. */
  ref?: string;
  /** How many commits back; absent for all. */
  depth?: number;
}

export interface Hunk {
  /** The same as long as it is this change at this place: deciding others, or changes elsewhere in the file, do not rename it. */
  hunkId: string;
  /** From the workspace, `/`-separated; bytes that are not UTF-8 are escaped. */
  path: string;
  /** `edit`: lines of a text; `mode`: permissions alone; `replaced`: content that is no text or too large to compare. All but an edit are taken or left whole. */
  kind: "edit" | "created" | "deleted" | "renamed" | "mode" | "replaced";
  renamedFrom?: string;
  /** Of an edit: its first line in the baseline, from 1, or the line it comes after where it only adds. */
  oldStart?: number;
  oldLines?: number;
  newStart?: number;
  newLines?: number;
  /** As a unified diff shows it, with three lines around it; absent where there is no text. */
  text?: string;
  truncated: boolean;
  /** False: too large for its content to be kept; it can be accepted only. */
  kept: boolean;
  /** Somebody else was at work in the workspace meanwhile: some of it may be theirs. */
  doubtful: boolean;
  /** It was rejected, and is taken back at the end of the step a run is at. */
  rejecting: boolean;
  /** Why it is not carried to a folder unasked: hooks, editor tasks and what else runs by itself. */
  guarded?: string;
}

export interface HunkOutcome {
  hunkId: string;
  /** `rejecting`: a run is at work, and it is taken back at the end of its step; `conflict`: it is not as the agent left it any more, and stays; `unknown`: the files moved on, list the changes again. */
  outcome: "accepted" | "rejected" | "rejecting" | "conflict" | "unknown";
  path?: string;
  message?: string;
  /** Somebody decided it before; the outcome is theirs. */
  earlier: boolean;
}

/** Hunks nobody decided on, by path and place. */
export interface HunkPage {
  items: Hunk[];
  nextCursor?: string;
}

/** An image that was given with a prompt; `chat/image` has its bytes. */
export interface Image {
  /** SHA-256 of its bytes, in hex. */
  imageId: string;
  mimeType: string;
  bytes: number;
  name?: string;
}

/** PNG, JPEG, WebP or GIF, as its first bytes say. At most 3,750,000 bytes, and 10 images in a prompt. */
export interface ImageBlock {
  type: "image";
  /** Base64. */
  data: string;
  mimeType?: string;
  /** What it is called, such as the name of its file; shown to people and to the model. */
  name?: string;
}

/** A batch of files to copy into the workspace, before or between runs. */
export interface ImportParams {
  projectId: string;
  files: FolderFile[];
}

export interface ImportResult {
  files: number;
  bytes: number;
}

/** `initializationOptions` of `initialize`. */
export interface InitializationOptions {
  /** The daemon's token, where the operator started it with `--auth initialize`. */
  token?: string;
}

/** `capabilities.experimental.journeyman` in the answer to `initialize`. */
export interface JourneymanCapabilities {
  protocolVersion: number;
  version: string;
  /** Every method the daemon handles. */
  methods: string[];
  /** Every notification the daemon sends. */
  notifications: string[];
  /** Every request of ours the daemon may send, to clients that say they answer it. */
  requests: string[];
  features: string[];
}

/** A path the agent changed that stays as it is. */
export interface KeptFile {
  path: string;
  /** `changed`: somebody else did; `too_large`: its content is not kept, now or then; `not_empty`: a directory with something else in it; `blocked`: its directory is none; `failed`: the system refused. */
  why: "changed" | "too_large" | "not_empty" | "blocked" | "failed";
  message?: string;
}

/** Something the agent may look at by itself: named to the model, not read by the daemon. */
export interface LinkBlock {
  type: "resource_link";
  uri: string;
  name: string;
  title?: string;
  description?: string;
  mimeType?: string;
}

/** `$/logTrace` of LSP. */
export interface LogTraceParams {
  message: string;
  /** With `verbose`: how it was answered, and how many requests of the connection are not yet. */
  verbose?: string;
}

/** Messages, oldest first. */
export interface MessagePage {
  items: ChatMessage[];
  nextCursor?: string;
}

/** In the words of the Prometheus exposition format. */
export interface Metric {
  name: string;
  kind: "counter" | "gauge" | "histogram";
  help: string;
  samples: MetricSample[];
}

export interface MetricSample {
  /** The metric's own name, or that with `_bucket`, `_sum`, `_count` or `_total`. */
  name: string;
  labels: Record<string, unknown>;
  value: number;
}

export interface Model {
  id: string;
  provider: string;
  /** Tokens; absent where unknown. */
  contextWindow?: number;
  /** Whether the model makes native tool calls; absent where unknown. */
  toolUse?: boolean;
  /** Whether a prompt for it may have images; absent where unknown, which means no. */
  images?: boolean;
  /** Absent where unknown: unknown is never zero. */
  price?: Price;
  available: boolean;
  /** Why it cannot be used now, and what to do. */
  why?: string;
}

export interface ModelList {
  items: Model[];
  /** The model a run uses when nothing names one. */
  default?: string;
}

export interface ModelSelectParams {
  chatId: string;
  model: string;
}

export interface NameArchiveParams {
  projectId: string;
  archiveId: string;
  /** A named archive is never thinned out. Absent: the name is taken away. */
  name?: string;
}

export interface Paged {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
}

export interface PathRef {
  projectId: string;
  path: string;
}

export interface Permission {
  id: string;
  chatId: string;
  runId: string;
  /** The tool call that waits for it. */
  callId: string;
  subject: PermissionSubject;
  options: PermissionOption[];
  /** `expired`: nobody answered in time; `withdrawn`: the run ended first, or its user said something else. Both mean no. */
  state: "pending" | "allowed" | "denied" | "expired" | "withdrawn";
  /** The answer. */
  optionId?: string;
  feedback?: string;
  /** Who answered, as that client calls itself. */
  decidedBy?: string;
  createdAt: string;
  /** When the answer becomes no. */
  expiresAt: string;
  decidedAt?: string;
  /** When it was made use of: it is good once, for this very effect. */
  usedAt?: string;
}

/** A client's answer. Without `optionId` it is none: the question stays. */
export interface PermissionAnswer {
  optionId?: string;
  feedback?: string;
}

export interface PermissionListParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  chatId?: string;
  state?: "pending" | "allowed" | "denied" | "expired" | "withdrawn" | "all";
}

export interface PermissionOption {
  id: string;
  title: string;
  /** `allow_run`: this, and what the same rules ask about, for the rest of the run. */
  kind: "allow_once" | "allow_run" | "deny" | "answer";
}

/** Permissions, newest first. */
export interface PermissionPage {
  items: Permission[];
  nextCursor?: string;
}

export interface PermissionReplyParams {
  permissionId: string;
  optionId: string;
  /** For the agent: what to do instead, say. */
  feedback?: string;
}

/** What would be done, exactly. Secrets are taken out, long texts cut; what is allowed is the whole. */
export interface PermissionSubject {
  /** `question`: the agent asks the user something; the options are answers, and feedback is one too. */
  type: "git" | "command" | "edit" | "mcp" | "question";
  /** One short line. */
  title: string;
  /** Why it is asked, as half a sentence. */
  why: string;
  /** What an allowance for this run covers. */
  rules: string[];
  cwd: string;
  /** Of `git`: its words. Of `mcp`: server, tool, and where that runs (`outside`, `workspace`). */
  argv?: string[];
  /** Of `command`: the line for the shell. */
  command?: string;
  /** Of `edit`: the files, from the workspace's root. */
  paths?: string[];
  /** Of `edit`: what would be written. Of `mcp`: the arguments. */
  detail?: string;
}

export interface Piece {
  text: string;
  /** It is what was looked for. */
  hit: boolean;
}

export interface PingResult {
  now: string;
}

/** A port of the workspace: one that a program listens on, that is forwarded, or that is expected. */
export interface Port {
  port: number;
  /** Whether a program does now. False also where the workspace is not running. */
  listening: boolean;
  /** Where it listens, of 127.0.0.1, 0.0.0.0, ::1 and ::. Others cannot be forwarded and are not told. */
  address?: string;
  pid?: number;
  /** How the program was started, at most 200 characters, where that can be seen. */
  process?: string;
  /** Whether the project's `devcontainer.json` names it in `forwardPorts`. */
  expected: boolean;
  /** Where it is forwarded to. The link holds a token: whoever has it can use the program. */
  url?: string;
}

export interface PortList {
  projectId: string;
  /** By number. */
  items: Port[];
}

export interface PortsParams {
  projectId: string;
  /** True: from the answer on this connection is told by `workspace/didChangePorts`, whether the workspace runs now or only later. False: not any more. Absent: as it is. */
  watch?: boolean;
}

export interface Position {
  line: number;
  character: number;
}

/** US dollars per million tokens. */
export interface Price {
  inputUsdPerMillion?: number;
  outputUsdPerMillion?: number;
}

/** `$/progress` of LSP. */
export interface ProgressParams {
  token: number | string;
  value: Record<string, unknown>;
}

export interface Project {
  id: string;
  name: string;
  source: "empty" | "folder" | "git" | "archive";
  /** Workspace image; absent for the default. */
  image?: string;
  commands: Commands;
  /** Ports its `devcontainer.json` wants forwarded; absent where it wants none. */
  forwardPorts?: number[];
  /** Absent where the daemon's settings hold. */
  quota?: Quota;
  createdAt: string;
  updatedAt: string;
}

export interface ProjectCreateParams {
  name?: string;
  /** `folder`: the client copies the files in with `workspace/import` afterwards. With an object the daemon gets the files and answers when all of them are there; where that fails there is no project. */
  source?: "empty" | "folder" | FromFolder | FromGit | FromArchive;
  /** Workspace image; absent for the one its `devcontainer.json` names, or the default. */
  image?: string;
  workDoneToken?: number | string;
}

/** The new project. */
export interface ProjectCreated {
  id: string;
  name: string;
  source: "empty" | "folder" | "git" | "archive";
  /** Workspace image; absent for the default. */
  image?: string;
  commands: Commands;
  /** Ports its `devcontainer.json` wants forwarded; absent where it wants none. */
  forwardPorts?: number[];
  /** Absent where the daemon's settings hold. */
  quota?: Quota;
  createdAt: string;
  updatedAt: string;
  notices?: ProjectNotice[];
}

export interface ProjectDeleteParams {
  projectId: string;
  /** Also delete the project's archives. Without it they stay in the store. */
  archives?: boolean;
}

export interface ProjectExtensions {
  commands: PromptCommand[];
  skills: Skill[];
  /** Sentences about folders that are no skills. */
  problems: string[];
  /** Whether the project's own are among them: only while its workspace is running. */
  lookedInside: boolean;
}

export interface ProjectForkParams {
  /** The project to fork. Its image, commands and ports are taken over, its chats are not. */
  projectId: string;
  /** Absent: the project as it is now. Files that no archive holds are archived first, while the workspace goes on; otherwise a fork is the time of writing a manifest. */
  archiveId?: string;
  /** Absent for one made of the project's. */
  name?: string;
  workDoneToken?: number | string;
}

export interface ProjectListParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
}

/** What went otherwise than the source says: files left behind, parts of `devcontainer.json` that mean nothing here. */
export interface ProjectNotice {
  level: "info" | "warning";
  message: string;
  hint?: string;
}

export interface ProjectOpenParams {
  /** Absolute, on the machine the daemon runs on. Only for clients on that machine. */
  folder: string;
  workDoneToken?: number | string;
}

/** Projects, newest first. */
export interface ProjectPage {
  items: Project[];
  nextCursor?: string;
}

export interface ProjectRef {
  projectId: string;
}

export interface ProjectUpdateParams {
  projectId: string;
  name?: string;
  /** Replaces all three commands. */
  commands?: Commands;
  /** Replaces all of the project's own quota. */
  quota?: Quota;
}

/** A prompt file, called by a prompt that begins with `/name`. */
export interface PromptCommand {
  name: string;
  description: string;
  /** What its arguments are; absent where the file does not say. */
  argumentHint?: string;
  origin: "user" | "project";
}

export interface PruneParams {
  projectId: string;
  /** Say what would go; nothing does. */
  dryRun?: boolean;
}

/** Archives go at once. Objects no archive needs are noted first and go a day later at the earliest. */
export interface PruneResult {
  /** Archives that went. */
  archives: string[];
  /** Objects that went. */
  packs: number;
  bytes: number;
  /** Objects no archive needs whose day is not over. */
  noted: number;
  /** Why objects were not looked at, as sentences; nothing goes then. */
  problems: string[];
}

export interface QueueChanged {
  chatId: string;
  /** The first 50, prompts cut at 500 characters. */
  items: QueueItem[];
  total: number;
}

export interface QueueItem {
  itemId: string;
  /** `steer`: a text for a run that is open. `run`: a run that has not begun. */
  kind: "steer" | "run";
  /** The run it is for, or is. */
  runId: string;
  prompt: string;
  /** In `agent/queue/didChange`: there is more of the prompt; `agent/queue/list` has it. */
  truncated: boolean;
  /** Counts the changes of the prompt. */
  rev: number;
  createdAt: string;
}

export interface QueueListParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  chatId: string;
}

/** What waits in a chat, in the order in which it will be taken. */
export interface QueuePage {
  items: QueueItem[];
  nextCursor?: string;
}

export interface QueueRef {
  itemId: string;
}

export interface QueueUpdateParams {
  itemId: string;
  /** Absent: stays. Images that came with it stay. */
  prompt?: string | TextBlock[];
  /** The revision this change is based on. Stale: -32801. */
  ifRev?: number;
  /** Of a run: the new place among the chat's waiting runs, 0 is next. */
  position?: number;
}

/** What a project may hold. Absent: the daemon's setting; 0: any amount. */
export interface Quota {
  /** Content of the workspace's files. */
  bytes?: number;
  /** Files, directories and links in the workspace. */
  entries?: number;
  /** Stored bytes of its archives: beyond it they are thinned out earlier, the newest never. */
  archiveBytes?: number;
}

export interface Range {
  start: Position;
  end: Position;
}

export interface ReadDirectoryParams {
  projectId: string;
  path?: string;
  cursor?: string;
  limit?: number;
}

export interface ReadFileParams {
  projectId: string;
  path: string;
  offset?: number;
  /** Most bytes in the answer. */
  limit?: number;
  /** `utf8` refuses with `invalid` what is not UTF-8; a character the range cuts at its end is left out. */
  encoding?: "base64" | "utf8";
  /** The whole file is read for it: leave it out for ranges of a large file. */
  hash?: boolean;
  /** Refuse with -32801 where the file is another one by now. */
  etag?: string;
}

export interface ReadFileResult {
  content: string;
  encoding: "base64" | "utf8";
  /** Bytes of the file that `content` stands for; the next range begins after them. */
  bytes: number;
  /** Bytes in the whole file. */
  size: number;
  /** Of the whole file, where it was asked for. */
  sha256?: string;
  etag: string;
  mtime: string;
}

export interface RenameParams {
  projectId: string;
  path: string;
  newPath: string;
  /** Replace what is at `newPath`, a directory with all in it too. Otherwise that is a `conflict`. */
  overwrite?: boolean;
}

/** `_meta`, which the params of any request may carry; what is not named here is ignored. */
export interface RequestMeta {
  /** Where the request belongs in the caller's trace, as W3C Trace Context writes it. */
  traceparent?: string;
  tracestate?: string;
}

/** A text with its name, fenced where it stands in the prompt. */
export interface ResourceBlock {
  type: "resource";
  resource: TextResource;
}

export interface RestoreParams {
  projectId: string;
  /** Absent: the newest. */
  archiveId?: string;
  workDoneToken?: number | string;
}

export interface RestoreResult {
  archive: Archive;
  status: WorkspaceStatus;
}

export interface RewindParams {
  chatId: string;
  checkpointId: string;
  scope?: "files" | "conversation" | "both";
  /** What becomes of files somebody else changed since the agent did. `keep`: they stay. */
  onConflict?: "keep" | "overwrite";
}

/** What a rewind did, or would do. */
export interface RewindResult {
  checkpointId: string;
  scope: "files" | "conversation" | "both";
  /** Absent in a preview. */
  rewindId?: string;
  /** At most 1,000; `filesTotal` counts them. */
  files: RewoundFile[];
  filesTotal: number;
  /** At most 1,000; `keptTotal` counts them. */
  kept: KeptFile[];
  keptTotal: number;
  messagesHidden: number;
  /** By going forward again. */
  messagesShown: number;
  todosChanged: boolean;
}

export interface RewoundFile {
  path: string;
  action: "written" | "removed";
}

export interface Run {
  runId: string;
  chatId: string;
  projectId: string;
  status: "queued" | "running" | "completed" | "partial" | "blocked" | "cancelled" | "failed";
  /** Such as `fin`, `answered`, `limit_usd`, `cancelled`, `interrupted`; the kind of the error of a failed run. */
  stopReason?: "fin" | "answered" | "planned" | "no_plan" | "nothing_done" | "gate" | "verification_failed" | "verification_unchanged" | "stuck" | "no_tool_calls" | "hook_refused" | "limit_steps" | "limit_tokens" | "limit_usd" | "limit_seconds" | "cancelled" | "superseded" | "interrupted" | "shutdown" | "parse_error" | "invalid_request" | "method_not_found" | "not_initialized" | "invalid" | "not_found" | "conflict" | "unauthorized" | "overloaded" | "busy" | "draining" | "already_running" | "no_sandbox" | "image_missing" | "workspace_failed" | "path_refused" | "archive_failed" | "archive_corrupt" | "store_unavailable" | "store_refused" | "source_failed" | "disk_full" | "quota_exceeded" | "storage_failed" | "model_unknown" | "model_key_missing" | "model_unreachable" | "model_refused" | "model_broken" | "timeout" | "internal";
  summary: string;
  usage: Usage;
  changes: Changes;
  commands: Commands;
  steps: number;
  /** Newest sequence number of the chat's events when this was written. */
  lastSeq: number;
  /** With `delivery: "steer"`: what `agent/queue/update` and `remove` call the text until it is taken. */
  itemId?: string;
  /** The interrupted run that this one carries on. */
  resumes?: string;
}

/** What the user sees. The model is shown it as data beside the prompt, within a bound. */
export interface RunContext {
  /** Together at most 4,000,000 characters. */
  documents?: ContextDocument[];
  selections?: ContextSelection[];
  /** All that is reported in the project's files when the run is asked for; absent: not known. */
  diagnostics?: ContextDiagnostic[];
}

/** Runs, newest first. */
export interface RunPage {
  items: RunRecord[];
  nextCursor?: string;
}

/** A run as it is remembered. */
export interface RunRecord {
  runId: string;
  chatId: string;
  projectId: string;
  status: "queued" | "running" | "completed" | "partial" | "blocked" | "cancelled" | "failed";
  /** Such as `fin`, `answered`, `limit_usd`, `cancelled`, `interrupted`; the kind of the error of a failed run. */
  stopReason?: "fin" | "answered" | "planned" | "no_plan" | "nothing_done" | "gate" | "verification_failed" | "verification_unchanged" | "stuck" | "no_tool_calls" | "hook_refused" | "limit_steps" | "limit_tokens" | "limit_usd" | "limit_seconds" | "cancelled" | "superseded" | "interrupted" | "shutdown" | "parse_error" | "invalid_request" | "method_not_found" | "not_initialized" | "invalid" | "not_found" | "conflict" | "unauthorized" | "overloaded" | "busy" | "draining" | "already_running" | "no_sandbox" | "image_missing" | "workspace_failed" | "path_refused" | "archive_failed" | "archive_corrupt" | "store_unavailable" | "store_refused" | "source_failed" | "disk_full" | "quota_exceeded" | "storage_failed" | "model_unknown" | "model_key_missing" | "model_unreachable" | "model_refused" | "model_broken" | "timeout" | "internal";
  summary: string;
  usage: Usage;
  changes: Changes;
  commands: Commands;
  steps: number;
  /** Newest sequence number of the chat's events when this was written. */
  lastSeq: number;
  /** With `delivery: "steer"`: what `agent/queue/update` and `remove` call the text until it is taken. */
  itemId?: string;
  /** The interrupted run that this one carries on. */
  resumes?: string;
  prompt: string;
  mode: "plan+execute" | "execute" | "plan";
  model?: string;
  images?: Image[];
  clientRunId?: string;
  createdAt: string;
  startedAt?: string;
  finishedAt?: string;
}

export interface RunRef {
  runId: string;
}

export interface RunsParams {
  /** `nextCursor` of the page before; absent for the first page. */
  cursor?: string;
  /** Most items in the answer. */
  limit?: number;
  chatId: string;
}

export interface SandboxStatus {
  name: string;
  tier: string;
  /** What this isolation does not protect from. */
  gaps: string[];
}

/** `$/setTrace` of LSP. */
export interface SetTraceParams {
  /** Anything but `off` makes the daemon tell each answered request and the time it took. */
  value: "off" | "messages" | "verbose";
}

/** A folder with a SKILL.md the agent can read. */
export interface Skill {
  name: string;
  description: string;
  origin: "user" | "project";
}

/** The chat's state, not older than `head`: what comes after it may be in it already. */
export interface Snapshot {
  todo: TodoList;
  /** How many messages the conversation has. */
  messages: number;
  /** The last of them, oldest first, long texts cut at 4,000 characters; `chat/messages` has all. */
  recent: ChatMessage[];
  /** What waits, the first 50, prompts cut. */
  queue: QueueItem[];
  /** The last runs, oldest first. */
  runs: Run[];
  /** Of all runs that have ended. */
  usage: Usage;
  /** Questions that wait for an answer, oldest first. */
  permissions: Permission[];
}

export interface SteerParams {
  runId: string;
  prompt: string | (TextBlock | ImageBlock | LinkBlock | ResourceBlock)[];
  context?: RunContext;
  /** The same one twice is the same text, said once. */
  clientRunId?: string;
}

export interface Steered {
  /** The run that gets the text: the one named, or, where that ended at this moment, one made for it. */
  runId: string;
  /** What `agent/queue/update` and `remove` call the text until it is taken. */
  itemId: string;
}

export interface SubscribeParams {
  chatId: string;
  /** Events after this place are sent: first what is stored, then what happens, without a hole. */
  after?: Cursor | "start" | "tail";
  /** Answer with the chat's state, too. Together with `tail` it is all a client needs to show a chat. */
  snapshot?: boolean;
  /** At most this many durable events are sent before `agent/ack` says they were taken. In any case a client that does not read its connection stops its own events, not the daemon's memory. */
  maxUnacked?: number;
}

export interface SubscribeResult {
  epoch: string;
  /** Newest sequence number at the time of the answer. */
  head: number;
  oldest: number;
  gap?: Gap;
  snapshot?: Snapshot;
  /** Runs that are queued or running now. */
  runs: Run[];
  /** Questions of this chat that wait for an answer, oldest first. */
  permissions: Permission[];
}

export interface TextBlock {
  type?: "text";
  text: string;
}

export interface TextResource {
  uri: string;
  text: string;
  mimeType?: string;
}

export interface TodoItem {
  id: string;
  content: string;
  status?: "pending" | "in_progress" | "done" | "dropped";
  /** A shell command whose exit 0 is the evidence. */
  check?: string;
  dependsOn?: string[];
  assignee?: "planner" | "executor" | "user";
  evidence?: string;
}

export interface TodoList {
  chatId: string;
  /** Counts every change. */
  rev: number;
  items: TodoItem[];
}

export interface TodoListParams {
  chatId: string;
}

export interface TodoUpdateParams {
  chatId: string;
  /** The revision this change is based on. Stale: -32801 with the current list in `data.current`. */
  ifRev: number;
  /** The whole new list. */
  items: TodoItem[];
}

export interface ToolCall {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

export interface TrajectoryExportParams {
  runId: string;
  /** `nextOffset` of the piece before; 0 for the first. */
  offset?: number;
}

export interface TrajectoryPiece {
  runId: string;
  /** JSON Lines as docs/trajectories.md describes them, in ASCII; a piece may end inside a line. Secrets are taken out. */
  text: string;
  /** Ask again with `offset` set to it; absent after the last piece. While a run goes on its text only grows. */
  nextOffset?: number;
}

export interface UndoParams {
  chatId: string;
  onConflict?: "keep" | "overwrite";
}

export interface UnforwardParams {
  projectId: string;
  port: number;
}

/** Added up. Absent is unknown, as soon as one call did not say it: nothing here is guessed. */
export interface Usage {
  inputTokens?: number;
  /** With those of reasoning. */
  outputTokens?: number;
  /** Of the input: read from the provider's cache. */
  cachedTokens?: number;
  /** Of the input: written to the provider's cache. */
  cacheWriteTokens?: number;
  reasoningTokens?: number;
  costUsd?: number;
  modelCalls: number;
  /** Whether tokens in and out and the cost of every call are known. If not, `atLeast` is what is. */
  complete: boolean;
  atLeast: AtLeast;
  context: Context;
}

export interface VerifyArchiveParams {
  projectId: string;
  /** Absent: the newest. */
  archiveId?: string;
  /** Read every byte, not only what is there and how large. */
  readData?: boolean;
}

export interface VerifyArchiveResult {
  /** Absent where the archive's manifest cannot be read. */
  archiveId?: string;
  ok: boolean;
  /** Objects looked at. */
  packs: number;
  bytesRead: number;
  /** What is wrong, as sentences. */
  problems: string[];
}

/** A directory, or one name in a directory that need not be there yet. Links below it are not followed. */
export interface WatchParams {
  projectId: string;
  path?: string;
  recursive?: boolean;
  /** Without a slash: names at any depth, such as `node_modules` or `*.tmp`. With one: globs over paths from the workspace, such as `**\/build/**`. What is excluded is not watched. */
  excludes?: string[];
}

export interface WatchRef {
  watchId: string;
}

/** Everything that happens from now on is told. */
export interface WatchResult {
  watchId: string;
  /** `polling`: the system gave no watches; changes are found every 2 seconds. */
  by: "events" | "polling";
  /** How many are watched; at most 20,000. */
  directories: number;
}

/** Nobody uses the workspace; unless somebody does, or calls `workspace/touch`, it is archived then. */
export interface WillExpire {
  projectId: string;
  expiresAt: string;
}

/** `window/workDoneProgress/cancel` of LSP. */
export interface WorkDoneProgressCancelParams {
  token: number | string;
}

export interface WorkspaceFile {
  /** Relative to the workspace's root, `/`-separated. */
  path: string;
  size: number;
  sha256: string;
  executable: boolean;
}

/** Workspaces, by project. */
export interface WorkspacePage {
  items: WorkspaceStatus[];
  nextCursor?: string;
}

export interface WorkspaceRef {
  projectId: string;
}

export interface WorkspaceStatus {
  projectId: string;
  state: "cold" | "creating" | "restoring" | "live" | "idle" | "frozen" | "archiving" | "warm" | "archived" | "failed";
  /** `docker` or `bubblewrap`, where the workspace is there. */
  sandbox?: string;
  /** Which way it was got last. */
  acquired?: "map" | "thawed" | "running" | "stopped" | "restored" | "created";
  /** What it costs and how fast it is back: running, paused, files on this machine, archive only. */
  tier?: "hot" | "frozen" | "warm" | "cold";
  /** What keeps it from expiring: `run`, `client`, `terminal`, `preview`, `permission`. Absent: nothing. */
  heldBy?: string[];
  lastUsedAt?: string;
  /** When it will be archived if nobody uses it; absent while it is in use or not there. */
  expiresAt?: string;
  /** The newest archive. */
  archive?: Archive;
  /** Absent until it was measured. */
  usage?: WorkspaceUsage;
  /** A sentence where the state needs one. */
  message?: string;
}

/** What a workspace holds beside what it may hold. */
export interface WorkspaceUsage {
  bytes: number;
  entries: number;
  /** Absent: any amount. */
  bytesMax?: number;
  entriesMax?: number;
  /** `near` from 80 % on. `over`: writes through the daemon are refused (`quota_exceeded`). */
  level: "ok" | "near" | "over";
}

/** Replace a file at once: who reads sees the old content or the new one. Directories are made. Refused with -32801 and the present state where `expectedSha256` or `etag` does not fit; with `conflict` where it is there and `overwrite` is false; with `not_found` where it is not and `create` is false. */
export interface WriteFileParams {
  projectId: string;
  path: string;
  /** At most 7 MiB as sent. */
  content: string;
  encoding?: "base64" | "utf8";
  /** Of the content that is replaced; an empty text means that there is no file. */
  expectedSha256?: string;
  /** As answered by the last read or write. `expectedSha256` is the one that cannot be fooled. */
  etag?: string;
  create?: boolean;
  overwrite?: boolean;
  /** Absent: as the file was, or not executable for a new one. */
  executable?: boolean;
}

export interface WriteFileResult {
  stat: FileStat;
  sha256: string;
}

export interface Requests {
  /** Make a project: empty, or of a folder, a git repository or another project's archive. */
  "project/create": { params: ProjectCreateParams; result: ProjectCreated };
  /** The project of a folder: made the first time, found again after that. What the client has open goes into the workspace as it is there, saved or not. */
  "project/open": { params: ProjectOpenParams; result: ProjectCreated };
  /** Make a project that shares an archive of another; no content is copied. */
  "project/fork": { params: ProjectForkParams; result: Project };
  /** List projects, newest first. */
  "project/list": { params: ProjectListParams; result: ProjectPage };
  /** One project. */
  "project/get": { params: ProjectRef; result: Project };
  /** Prompt files and skills a run of the project has: the user's own, and the project's. */
  "project/extensions": { params: ProjectRef; result: ProjectExtensions };
  /** Rename, or set commands or quota. */
  "project/update": { params: ProjectUpdateParams; result: Project };
  /** Delete a project with its chats and its workspace; its archives only when asked. */
  "project/delete": { params: ProjectDeleteParams; result: Empty };
  /** Make a chat in a project. */
  "chat/create": { params: ChatCreateParams; result: Chat };
  /** List chats, newest first. */
  "chat/list": { params: ChatListParams; result: ChatPage };
  /** Find chats by their titles and by what was said in them: by the user and the model, not by tools. */
  "chat/search": { params: ChatSearchParams; result: FoundPage };
  /** One chat. */
  "chat/get": { params: ChatRef; result: Chat };
  /** Stored messages, oldest first. */
  "chat/messages": { params: ChatMessagesParams; result: MessagePage };
  /** One stored message, whole. */
  "chat/message": { params: ChatMessageParams; result: ChatMessage };
  /** The bytes of an image that was given in a chat. */
  "chat/image": { params: ChatImageParams; result: ChatImage };
  /** Give a chat another title. */
  "chat/rename": { params: ChatRenameParams; result: Chat };
  /** Another chat with the same messages and todo list up to a point. The files are the project's. */
  "chat/fork": { params: ChatForkParams; result: Chat };
  /** Delete a chat with all it holds. */
  "chat/delete": { params: ChatRef; result: Empty };
  /** Run the agent. Without chat and project, both are made. A run in a busy project waits its turn. */
  "agent/run": { params: AgentRunParams; result: Run };
  /** Cancel a run; answers once its processes are dead. */
  "agent/cancel": { params: RunRef; result: Run };
  /** Say something to an open run, before its next step. */
  "agent/steer": { params: SteerParams; result: Steered };
  /** A chat's runs, newest first. */
  "agent/runs": { params: RunsParams; result: RunPage };
  /** Carry on a run that a crash or a shutdown ended, in a run of its own; asked again, the same one. */
  "agent/resume": { params: RunRef; result: Run };
  /** What waits in a chat, in its order. */
  "agent/queue/list": { params: QueueListParams; result: QueuePage };
  /** Change what waits. Taken or changed meanwhile: -32801, with the present queue in `data.current`. */
  "agent/queue/update": { params: QueueUpdateParams; result: QueueItem };
  /** Take something out of the queue; a run ends as cancelled. Taken meanwhile: -32801 as above. */
  "agent/queue/remove": { params: QueueRef; result: Empty };
  /** Follow a chat's events from a place in its log, missing nothing. */
  "agent/subscribe": { params: SubscribeParams; result: SubscribeResult };
  /** Stop following a chat. */
  "agent/unsubscribe": { params: ChatRefParams; result: Empty };
  /** A page of a chat's events, waiting for the first one where there is none: for clients that poll. */
  "agent/events": { params: EventsParams; result: EventsResult };
  /** States of a chat that can be gone back to, newest first. */
  "checkpoint/list": { params: CheckpointListParams; result: CheckpointPage };
  /** What a checkpoint's step changed, or what the agent changed since, file by file. */
  "checkpoint/diff": { params: CheckpointDiffParams; result: CheckpointDiffPage };
  /** What checkpoint/restore would do now. */
  "checkpoint/preview": { params: RewindParams; result: RewindResult };
  /** Take back what the chat's agent did since a checkpoint. What others changed stays. Can be undone. */
  "checkpoint/restore": { params: RewindParams; result: RewindResult };
  /** Take back the chat's newest rewind. */
  "checkpoint/undo": { params: UndoParams; result: RewindResult };
  /** What the agent changed in a chat or a run and nobody decided on, hunk by hunk. */
  "changes/list": { params: ChangesListParams; result: HunkPage };
  /** Count changes from these hunks on. Touches no file. */
  "changes/accept": { params: ChangesDecideParams; result: ChangesDecided };
  /** Take hunks back in the workspace. checkpoint/undo brings them back. */
  "changes/reject": { params: ChangesDecideParams; result: ChangesDecided };
  /** Carry changes to the editor's folder: by the editor where it can, else by the daemon. */
  "changes/apply": { params: ChangesApplyParams; result: ChangesApplied };
  /** A chat's todo list. */
  "todo/list": { params: TodoListParams; result: TodoList };
  /** Replace a chat's todo list. */
  "todo/update": { params: TodoUpdateParams; result: TodoList };
  /** Everything a run asked its model, was answered and did. */
  "trajectory/export": { params: TrajectoryExportParams; result: TrajectoryPiece };
  /** Questions to the user, newest first; by default those that wait for an answer. */
  "permission/list": { params: PermissionListParams; result: PermissionPage };
  /** Answer a question. The first answer counts; another one later is refused and told who decided. */
  "permission/reply": { params: PermissionReplyParams; result: Permission };
  /** Get or create the workspace: map, running, stopped, restored or new. */
  "workspace/open": { params: WorkspaceRef; result: WorkspaceStatus };
  /** State of a workspace. */
  "workspace/status": { params: WorkspaceRef; result: WorkspaceStatus };
  /** State of every workspace there is. */
  "workspace/list": { params: Paged; result: WorkspacePage };
  /** Put the workspace away: upload, verify, move the pointer, and only then remove it. */
  "workspace/archive": { params: ArchiveParams; result: ArchiveResult };
  /** Bring an archive back: staged and verified, then swapped in. */
  "workspace/restore": { params: RestoreParams; result: RestoreResult };
  /** Archives, newest first. */
  "workspace/archives": { params: ArchivesParams; result: ArchivePage };
  /** End the workspace's processes and keep its files on this machine. */
  "workspace/close": { params: WorkspaceRef; result: WorkspaceStatus };
  /** Copy files into the workspace. */
  "workspace/import": { params: ImportParams; result: ImportResult };
  /** Regular files of the workspace with their hashes, to compare with a folder. */
  "workspace/files": { params: FilesParams; result: FileList };
  /** Count the time until the workspace is archived from now. */
  "workspace/touch": { params: WorkspaceRef; result: WorkspaceStatus };
  /** Give an archive a name, which keeps it, or take it away. */
  "workspace/nameArchive": { params: NameArchiveParams; result: Archive };
  /** Look whether an archive is whole. */
  "workspace/verifyArchive": { params: VerifyArchiveParams; result: VerifyArchiveResult };
  /** Remove an archive for good; never the newest one. */
  "workspace/deleteArchive": { params: ArchiveRef; result: Done };
  /** Thin out a project's archives as the settings say, and collect what none of them needs. */
  "workspace/pruneArchives": { params: PruneParams; result: PruneResult };
  /** A range of a file. */
  "workspace/readFile": { params: ReadFileParams; result: ReadFileResult };
  /** Replace a file at once. */
  "workspace/writeFile": { params: WriteFileParams; result: WriteFileResult };
  /** A directory's entries with their state, a page at a time. */
  "workspace/readDirectory": { params: ReadDirectoryParams; result: DirectoryPage };
  /** State of a file, directory or link. */
  "workspace/stat": { params: PathRef; result: FileStat };
  /** Make a directory and those above. */
  "workspace/createDirectory": { params: PathRef; result: FileStat };
  /** Move a file, directory or link. */
  "workspace/rename": { params: RenameParams; result: FileStat };
  /** Delete a file, directory or link. */
  "workspace/delete": { params: DeleteParams; result: Empty };
  /** What differs between an archive and the workspace or another archive. */
  "workspace/diff": { params: DiffParams; result: DiffPage };
  /** One file as a unified diff between an archive and the workspace or another archive. */
  "workspace/diffFile": { params: DiffFileParams; result: DiffFileResult };
  /** Be told what changes in a directory, from the answer on, missing nothing. */
  "workspace/watch": { params: WatchParams; result: WatchResult };
  /** Stop watching; no error where it has ended. */
  "workspace/unwatch": { params: WatchRef; result: Empty };
  /** Start a command or a terminal of a person's own in the workspace. */
  "workspace/exec": { params: ExecParams; result: ExecResult };
  /** Give a command input, in the order of the requests. */
  "workspace/execWrite": { params: ExecWriteParams; result: Empty };
  /** A terminal has another size now. */
  "workspace/execResize": { params: ExecResizeParams; result: Empty };
  /** Signal all that came of a command. */
  "workspace/execKill": { params: ExecKillParams; result: Empty };
  /** Output was taken; more may be sent. */
  "workspace/execAck": { params: ExecAckParams; result: Empty };
  /** Where programs in the workspace listen. Brings back no workspace; a frozen one goes on. */
  "workspace/ports": { params: PortsParams; result: PortList };
  /** Open a port of the workspace on the daemon's machine, for whoever has the link. It belongs to the project: it ends with `workspace/unforward`, and when the workspace is put away or closed. */
  "workspace/forward": { params: ForwardParams; result: Forwarded };
  /** Close a forwarded port for everybody; no error where it is not. */
  "workspace/unforward": { params: UnforwardParams; result: Empty };
  /** Models, and which of them can be used now. */
  "model/list": { params: Empty; result: ModelList };
  /** The model of a chat's next runs; one that cannot be used now is refused. */
  "model/select": { params: ModelSelectParams; result: Chat };
  /** Is anybody there? Answered before `initialize` too. */
  "daemon/ping": { params: Empty; result: PingResult };
  /** What the daemon is doing. */
  "daemon/status": { params: Empty; result: DaemonStatus };
  /** Counts and times since the start, for monitoring. */
  "daemon/metrics": { params: Empty; result: DaemonMetrics };
}

export interface ClientNotifications {
  /** Events were taken; more may be sent (`maxUnacked`). */
  "agent/ack": { params: AckParams };
  /** What the editor reports of a file. New errors in what a run changed keep it from finishing. */
  "editor/didChangeDiagnostics": { params: DiagnosticsChanged };
  /** Cancel a request; it is still answered (LSP). */
  "$/cancelRequest": { params: CancelParams };
  /** Cancel the run behind a progress token (LSP). */
  "window/workDoneProgress/cancel": { params: WorkDoneProgressCancelParams };
  /** Switch `$/logTrace` on or off (LSP). */
  "$/setTrace": { params: SetTraceParams };
}

export interface DaemonRequests {
  /** May this be done? Sent to clients that say they answer it; `$/cancelRequest` takes it back. */
  "permission/request": { params: Permission; result: PermissionAnswer };
}

export interface DaemonNotifications {
  /** What waits in a subscribed chat changed. */
  "agent/queue/didChange": { params: QueueChanged };
  /** The one stream: what happens in a chat that is subscribed to. */
  "agent/event": { params: Event };
  /** The changes of a chat that is followed moved: list them again. */
  "changes/didChange": { params: ChangesChanged };
  /** A subscribed chat's todo list changed. */
  "todo/didChange": { params: TodoList };
  /** A question was answered, expired or was withdrawn. */
  "permission/didResolve": { params: Permission };
  /** A workspace changed its state. */
  "workspace/didChangeStatus": { params: WorkspaceStatus };
  /** A workspace will be archived within a minute. */
  "workspace/willExpire": { params: WillExpire };
  /** What this connection watches changed. */
  "workspace/didChangeFiles": { params: FilesChanged };
  /** What a command of this connection wrote. */
  "workspace/execOutput": { params: ExecOutput };
  /** A command of this connection ended. */
  "workspace/execExited": { params: ExecExited };
  /** The ports of a watched project, as they are now. */
  "workspace/didChangePorts": { params: PortList };
  /** A request was answered, and how long it took (LSP). */
  "$/logTrace": { params: LogTraceParams };
  /** Begin, report and end of work (LSP). */
  "$/progress": { params: ProgressParams };
}

export const Methods = {
  projectCreate: "project/create",
  projectOpen: "project/open",
  projectFork: "project/fork",
  projectList: "project/list",
  projectGet: "project/get",
  projectExtensions: "project/extensions",
  projectUpdate: "project/update",
  projectDelete: "project/delete",
  chatCreate: "chat/create",
  chatList: "chat/list",
  chatSearch: "chat/search",
  chatGet: "chat/get",
  chatMessages: "chat/messages",
  chatMessage: "chat/message",
  chatImage: "chat/image",
  chatRename: "chat/rename",
  chatFork: "chat/fork",
  chatDelete: "chat/delete",
  agentRun: "agent/run",
  agentCancel: "agent/cancel",
  agentSteer: "agent/steer",
  agentRuns: "agent/runs",
  agentResume: "agent/resume",
  agentQueueList: "agent/queue/list",
  agentQueueUpdate: "agent/queue/update",
  agentQueueRemove: "agent/queue/remove",
  agentQueueDidChange: "agent/queue/didChange",
  agentSubscribe: "agent/subscribe",
  agentUnsubscribe: "agent/unsubscribe",
  agentAck: "agent/ack",
  agentEvents: "agent/events",
  agentEvent: "agent/event",
  checkpointList: "checkpoint/list",
  checkpointDiff: "checkpoint/diff",
  checkpointPreview: "checkpoint/preview",
  checkpointRestore: "checkpoint/restore",
  checkpointUndo: "checkpoint/undo",
  changesList: "changes/list",
  changesAccept: "changes/accept",
  changesReject: "changes/reject",
  changesApply: "changes/apply",
  changesDidChange: "changes/didChange",
  editorDidChangeDiagnostics: "editor/didChangeDiagnostics",
  todoList: "todo/list",
  todoUpdate: "todo/update",
  todoDidChange: "todo/didChange",
  trajectoryExport: "trajectory/export",
  permissionList: "permission/list",
  permissionReply: "permission/reply",
  permissionRequest: "permission/request",
  permissionDidResolve: "permission/didResolve",
  workspaceOpen: "workspace/open",
  workspaceStatus: "workspace/status",
  workspaceList: "workspace/list",
  workspaceArchive: "workspace/archive",
  workspaceRestore: "workspace/restore",
  workspaceArchives: "workspace/archives",
  workspaceClose: "workspace/close",
  workspaceImport: "workspace/import",
  workspaceFiles: "workspace/files",
  workspaceTouch: "workspace/touch",
  workspaceDidChangeStatus: "workspace/didChangeStatus",
  workspaceWillExpire: "workspace/willExpire",
  workspaceNameArchive: "workspace/nameArchive",
  workspaceVerifyArchive: "workspace/verifyArchive",
  workspaceDeleteArchive: "workspace/deleteArchive",
  workspacePruneArchives: "workspace/pruneArchives",
  workspaceReadFile: "workspace/readFile",
  workspaceWriteFile: "workspace/writeFile",
  workspaceReadDirectory: "workspace/readDirectory",
  workspaceStat: "workspace/stat",
  workspaceCreateDirectory: "workspace/createDirectory",
  workspaceRename: "workspace/rename",
  workspaceDelete: "workspace/delete",
  workspaceDiff: "workspace/diff",
  workspaceDiffFile: "workspace/diffFile",
  workspaceWatch: "workspace/watch",
  workspaceUnwatch: "workspace/unwatch",
  workspaceDidChangeFiles: "workspace/didChangeFiles",
  workspaceExec: "workspace/exec",
  workspaceExecWrite: "workspace/execWrite",
  workspaceExecResize: "workspace/execResize",
  workspaceExecKill: "workspace/execKill",
  workspaceExecAck: "workspace/execAck",
  workspaceExecOutput: "workspace/execOutput",
  workspaceExecExited: "workspace/execExited",
  workspacePorts: "workspace/ports",
  workspaceForward: "workspace/forward",
  workspaceUnforward: "workspace/unforward",
  workspaceDidChangePorts: "workspace/didChangePorts",
  modelList: "model/list",
  modelSelect: "model/select",
  daemonPing: "daemon/ping",
  daemonStatus: "daemon/status",
  daemonMetrics: "daemon/metrics",
  cancelRequest: "$/cancelRequest",
  windowWorkDoneProgressCancel: "window/workDoneProgress/cancel",
  setTrace: "$/setTrace",
  logTrace: "$/logTrace",
  progress: "$/progress",
} as const;

export const ErrorCodes = {
  PARSE_ERROR: -32700,
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  INVALID_PARAMS: -32602,
  INTERNAL_ERROR: -32603,
  SERVER_NOT_INITIALIZED: -32002,
  REQUEST_CANCELLED: -32800,
  CONTENT_MODIFIED: -32801,
  REQUEST_FAILED: -32803,
  NOT_FOUND: -31999,
  UNAUTHORIZED: -31998,
  OVERLOADED: -31997,
  BUSY: -31996,
  DRAINING: -31995,
  WORKSPACE: -31994,
  STORAGE: -31993,
  MODEL: -31992,
  CONFLICT: -31991,
  TIMEOUT: -31990,
} as const;
