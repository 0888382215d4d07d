-- Generated from the Python models by `make gen`. Do not edit.

---@class (exact) journeyman.AckParams
---@field chatId string
---@field seq integer Every event up to this one was taken.

---@class (exact) journeyman.AgentRunParams
---@field prompt string|(journeyman.TextBlock|journeyman.ImageBlock|journeyman.LinkBlock|journeyman.ResourceBlock)[] A text, or blocks. Images only for a model that takes them: `images` in `model/list`.
---@field chatId? string Absent: a new chat, in `projectId` or in a new project.
---@field projectId? string
---@field userId? string Whose run it is. A daemon works for one user, `local`; another one is refused.
---@field clientRunId? string Idempotency key of the client: the same one twice is the same run.
---@field wait? "completed"|"accepted" `completed` answers at the end; `accepted` answers at once, and the run reports by events.
---@field delivery? "queue"|"steer"|"interrupt" Where a run is going on in the chat. `queue`: after it and what waits already. `steer`: no run of its own; the running one takes the prompt before its next step, leaves out the tool calls it had not begun, and is the answer. `interrupt`: that run is cancelled, its work stays, and this one is next.
---@field mode? "plan+execute"|"execute"|"plan"
---@field model? string
---@field effort? "low"|"medium"|"high"
---@field budget? journeyman.Budget
---@field context? journeyman.RunContext What the user sees in the editor: shown to the model as data. With `delivery: "steer"` it goes along with the prompt.
---@field workDoneToken? integer|string
---@field partialResultToken? integer|string With it the run's events also come as `$/progress` on this token.
---@field _meta? table<string, any> `RequestMeta`, and whatever else a client notes; every request may carry it.

---A verified archive. `digest` is the root hash of the tree.
---@class (exact) journeyman.Archive
---@field archiveId string
---@field projectId string
---@field digest string
---@field files integer
---@field bytes integer Bytes of file content.
---@field newBytes integer Bytes it added to the store.
---@field name? string Given with `workspace/nameArchive`; told by `workspace/archives` and there only.
---@field createdAt string

---An archive of another project, whose image, commands and ports the new one takes over.
---@class (exact) journeyman.ArchiveOrigin
---@field projectId string
---@field archiveId? string Absent for the newest.

---Archives, newest first.
---@class (exact) journeyman.ArchivePage
---@field items journeyman.Archive[]
---@field nextCursor? string

---@class (exact) journeyman.ArchiveParams
---@field projectId string
---@field wait? boolean False: answer when it is under way; `workspace/didChangeStatus` tells the rest.
---@field keep? boolean Keep the workspace running after the archive was verified. Otherwise it is removed then.
---@field workDoneToken? integer|string

---@class (exact) journeyman.ArchiveRef
---@field projectId string
---@field archiveId string

---@class (exact) journeyman.ArchiveResult
---@field archive? journeyman.Archive Absent with `wait: false`.
---@field verified boolean True once every object was read back and the pointer has moved.

---@class (exact) journeyman.ArchivesParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field projectId string

---What providers did say, added up: these figures only grow while a run goes on.
---@class (exact) journeyman.AtLeast
---@field inputTokens integer
---@field outputTokens integer
---@field cachedTokens integer
---@field cacheWriteTokens integer
---@field reasoningTokens integer
---@field costUsd number

---Ceilings for one run, on top of the daemon's own.
---@class (exact) journeyman.Budget
---@field steps? integer
---@field tokens? integer
---@field usd? number
---@field seconds? number

---`$/cancelRequest` of LSP.
---@class (exact) journeyman.CancelParams
---@field id integer|string

---@class (exact) journeyman.CarriedFile
---@field path string
---@field outcome "written"|"removed"|"edited"|"same"|"refused" `edited`: by the editor, through `workspace/applyEdit`, and perhaps not saved yet; `same`: it was so already.
---@field why? string Of what was refused.

---@class (exact) journeyman.Changes
---@field files string[]
---@field added integer Lines added.
---@field removed integer Lines removed.

---Each file is carried whole or not at all.
---@class (exact) journeyman.ChangesApplied
---@field root string
---@field items journeyman.CarriedFile[]

---A chat, or only the files one of its runs changed.
---@class (exact) journeyman.ChangesApplyParams
---@field chatId? string
---@field runId? string
---@field hunkIds? string[] What was accepted, and these. Empty: just what was accepted. Absent: all that was not rejected.
---@field root? string The folder: an absolute path, or a URI for editors whose files are elsewhere. Absent: the folder the project was made of.
---@field allow? string[] Guarded paths the user agreed to, each by name.
---@field confirm? boolean Have the editor ask its user before it applies anything, where it can.

---@class (exact) journeyman.ChangesChanged
---@field chatId string
---@field runId? string
---@field reason "checkpoint"|"rewind"|"decision"

---@class (exact) journeyman.ChangesDecideParams
---@field chatId string
---@field hunkIds string[]
---@field feedback? string What the model is told with it, at its next step.

---@class (exact) journeyman.ChangesDecided
---@field items journeyman.HunkOutcome[] One for each id, in their order.

---A chat, or a run of it.
---@class (exact) journeyman.ChangesListParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field chatId? string
---@field runId? string Only hunks this run had a part in; they are the chat's all the same.

---@class (exact) journeyman.Chat
---@field id string
---@field projectId string
---@field title string
---@field model? string
---@field cwd string The agent's working directory in the workspace.
---@field usage? journeyman.Usage Of its runs that have ended; in the answer to `chat/get`.
---@field createdAt string
---@field updatedAt string

---@class (exact) journeyman.ChatCreateParams
---@field projectId string
---@field title? string
---@field model? string

---@class (exact) journeyman.ChatForkParams
---@field chatId string
---@field atSeq? integer What had happened up to this event of the chat; absent: all. A message whose calls were being worked on comes with their results.
---@field title? string Absent: the same.

---@class (exact) journeyman.ChatImage
---@field imageId string SHA-256 of its bytes, in hex.
---@field mimeType string
---@field bytes integer
---@field name? string
---@field data string Base64.

---@class (exact) journeyman.ChatImageParams
---@field chatId string
---@field imageId string

---@class (exact) journeyman.ChatListParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field projectId? string

---A stored message. Role `tool` is the observation that answers `toolCallId`.
---@class (exact) journeyman.ChatMessage
---@field id string
---@field chatId string
---@field runId? string
---@field role "user"|"assistant"|"tool"
---@field text string
---@field truncated? boolean In a snapshot: there is more of the text; `chat/message` has it.
---@field toolCalls journeyman.ToolCall[]
---@field toolCallId? string
---@field toolName? string
---@field ok? boolean
---@field images? journeyman.Image[]
---@field rewound? boolean Taken back by a rewind: the model is not told of it any more.
---@field createdAt string

---@class (exact) journeyman.ChatMessageParams
---@field chatId string
---@field messageId string

---@class (exact) journeyman.ChatMessagesParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field chatId string
---@field rewound? boolean Messages that were taken back by a rewind, too.

---Chats, newest first.
---@class (exact) journeyman.ChatPage
---@field items journeyman.Chat[]
---@field nextCursor? string

---@class (exact) journeyman.ChatRef
---@field chatId string

---@class (exact) journeyman.ChatRefParams
---@field chatId string

---@class (exact) journeyman.ChatRenameParams
---@field chatId string
---@field title string

---@class (exact) journeyman.ChatSearchParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field query string Words; all of them must be there. One of three letters or more may be the beginning of a longer word; words in "double quotes" stand in a row. Case and accents make no difference; nothing else is syntax.
---@field projectId? string Only chats of this project.

---A state of a chat that can be gone back to. The oldest go when there is no room for them.
---@class (exact) journeyman.Checkpoint
---@field id string
---@field chatId string
---@field runId? string
---@field kind "start"|"step"|"safety"|"rewind" `start`: before a run; `step`: after one of its steps; `safety` and `rewind`: around a rewind.
---@field title string
---@field files integer How many files, links and directories it changed.
---@field seq integer The newest event of the chat when it was made.
---@field createdAt string

---Files by path.
---@class (exact) journeyman.CheckpointDiffPage
---@field items journeyman.CheckpointFile[]
---@field nextCursor? string

---@class (exact) journeyman.CheckpointDiffParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field chatId string
---@field checkpointId string
---@field against? "before"|"now" `before`: what this checkpoint changed; `now`: what the chat's agent changed since it.
---@field context? integer Lines around each change.

---@class (exact) journeyman.CheckpointFile
---@field path string
---@field change "added"|"removed"|"changed"
---@field kind "file"|"directory"|"symlink" What it is, or was where it was removed.
---@field binary boolean
---@field diff? string Unified; absent where there is none to show: no text, only another mode, or not kept.
---@field truncated boolean
---@field kept boolean False: too large for its content to be kept; a rewind names it and leaves it.

---@class (exact) journeyman.CheckpointListParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field chatId string

---Checkpoints, newest first.
---@class (exact) journeyman.CheckpointPage
---@field items journeyman.Checkpoint[]
---@field nextCursor? string

---`capabilities.experimental.journeyman` a client may send with `initialize`.
---@class (exact) journeyman.ClientJourneyman
---@field protocolVersion? integer One the daemon does not speak is refused.
---@field events? boolean Whether this client wants `agent/event` and the other notifications of ours.
---@field requests? string[] Requests of ours this client answers. Unknown names mean nothing.
---@field optOut? string[] Notifications this client does not want.

---How the project is built, run and tested: shell commands, run in the workspace.
---@class (exact) journeyman.Commands
---@field build? string
---@field run? string
---@field test? string

---How full the model's window was at the newest call, in tokens. Absent where nobody said.
---@class (exact) journeyman.Context
---@field used? integer
---@field size? integer

---Something an editor reports in a file.
---@class (exact) journeyman.ContextDiagnostic
---@field range journeyman.Range
---@field severity? "error"|"warning"|"information"|"hint"
---@field message string
---@field source? string
---@field code? integer|string
---@field uri? string
---@field path? string

---A document as the editor has it, saved or not.
---@class (exact) journeyman.ContextDocument
---@field uri? string
---@field path? string
---@field version? integer
---@field text string

---@class (exact) journeyman.ContextSelection
---@field uri? string
---@field path? string
---@field range journeyman.Range
---@field text? string Absent: taken from the document, where it is in `documents` or open.

---A place in a chat's event log. `epoch` names the incarnation of the log.
---@class (exact) journeyman.Cursor
---@field epoch string
---@field seq integer

---@class (exact) journeyman.DaemonMetrics
---@field items journeyman.Metric[]

---@class (exact) journeyman.DaemonStatus
---@field version string
---@field protocolVersion integer
---@field pid integer
---@field startedAt string
---@field dataDir string
---@field clients integer
---@field runsActive integer
---@field runsQueued integer
---@field workspacesLive integer
---@field sandbox? journeyman.SandboxStatus Absent where no sandbox can be had; runs are refused then.
---@field sandboxProblem? string
---@field objects string Where archives go, without credentials.
---@field shortages string[] What the machine is short of (disk, memory) and what is done about it, as sentences.
---@field draining boolean

---@class (exact) journeyman.DeleteParams
---@field projectId string
---@field path string
---@field recursive? boolean Needed for a directory that is not empty.

---@class (exact) journeyman.Diagnostic
---@field range journeyman.Range
---@field severity? "error"|"warning"|"information"|"hint"
---@field message string
---@field source? string
---@field code? integer|string

---All that is reported of one file now, in place of what was reported before. It counts for exactly the text it was made of: that of `version` of the open document, or the text with this `sha256`.
---@class (exact) journeyman.DiagnosticsChanged
---@field uri string
---@field version? integer Of the document, where it is open; absent: as it is now.
---@field sha256? string Of the text as UTF-8, where it is not open.
---@field diagnostics journeyman.Diagnostic[]

---Content is compared, not times. `before` is absent of what was added, `after` of what was removed.
---@class (exact) journeyman.DiffEntry
---@field path string From the workspace, `/`-separated; bytes that are not UTF-8 are escaped.
---@field change "added"|"removed"|"changed"
---@field content boolean False where only the mode differs.
---@field before? journeyman.DiffSide
---@field after? journeyman.DiffSide

---@class (exact) journeyman.DiffFileParams
---@field projectId string
---@field path string
---@field from? string
---@field to? string
---@field context? integer Lines shown around each change.

---Files of up to 1 MiB; larger ones are refused with `invalid`.
---@class (exact) journeyman.DiffFileResult
---@field change "added"|"removed"|"changed"|"same"
---@field binary boolean One of them is no UTF-8 text: `diff` is empty.
---@field diff string Unified.
---@field truncated boolean

---In the order of paths, a directory before what is in it. Each page compares anew.
---@class (exact) journeyman.DiffPage
---@field from string
---@field to? string
---@field items journeyman.DiffEntry[]
---@field nextCursor? string
---@field total integer Entries of all pages.

---@class (exact) journeyman.DiffParams
---@field projectId string
---@field from? string An archive; the newest when absent.
---@field to? string An archive; the workspace as it is when absent, which is brought back for it.
---@field cursor? string
---@field limit? integer

---@class (exact) journeyman.DiffSide
---@field kind "file"|"directory"|"symlink"
---@field size integer
---@field mode integer Permission bits; 0 of a link, whose mode means nothing.

---@class (exact) journeyman.DirectoryEntry
---@field name string
---@field stat journeyman.FileStat

---Entries by name in byte order. The directory is read anew for each page: what comes and goes between two pages is in one of them or not, everything else is there exactly once.
---@class (exact) journeyman.DirectoryPage
---@field items journeyman.DirectoryEntry[]
---@field nextCursor? string
---@field unnamed integer Entries whose names are not UTF-8 and which therefore no page holds.

---It is done.
---@class (exact) journeyman.Done

---No parameters, or a result that says only that it is done.
---@class (exact) journeyman.Empty

---`error.data` of every error the daemon answers with.
---@class (exact) journeyman.ErrorData
---@field kind "parse_error"|"invalid_request"|"method_not_found"|"not_initialized"|"invalid"|"not_found"|"conflict"|"unauthorized"|"overloaded"|"cancelled"|"busy"|"draining"|"already_running"|"no_sandbox"|"image_missing"|"workspace_failed"|"path_refused"|"archive_failed"|"archive_corrupt"|"store_unavailable"|"store_refused"|"source_failed"|"disk_full"|"quota_exceeded"|"storage_failed"|"model_unknown"|"model_key_missing"|"model_unreachable"|"model_refused"|"model_broken"|"timeout"|"internal" What went wrong, for programs.
---@field retryable boolean Whether the same request may succeed later without a change by the client.
---@field retryAfterMs? integer Suggested wait before that, in milliseconds.
---@field hint string What to do next, for people.
---@field incidentId? string For bugs of ours: look for this in the daemon's log.
---@field current? table<string, any> For -32801: the present state the caller was behind of.

---Something that happened in a chat. Durable events are numbered 1, 2, 3, ... and were stored before they were sent. The others carry the number of the durable event before them and are never replayed.
---@class (exact) journeyman.Event
---@field chatId string
---@field epoch string
---@field seq integer
---@field ts string
---@field runId? string
---@field itemId? string
---@field kind "run/started"|"run/phase"|"run/finished"|"message/delta"|"message/completed"|"tool/started"|"tool/output"|"tool/finished"|"todo/changed"|"usage/updated"|"workspace/changed"|"checkpoint/made"|"checkpoint/restored"|"permission/requested"|"permission/resolved"|"queue/changed"|"changes/decided"|"document/conflict"|"notice"
---@field data table<string, any>
---@field durable boolean

---@class (exact) journeyman.EventsParams
---@field chatId string
---@field after? journeyman.Cursor|"start"|"tail"
---@field limit? integer
---@field waitMs? integer Where there is none yet: how long to wait for one.

---@class (exact) journeyman.EventsResult
---@field events journeyman.Event[] Durable ones, in order; at most `limit` of them and a few megabytes. None: nothing happened in time.
---@field next journeyman.Cursor `after` of the next call.
---@field head integer
---@field gap? journeyman.Gap
---@field snapshot? journeyman.Snapshot With a gap.

---@class (exact) journeyman.ExecAckParams
---@field execId string
---@field bytes integer Bytes taken since the last acknowledgement.

---Exactly once, after all of the output.
---@class (exact) journeyman.ExecExited
---@field execId string
---@field reason "exited"|"timeout"|"lost" `lost`: the workspace went away, or was put away.
---@field code? integer As a shell says it: 128 plus the signal's number where a signal ended it.
---@field signal? string Such as `SIGKILL`.
---@field message? string

---@class (exact) journeyman.ExecKillParams
---@field execId string
---@field signal? "HUP"|"INT"|"QUIT"|"TERM"|"KILL"|"USR1"|"USR2"|"STOP"|"CONT" To every process that came of the command. Absent: hang up, and kill what is left after 2 seconds.

---@class (exact) journeyman.ExecOutput
---@field execId string
---@field offset integer Bytes of output before this piece.
---@field content string
---@field encoding "base64"|"utf8"

---`argv` or `command`; with neither, a login shell in a terminal.
---@class (exact) journeyman.ExecParams
---@field projectId string
---@field argv? string[]
---@field command? string For `bash -c`.
---@field cwd? string
---@field env? table<string, any> Added to the workspace's own clean environment.
---@field pty? boolean A terminal of its own. Otherwise output and errors come as one stream of bytes.
---@field cols? integer
---@field rows? integer
---@field stdin? boolean Whether `workspace/execWrite` will be used; otherwise input is empty. A terminal always has it.
---@field encoding? "base64"|"utf8" Of the output. `utf8`: what is not UTF-8 comes as U+FFFD.
---@field timeoutMs? integer Hung up on after this, as if the connection ended.
---@field ackWindow? integer At most this many bytes of output are sent before `workspace/execAck` says they were taken. In any case a client that does not read its connection stops the command's output, not the daemon's memory.

---@class (exact) journeyman.ExecResizeParams
---@field execId string
---@field cols integer
---@field rows integer

---@class (exact) journeyman.ExecResult
---@field execId string

---Input, in the order of the requests. Answered once the workspace has taken it.
---@class (exact) journeyman.ExecWriteParams
---@field execId string
---@field content? string
---@field encoding? "base64"|"utf8"
---@field eof? boolean Nothing more will come; in a terminal this types Ctrl-D.

---@class (exact) journeyman.FileChange
---@field kind "created"|"changed"|"deleted" `created` is also said of what took another's place, `deleted` is meant for everything below, too.
---@field path string From the workspace, `/`-separated. Names that are not UTF-8 are not told.

---@class (exact) journeyman.FileList
---@field items journeyman.WorkspaceFile[]
---@field skipped string[] Links, special files and names that are not UTF-8: not offered for copying.

---@class (exact) journeyman.FileStat
---@field kind "file"|"directory"|"symlink"|"other"
---@field size integer
---@field mode integer Permission bits.
---@field mtime string
---@field etag string Changes whenever the file does; opaque.
---@field target? string Text of a symbolic link.
---@field targetKind? "file"|"directory"|"symlink"|"other" What a symbolic link leads to; absent where that is nothing in the workspace.

---What happened in a moment, each path once or as deleted and created, to be applied in order.
---@class (exact) journeyman.FilesChanged
---@field watchId string
---@field changes journeyman.FileChange[]
---@field overflow boolean More happened than could be kept: look at everything again, then apply `changes`.
---@field ended? journeyman.ErrorData The watch is over: the workspace went away, or there is too much to watch by now. Watch anew.

---@class (exact) journeyman.FilesParams
---@field projectId string
---@field exclude? string[] Names of directories and files to leave out at any depth, such as `node_modules`.

---One file to start a workspace with. Links and special files are not carried.
---@class (exact) journeyman.FolderFile
---@field path string Relative to the workspace's root, `/`-separated.
---@field content string Base64.
---@field executable? boolean

---A folder of the machine the daemon runs on, copied in with its links, modes and times. Only for clients on that machine (standard input and output, the Unix socket).
---@class (exact) journeyman.FolderOrigin
---@field path string Absolute.
---@field exclude? string[] Names to leave out at any depth, besides version control, dependencies, caches and `.env`.
---@field include? string[] Names to copy although they are left out otherwise.

---@class (exact) journeyman.ForwardParams
---@field projectId string
---@field port integer One that nothing listens on yet is forwarded as well, and says so to whoever comes.

---@class (exact) journeyman.Forwarded
---@field projectId string
---@field port integer
---@field url string `http://127.0.0.1:...` on the daemon's machine, with a token, for which a browser gets a cookie.
---@field created boolean False: it was forwarded before, by this link.

---A place where the words are.
---@class (exact) journeyman.Found
---@field chat journeyman.Chat
---@field message? journeyman.FoundMessage Absent: they are in the chat's title.
---@field excerpt journeyman.Piece[] The text around them, cut at its ends.

---@class (exact) journeyman.FoundMessage
---@field id string
---@field runId? string
---@field role "user"|"assistant"
---@field createdAt string

---Titles first, then messages, each newest first. Only so many texts are looked through for one page: it may have fewer items than asked for, or none, and still a `nextCursor`.
---@class (exact) journeyman.FoundPage
---@field items journeyman.Found[]
---@field nextCursor? string

---@class (exact) journeyman.FromArchive
---@field archive journeyman.ArchiveOrigin

---@class (exact) journeyman.FromFolder
---@field folder journeyman.FolderOrigin

---@class (exact) journeyman.FromGit
---@field git journeyman.GitOrigin

---Events that cannot be had any more. Never silent: read `snapshot` and go on from `head`.
---@class (exact) journeyman.Gap
---@field fromSeq integer
---@field toSeq integer
---@field reason "epoch_changed"|"trimmed"|"ahead_of_log"

---A public repository, cloned inside the workspace, through its egress policy.
---@class (exact) journeyman.GitOrigin
---@field url string https:// or http://, without a password in it.
---@field ref? string Branch or tag; absent for the repository's own choice.
---@field depth? integer How many commits back; absent for all.

---@class (exact) journeyman.Hunk
---@field hunkId string The same as long as it is this change at this place: deciding others, or changes elsewhere in the file, do not rename it.
---@field path string From the workspace, `/`-separated; bytes that are not UTF-8 are escaped.
---@field kind "edit"|"created"|"deleted"|"renamed"|"mode"|"replaced" `edit`: lines of a text; `mode`: permissions alone; `replaced`: content that is no text or too large to compare. All but an edit are taken or left whole.
---@field renamedFrom? string
---@field oldStart? integer Of an edit: its first line in the baseline, from 1, or the line it comes after where it only adds.
---@field oldLines? integer
---@field newStart? integer
---@field newLines? integer
---@field text? string As a unified diff shows it, with three lines around it; absent where there is no text.
---@field truncated boolean
---@field kept boolean False: too large for its content to be kept; it can be accepted only.
---@field doubtful boolean Somebody else was at work in the workspace meanwhile: some of it may be theirs.
---@field rejecting boolean It was rejected, and is taken back at the end of the step a run is at.
---@field guarded? string Why it is not carried to a folder unasked: hooks, editor tasks and what else runs by itself.

---@class (exact) journeyman.HunkOutcome
---@field hunkId string
---@field outcome "accepted"|"rejected"|"rejecting"|"conflict"|"unknown" `rejecting`: a run is at work, and it is taken back at the end of its step; `conflict`: it is not as the agent left it any more, and stays; `unknown`: the files moved on, list the changes again.
---@field path? string
---@field message? string
---@field earlier boolean Somebody decided it before; the outcome is theirs.

---Hunks nobody decided on, by path and place.
---@class (exact) journeyman.HunkPage
---@field items journeyman.Hunk[]
---@field nextCursor? string

---An image that was given with a prompt; `chat/image` has its bytes.
---@class (exact) journeyman.Image
---@field imageId string SHA-256 of its bytes, in hex.
---@field mimeType string
---@field bytes integer
---@field name? string

---PNG, JPEG, WebP or GIF, as its first bytes say. At most 3,750,000 bytes, and 10 images in a prompt.
---@class (exact) journeyman.ImageBlock
---@field type "image"
---@field data string Base64.
---@field mimeType? string
---@field name? string What it is called, such as the name of its file; shown to people and to the model.

---A batch of files to copy into the workspace, before or between runs.
---@class (exact) journeyman.ImportParams
---@field projectId string
---@field files journeyman.FolderFile[]

---@class (exact) journeyman.ImportResult
---@field files integer
---@field bytes integer

---`initializationOptions` of `initialize`.
---@class (exact) journeyman.InitializationOptions
---@field token? string The daemon's token, where the operator started it with `--auth initialize`.

---`capabilities.experimental.journeyman` in the answer to `initialize`.
---@class (exact) journeyman.JourneymanCapabilities
---@field protocolVersion integer
---@field version string
---@field methods string[] Every method the daemon handles.
---@field notifications string[] Every notification the daemon sends.
---@field requests string[] Every request of ours the daemon may send, to clients that say they answer it.
---@field features string[]

---A path the agent changed that stays as it is.
---@class (exact) journeyman.KeptFile
---@field path string
---@field why "changed"|"too_large"|"not_empty"|"blocked"|"failed" `changed`: somebody else did; `too_large`: its content is not kept, now or then; `not_empty`: a directory with something else in it; `blocked`: its directory is none; `failed`: the system refused.
---@field message? string

---Something the agent may look at by itself: named to the model, not read by the daemon.
---@class (exact) journeyman.LinkBlock
---@field type "resource_link"
---@field uri string
---@field name string
---@field title? string
---@field description? string
---@field mimeType? string

---`$/logTrace` of LSP.
---@class (exact) journeyman.LogTraceParams
---@field message string
---@field verbose? string With `verbose`: how it was answered, and how many requests of the connection are not yet.

---Messages, oldest first.
---@class (exact) journeyman.MessagePage
---@field items journeyman.ChatMessage[]
---@field nextCursor? string

---In the words of the Prometheus exposition format.
---@class (exact) journeyman.Metric
---@field name string
---@field kind "counter"|"gauge"|"histogram"
---@field help string
---@field samples journeyman.MetricSample[]

---@class (exact) journeyman.MetricSample
---@field name string The metric's own name, or that with `_bucket`, `_sum`, `_count` or `_total`.
---@field labels table<string, any>
---@field value number

---@class (exact) journeyman.Model
---@field id string
---@field provider string
---@field contextWindow? integer Tokens; absent where unknown.
---@field toolUse? boolean Whether the model makes native tool calls; absent where unknown.
---@field images? boolean Whether a prompt for it may have images; absent where unknown, which means no.
---@field price? journeyman.Price Absent where unknown: unknown is never zero.
---@field available boolean
---@field why? string Why it cannot be used now, and what to do.

---@class (exact) journeyman.ModelList
---@field items journeyman.Model[]
---@field default? string The model a run uses when nothing names one.

---@class (exact) journeyman.ModelSelectParams
---@field chatId string
---@field model string

---@class (exact) journeyman.NameArchiveParams
---@field projectId string
---@field archiveId string
---@field name? string A named archive is never thinned out. Absent: the name is taken away.

---@class (exact) journeyman.Paged
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.

---@class (exact) journeyman.PathRef
---@field projectId string
---@field path string

---@class (exact) journeyman.Permission
---@field id string
---@field chatId string
---@field runId string
---@field callId string The tool call that waits for it.
---@field subject journeyman.PermissionSubject
---@field options journeyman.PermissionOption[]
---@field state "pending"|"allowed"|"denied"|"expired"|"withdrawn" `expired`: nobody answered in time; `withdrawn`: the run ended first, or its user said something else. Both mean no.
---@field optionId? string The answer.
---@field feedback? string
---@field decidedBy? string Who answered, as that client calls itself.
---@field createdAt string
---@field expiresAt string When the answer becomes no.
---@field decidedAt? string
---@field usedAt? string When it was made use of: it is good once, for this very effect.

---A client's answer. Without `optionId` it is none: the question stays.
---@class (exact) journeyman.PermissionAnswer
---@field optionId? string
---@field feedback? string

---@class (exact) journeyman.PermissionListParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field chatId? string
---@field state? "pending"|"allowed"|"denied"|"expired"|"withdrawn"|"all"

---@class (exact) journeyman.PermissionOption
---@field id string
---@field title string
---@field kind "allow_once"|"allow_run"|"deny"|"answer" `allow_run`: this, and what the same rules ask about, for the rest of the run.

---Permissions, newest first.
---@class (exact) journeyman.PermissionPage
---@field items journeyman.Permission[]
---@field nextCursor? string

---@class (exact) journeyman.PermissionReplyParams
---@field permissionId string
---@field optionId string
---@field feedback? string For the agent: what to do instead, say.

---What would be done, exactly. Secrets are taken out, long texts cut; what is allowed is the whole.
---@class (exact) journeyman.PermissionSubject
---@field type "git"|"command"|"edit"|"mcp"|"question" `question`: the agent asks the user something; the options are answers, and feedback is one too.
---@field title string One short line.
---@field why string Why it is asked, as half a sentence.
---@field rules string[] What an allowance for this run covers.
---@field cwd string
---@field argv? string[] Of `git`: its words. Of `mcp`: server, tool, and where that runs (`outside`, `workspace`).
---@field command? string Of `command`: the line for the shell.
---@field paths? string[] Of `edit`: the files, from the workspace's root.
---@field detail? string Of `edit`: what would be written. Of `mcp`: the arguments.

---@class (exact) journeyman.Piece
---@field text string
---@field hit boolean It is what was looked for.

---@class (exact) journeyman.PingResult
---@field now string

---A port of the workspace: one that a program listens on, that is forwarded, or that is expected.
---@class (exact) journeyman.Port
---@field port integer
---@field listening boolean Whether a program does now. False also where the workspace is not running.
---@field address? string Where it listens, of 127.0.0.1, 0.0.0.0, ::1 and ::. Others cannot be forwarded and are not told.
---@field pid? integer
---@field process? string How the program was started, at most 200 characters, where that can be seen.
---@field expected boolean Whether the project's `devcontainer.json` names it in `forwardPorts`.
---@field url? string Where it is forwarded to. The link holds a token: whoever has it can use the program.

---@class (exact) journeyman.PortList
---@field projectId string
---@field items journeyman.Port[] By number.

---@class (exact) journeyman.PortsParams
---@field projectId string
---@field watch? boolean True: from the answer on this connection is told by `workspace/didChangePorts`, whether the workspace runs now or only later. False: not any more. Absent: as it is.

---@class (exact) journeyman.Position
---@field line integer
---@field character integer

---US dollars per million tokens.
---@class (exact) journeyman.Price
---@field inputUsdPerMillion? number
---@field outputUsdPerMillion? number

---`$/progress` of LSP.
---@class (exact) journeyman.ProgressParams
---@field token integer|string
---@field value table<string, any>

---@class (exact) journeyman.Project
---@field id string
---@field name string
---@field source "empty"|"folder"|"git"|"archive"
---@field image? string Workspace image; absent for the default.
---@field commands journeyman.Commands
---@field forwardPorts? integer[] Ports its `devcontainer.json` wants forwarded; absent where it wants none.
---@field quota? journeyman.Quota Absent where the daemon's settings hold.
---@field createdAt string
---@field updatedAt string

---@class (exact) journeyman.ProjectCreateParams
---@field name? string
---@field source? "empty"|"folder"|journeyman.FromFolder|journeyman.FromGit|journeyman.FromArchive `folder`: the client copies the files in with `workspace/import` afterwards. With an object the daemon gets the files and answers when all of them are there; where that fails there is no project.
---@field image? string Workspace image; absent for the one its `devcontainer.json` names, or the default.
---@field workDoneToken? integer|string

---The new project.
---@class (exact) journeyman.ProjectCreated
---@field id string
---@field name string
---@field source "empty"|"folder"|"git"|"archive"
---@field image? string Workspace image; absent for the default.
---@field commands journeyman.Commands
---@field forwardPorts? integer[] Ports its `devcontainer.json` wants forwarded; absent where it wants none.
---@field quota? journeyman.Quota Absent where the daemon's settings hold.
---@field createdAt string
---@field updatedAt string
---@field notices? journeyman.ProjectNotice[]

---@class (exact) journeyman.ProjectDeleteParams
---@field projectId string
---@field archives? boolean Also delete the project's archives. Without it they stay in the store.

---@class (exact) journeyman.ProjectExtensions
---@field commands journeyman.PromptCommand[]
---@field skills journeyman.Skill[]
---@field problems string[] Sentences about folders that are no skills.
---@field lookedInside boolean Whether the project's own are among them: only while its workspace is running.

---@class (exact) journeyman.ProjectForkParams
---@field projectId string The project to fork. Its image, commands and ports are taken over, its chats are not.
---@field archiveId? string Absent: the project as it is now. Files that no archive holds are archived first, while the workspace goes on; otherwise a fork is the time of writing a manifest.
---@field name? string Absent for one made of the project's.
---@field workDoneToken? integer|string

---@class (exact) journeyman.ProjectListParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.

---What went otherwise than the source says: files left behind, parts of `devcontainer.json` that mean nothing here.
---@class (exact) journeyman.ProjectNotice
---@field level "info"|"warning"
---@field message string
---@field hint? string

---@class (exact) journeyman.ProjectOpenParams
---@field folder string Absolute, on the machine the daemon runs on. Only for clients on that machine.
---@field workDoneToken? integer|string

---Projects, newest first.
---@class (exact) journeyman.ProjectPage
---@field items journeyman.Project[]
---@field nextCursor? string

---@class (exact) journeyman.ProjectRef
---@field projectId string

---@class (exact) journeyman.ProjectUpdateParams
---@field projectId string
---@field name? string
---@field commands? journeyman.Commands Replaces all three commands.
---@field quota? journeyman.Quota Replaces all of the project's own quota.

---A prompt file, called by a prompt that begins with `/name`.
---@class (exact) journeyman.PromptCommand
---@field name string
---@field description string
---@field argumentHint? string What its arguments are; absent where the file does not say.
---@field origin "user"|"project"

---@class (exact) journeyman.PruneParams
---@field projectId string
---@field dryRun? boolean Say what would go; nothing does.

---Archives go at once. Objects no archive needs are noted first and go a day later at the earliest.
---@class (exact) journeyman.PruneResult
---@field archives string[] Archives that went.
---@field packs integer Objects that went.
---@field bytes integer
---@field noted integer Objects no archive needs whose day is not over.
---@field problems string[] Why objects were not looked at, as sentences; nothing goes then.

---@class (exact) journeyman.QueueChanged
---@field chatId string
---@field items journeyman.QueueItem[] The first 50, prompts cut at 500 characters.
---@field total integer

---@class (exact) journeyman.QueueItem
---@field itemId string
---@field kind "steer"|"run" `steer`: a text for a run that is open. `run`: a run that has not begun.
---@field runId string The run it is for, or is.
---@field prompt string
---@field truncated boolean In `agent/queue/didChange`: there is more of the prompt; `agent/queue/list` has it.
---@field rev integer Counts the changes of the prompt.
---@field createdAt string

---@class (exact) journeyman.QueueListParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field chatId string

---What waits in a chat, in the order in which it will be taken.
---@class (exact) journeyman.QueuePage
---@field items journeyman.QueueItem[]
---@field nextCursor? string

---@class (exact) journeyman.QueueRef
---@field itemId string

---@class (exact) journeyman.QueueUpdateParams
---@field itemId string
---@field prompt? string|journeyman.TextBlock[] Absent: stays. Images that came with it stay.
---@field ifRev? integer The revision this change is based on. Stale: -32801.
---@field position? integer Of a run: the new place among the chat's waiting runs, 0 is next.

---What a project may hold. Absent: the daemon's setting; 0: any amount.
---@class (exact) journeyman.Quota
---@field bytes? integer Content of the workspace's files.
---@field entries? integer Files, directories and links in the workspace.
---@field archiveBytes? integer Stored bytes of its archives: beyond it they are thinned out earlier, the newest never.

---@class (exact) journeyman.Range
---@field start journeyman.Position
---@field end journeyman.Position

---@class (exact) journeyman.ReadDirectoryParams
---@field projectId string
---@field path? string
---@field cursor? string
---@field limit? integer

---@class (exact) journeyman.ReadFileParams
---@field projectId string
---@field path string
---@field offset? integer
---@field limit? integer Most bytes in the answer.
---@field encoding? "base64"|"utf8" `utf8` refuses with `invalid` what is not UTF-8; a character the range cuts at its end is left out.
---@field hash? boolean The whole file is read for it: leave it out for ranges of a large file.
---@field etag? string Refuse with -32801 where the file is another one by now.

---@class (exact) journeyman.ReadFileResult
---@field content string
---@field encoding "base64"|"utf8"
---@field bytes integer Bytes of the file that `content` stands for; the next range begins after them.
---@field size integer Bytes in the whole file.
---@field sha256? string Of the whole file, where it was asked for.
---@field etag string
---@field mtime string

---@class (exact) journeyman.RenameParams
---@field projectId string
---@field path string
---@field newPath string
---@field overwrite? boolean Replace what is at `newPath`, a directory with all in it too. Otherwise that is a `conflict`.

---`_meta`, which the params of any request may carry; what is not named here is ignored.
---@class (exact) journeyman.RequestMeta
---@field traceparent? string Where the request belongs in the caller's trace, as W3C Trace Context writes it.
---@field tracestate? string

---A text with its name, fenced where it stands in the prompt.
---@class (exact) journeyman.ResourceBlock
---@field type "resource"
---@field resource journeyman.TextResource

---@class (exact) journeyman.RestoreParams
---@field projectId string
---@field archiveId? string Absent: the newest.
---@field workDoneToken? integer|string

---@class (exact) journeyman.RestoreResult
---@field archive journeyman.Archive
---@field status journeyman.WorkspaceStatus

---@class (exact) journeyman.RewindParams
---@field chatId string
---@field checkpointId string
---@field scope? "files"|"conversation"|"both"
---@field onConflict? "keep"|"overwrite" What becomes of files somebody else changed since the agent did. `keep`: they stay.

---What a rewind did, or would do.
---@class (exact) journeyman.RewindResult
---@field checkpointId string
---@field scope "files"|"conversation"|"both"
---@field rewindId? string Absent in a preview.
---@field files journeyman.RewoundFile[] At most 1,000; `filesTotal` counts them.
---@field filesTotal integer
---@field kept journeyman.KeptFile[] At most 1,000; `keptTotal` counts them.
---@field keptTotal integer
---@field messagesHidden integer
---@field messagesShown integer By going forward again.
---@field todosChanged boolean

---@class (exact) journeyman.RewoundFile
---@field path string
---@field action "written"|"removed"

---@class (exact) journeyman.Run
---@field runId string
---@field chatId string
---@field projectId string
---@field status "queued"|"running"|"completed"|"partial"|"blocked"|"cancelled"|"failed"
---@field stopReason? "fin"|"answered"|"planned"|"no_plan"|"nothing_done"|"gate"|"verification_failed"|"verification_unchanged"|"stuck"|"no_tool_calls"|"hook_refused"|"limit_steps"|"limit_tokens"|"limit_usd"|"limit_seconds"|"cancelled"|"superseded"|"interrupted"|"shutdown"|"parse_error"|"invalid_request"|"method_not_found"|"not_initialized"|"invalid"|"not_found"|"conflict"|"unauthorized"|"overloaded"|"busy"|"draining"|"already_running"|"no_sandbox"|"image_missing"|"workspace_failed"|"path_refused"|"archive_failed"|"archive_corrupt"|"store_unavailable"|"store_refused"|"source_failed"|"disk_full"|"quota_exceeded"|"storage_failed"|"model_unknown"|"model_key_missing"|"model_unreachable"|"model_refused"|"model_broken"|"timeout"|"internal" Such as `fin`, `answered`, `limit_usd`, `cancelled`, `interrupted`; the kind of the error of a failed run.
---@field summary string
---@field usage journeyman.Usage
---@field changes journeyman.Changes
---@field commands journeyman.Commands
---@field steps integer
---@field lastSeq integer Newest sequence number of the chat's events when this was written.
---@field itemId? string With `delivery: "steer"`: what `agent/queue/update` and `remove` call the text until it is taken.
---@field resumes? string The interrupted run that this one carries on.

---What the user sees. The model is shown it as data beside the prompt, within a bound.
---@class (exact) journeyman.RunContext
---@field documents? journeyman.ContextDocument[] Together at most 4,000,000 characters.
---@field selections? journeyman.ContextSelection[]
---@field diagnostics? journeyman.ContextDiagnostic[] All that is reported in the project's files when the run is asked for; absent: not known.

---Runs, newest first.
---@class (exact) journeyman.RunPage
---@field items journeyman.RunRecord[]
---@field nextCursor? string

---A run as it is remembered.
---@class (exact) journeyman.RunRecord
---@field runId string
---@field chatId string
---@field projectId string
---@field status "queued"|"running"|"completed"|"partial"|"blocked"|"cancelled"|"failed"
---@field stopReason? "fin"|"answered"|"planned"|"no_plan"|"nothing_done"|"gate"|"verification_failed"|"verification_unchanged"|"stuck"|"no_tool_calls"|"hook_refused"|"limit_steps"|"limit_tokens"|"limit_usd"|"limit_seconds"|"cancelled"|"superseded"|"interrupted"|"shutdown"|"parse_error"|"invalid_request"|"method_not_found"|"not_initialized"|"invalid"|"not_found"|"conflict"|"unauthorized"|"overloaded"|"busy"|"draining"|"already_running"|"no_sandbox"|"image_missing"|"workspace_failed"|"path_refused"|"archive_failed"|"archive_corrupt"|"store_unavailable"|"store_refused"|"source_failed"|"disk_full"|"quota_exceeded"|"storage_failed"|"model_unknown"|"model_key_missing"|"model_unreachable"|"model_refused"|"model_broken"|"timeout"|"internal" Such as `fin`, `answered`, `limit_usd`, `cancelled`, `interrupted`; the kind of the error of a failed run.
---@field summary string
---@field usage journeyman.Usage
---@field changes journeyman.Changes
---@field commands journeyman.Commands
---@field steps integer
---@field lastSeq integer Newest sequence number of the chat's events when this was written.
---@field itemId? string With `delivery: "steer"`: what `agent/queue/update` and `remove` call the text until it is taken.
---@field resumes? string The interrupted run that this one carries on.
---@field prompt string
---@field mode "plan+execute"|"execute"|"plan"
---@field model? string
---@field images? journeyman.Image[]
---@field clientRunId? string
---@field createdAt string
---@field startedAt? string
---@field finishedAt? string

---@class (exact) journeyman.RunRef
---@field runId string

---@class (exact) journeyman.RunsParams
---@field cursor? string `nextCursor` of the page before; absent for the first page.
---@field limit? integer Most items in the answer.
---@field chatId string

---@class (exact) journeyman.SandboxStatus
---@field name string
---@field tier string
---@field gaps string[] What this isolation does not protect from.

---`$/setTrace` of LSP.
---@class (exact) journeyman.SetTraceParams
---@field value "off"|"messages"|"verbose" Anything but `off` makes the daemon tell each answered request and the time it took.

---A folder with a SKILL.md the agent can read.
---@class (exact) journeyman.Skill
---@field name string
---@field description string
---@field origin "user"|"project"

---The chat's state, not older than `head`: what comes after it may be in it already.
---@class (exact) journeyman.Snapshot
---@field todo journeyman.TodoList
---@field messages integer How many messages the conversation has.
---@field recent journeyman.ChatMessage[] The last of them, oldest first, long texts cut at 4,000 characters; `chat/messages` has all.
---@field queue journeyman.QueueItem[] What waits, the first 50, prompts cut.
---@field runs journeyman.Run[] The last runs, oldest first.
---@field usage journeyman.Usage Of all runs that have ended.
---@field permissions journeyman.Permission[] Questions that wait for an answer, oldest first.

---@class (exact) journeyman.SteerParams
---@field runId string
---@field prompt string|(journeyman.TextBlock|journeyman.ImageBlock|journeyman.LinkBlock|journeyman.ResourceBlock)[]
---@field context? journeyman.RunContext
---@field clientRunId? string The same one twice is the same text, said once.

---@class (exact) journeyman.Steered
---@field runId string The run that gets the text: the one named, or, where that ended at this moment, one made for it.
---@field itemId string What `agent/queue/update` and `remove` call the text until it is taken.

---@class (exact) journeyman.SubscribeParams
---@field chatId string
---@field after? journeyman.Cursor|"start"|"tail" Events after this place are sent: first what is stored, then what happens, without a hole.
---@field snapshot? boolean Answer with the chat's state, too. Together with `tail` it is all a client needs to show a chat.
---@field maxUnacked? integer At most this many durable events are sent before `agent/ack` says they were taken. In any case a client that does not read its connection stops its own events, not the daemon's memory.

---@class (exact) journeyman.SubscribeResult
---@field epoch string
---@field head integer Newest sequence number at the time of the answer.
---@field oldest integer
---@field gap? journeyman.Gap
---@field snapshot? journeyman.Snapshot
---@field runs journeyman.Run[] Runs that are queued or running now.
---@field permissions journeyman.Permission[] Questions of this chat that wait for an answer, oldest first.

---@class (exact) journeyman.TextBlock
---@field type? "text"
---@field text string

---@class (exact) journeyman.TextResource
---@field uri string
---@field text string
---@field mimeType? string

---@class (exact) journeyman.TodoItem
---@field id string
---@field content string
---@field status? "pending"|"in_progress"|"done"|"dropped"
---@field check? string A shell command whose exit 0 is the evidence.
---@field dependsOn? string[]
---@field assignee? "planner"|"executor"|"user"
---@field evidence? string

---@class (exact) journeyman.TodoList
---@field chatId string
---@field rev integer Counts every change.
---@field items journeyman.TodoItem[]

---@class (exact) journeyman.TodoListParams
---@field chatId string

---@class (exact) journeyman.TodoUpdateParams
---@field chatId string
---@field ifRev integer The revision this change is based on. Stale: -32801 with the current list in `data.current`.
---@field items journeyman.TodoItem[] The whole new list.

---@class (exact) journeyman.ToolCall
---@field id string
---@field name string
---@field arguments table<string, any>

---@class (exact) journeyman.TrajectoryExportParams
---@field runId string
---@field offset? integer `nextOffset` of the piece before; 0 for the first.

---@class (exact) journeyman.TrajectoryPiece
---@field runId string
---@field text string JSON Lines as docs/trajectories.md describes them, in ASCII; a piece may end inside a line. Secrets are taken out.
---@field nextOffset? integer Ask again with `offset` set to it; absent after the last piece. While a run goes on its text only grows.

---@class (exact) journeyman.UndoParams
---@field chatId string
---@field onConflict? "keep"|"overwrite"

---@class (exact) journeyman.UnforwardParams
---@field projectId string
---@field port integer

---Added up. Absent is unknown, as soon as one call did not say it: nothing here is guessed.
---@class (exact) journeyman.Usage
---@field inputTokens? integer
---@field outputTokens? integer With those of reasoning.
---@field cachedTokens? integer Of the input: read from the provider's cache.
---@field cacheWriteTokens? integer Of the input: written to the provider's cache.
---@field reasoningTokens? integer
---@field costUsd? number
---@field modelCalls integer
---@field complete boolean Whether tokens in and out and the cost of every call are known. If not, `atLeast` is what is.
---@field atLeast journeyman.AtLeast
---@field context journeyman.Context

---@class (exact) journeyman.VerifyArchiveParams
---@field projectId string
---@field archiveId? string Absent: the newest.
---@field readData? boolean Read every byte, not only what is there and how large.

---@class (exact) journeyman.VerifyArchiveResult
---@field archiveId? string Absent where the archive's manifest cannot be read.
---@field ok boolean
---@field packs integer Objects looked at.
---@field bytesRead integer
---@field problems string[] What is wrong, as sentences.

---A directory, or one name in a directory that need not be there yet. Links below it are not followed.
---@class (exact) journeyman.WatchParams
---@field projectId string
---@field path? string
---@field recursive? boolean
---@field excludes? string[] Without a slash: names at any depth, such as `node_modules` or `*.tmp`. With one: globs over paths from the workspace, such as `**/build/**`. What is excluded is not watched.

---@class (exact) journeyman.WatchRef
---@field watchId string

---Everything that happens from now on is told.
---@class (exact) journeyman.WatchResult
---@field watchId string
---@field by "events"|"polling" `polling`: the system gave no watches; changes are found every 2 seconds.
---@field directories integer How many are watched; at most 20,000.

---Nobody uses the workspace; unless somebody does, or calls `workspace/touch`, it is archived then.
---@class (exact) journeyman.WillExpire
---@field projectId string
---@field expiresAt string

---`window/workDoneProgress/cancel` of LSP.
---@class (exact) journeyman.WorkDoneProgressCancelParams
---@field token integer|string

---@class (exact) journeyman.WorkspaceFile
---@field path string Relative to the workspace's root, `/`-separated.
---@field size integer
---@field sha256 string
---@field executable boolean

---Workspaces, by project.
---@class (exact) journeyman.WorkspacePage
---@field items journeyman.WorkspaceStatus[]
---@field nextCursor? string

---@class (exact) journeyman.WorkspaceRef
---@field projectId string

---@class (exact) journeyman.WorkspaceStatus
---@field projectId string
---@field state "cold"|"creating"|"restoring"|"live"|"idle"|"frozen"|"archiving"|"warm"|"archived"|"failed"
---@field sandbox? string `docker` or `bubblewrap`, where the workspace is there.
---@field acquired? "map"|"thawed"|"running"|"stopped"|"restored"|"created" Which way it was got last.
---@field tier? "hot"|"frozen"|"warm"|"cold" What it costs and how fast it is back: running, paused, files on this machine, archive only.
---@field heldBy? string[] What keeps it from expiring: `run`, `client`, `terminal`, `preview`, `permission`. Absent: nothing.
---@field lastUsedAt? string
---@field expiresAt? string When it will be archived if nobody uses it; absent while it is in use or not there.
---@field archive? journeyman.Archive The newest archive.
---@field usage? journeyman.WorkspaceUsage Absent until it was measured.
---@field message? string A sentence where the state needs one.

---What a workspace holds beside what it may hold.
---@class (exact) journeyman.WorkspaceUsage
---@field bytes integer
---@field entries integer
---@field bytesMax? integer Absent: any amount.
---@field entriesMax? integer
---@field level "ok"|"near"|"over" `near` from 80 % on. `over`: writes through the daemon are refused (`quota_exceeded`).

---Replace a file at once: who reads sees the old content or the new one. Directories are made. Refused with -32801 and the present state where `expectedSha256` or `etag` does not fit; with `conflict` where it is there and `overwrite` is false; with `not_found` where it is not and `create` is false.
---@class (exact) journeyman.WriteFileParams
---@field projectId string
---@field path string
---@field content string At most 7 MiB as sent.
---@field encoding? "base64"|"utf8"
---@field expectedSha256? string Of the content that is replaced; an empty text means that there is no file.
---@field etag? string As answered by the last read or write. `expectedSha256` is the one that cannot be fooled.
---@field create? boolean
---@field overwrite? boolean
---@field executable? boolean Absent: as the file was, or not executable for a new one.

---@class (exact) journeyman.WriteFileResult
---@field stat journeyman.FileStat
---@field sha256 string

local M = {}

M.protocol_version = 1

M.methods = {
  ["project/create"] = { direction = "request", params = "journeyman.ProjectCreateParams", result = "journeyman.ProjectCreated" },
  ["project/open"] = { direction = "request", params = "journeyman.ProjectOpenParams", result = "journeyman.ProjectCreated" },
  ["project/fork"] = { direction = "request", params = "journeyman.ProjectForkParams", result = "journeyman.Project" },
  ["project/list"] = { direction = "request", params = "journeyman.ProjectListParams", result = "journeyman.ProjectPage" },
  ["project/get"] = { direction = "request", params = "journeyman.ProjectRef", result = "journeyman.Project" },
  ["project/extensions"] = { direction = "request", params = "journeyman.ProjectRef", result = "journeyman.ProjectExtensions" },
  ["project/update"] = { direction = "request", params = "journeyman.ProjectUpdateParams", result = "journeyman.Project" },
  ["project/delete"] = { direction = "request", params = "journeyman.ProjectDeleteParams", result = "journeyman.Empty" },
  ["chat/create"] = { direction = "request", params = "journeyman.ChatCreateParams", result = "journeyman.Chat" },
  ["chat/list"] = { direction = "request", params = "journeyman.ChatListParams", result = "journeyman.ChatPage" },
  ["chat/search"] = { direction = "request", params = "journeyman.ChatSearchParams", result = "journeyman.FoundPage" },
  ["chat/get"] = { direction = "request", params = "journeyman.ChatRef", result = "journeyman.Chat" },
  ["chat/messages"] = { direction = "request", params = "journeyman.ChatMessagesParams", result = "journeyman.MessagePage" },
  ["chat/message"] = { direction = "request", params = "journeyman.ChatMessageParams", result = "journeyman.ChatMessage" },
  ["chat/image"] = { direction = "request", params = "journeyman.ChatImageParams", result = "journeyman.ChatImage" },
  ["chat/rename"] = { direction = "request", params = "journeyman.ChatRenameParams", result = "journeyman.Chat" },
  ["chat/fork"] = { direction = "request", params = "journeyman.ChatForkParams", result = "journeyman.Chat" },
  ["chat/delete"] = { direction = "request", params = "journeyman.ChatRef", result = "journeyman.Empty" },
  ["agent/run"] = { direction = "request", params = "journeyman.AgentRunParams", result = "journeyman.Run" },
  ["agent/cancel"] = { direction = "request", params = "journeyman.RunRef", result = "journeyman.Run" },
  ["agent/steer"] = { direction = "request", params = "journeyman.SteerParams", result = "journeyman.Steered" },
  ["agent/runs"] = { direction = "request", params = "journeyman.RunsParams", result = "journeyman.RunPage" },
  ["agent/resume"] = { direction = "request", params = "journeyman.RunRef", result = "journeyman.Run" },
  ["agent/queue/list"] = { direction = "request", params = "journeyman.QueueListParams", result = "journeyman.QueuePage" },
  ["agent/queue/update"] = { direction = "request", params = "journeyman.QueueUpdateParams", result = "journeyman.QueueItem" },
  ["agent/queue/remove"] = { direction = "request", params = "journeyman.QueueRef", result = "journeyman.Empty" },
  ["agent/queue/didChange"] = { direction = "notificationOut", params = "journeyman.QueueChanged" },
  ["agent/subscribe"] = { direction = "request", params = "journeyman.SubscribeParams", result = "journeyman.SubscribeResult" },
  ["agent/unsubscribe"] = { direction = "request", params = "journeyman.ChatRefParams", result = "journeyman.Empty" },
  ["agent/ack"] = { direction = "notificationIn", params = "journeyman.AckParams" },
  ["agent/events"] = { direction = "request", params = "journeyman.EventsParams", result = "journeyman.EventsResult" },
  ["agent/event"] = { direction = "notificationOut", params = "journeyman.Event" },
  ["checkpoint/list"] = { direction = "request", params = "journeyman.CheckpointListParams", result = "journeyman.CheckpointPage" },
  ["checkpoint/diff"] = { direction = "request", params = "journeyman.CheckpointDiffParams", result = "journeyman.CheckpointDiffPage" },
  ["checkpoint/preview"] = { direction = "request", params = "journeyman.RewindParams", result = "journeyman.RewindResult" },
  ["checkpoint/restore"] = { direction = "request", params = "journeyman.RewindParams", result = "journeyman.RewindResult" },
  ["checkpoint/undo"] = { direction = "request", params = "journeyman.UndoParams", result = "journeyman.RewindResult" },
  ["changes/list"] = { direction = "request", params = "journeyman.ChangesListParams", result = "journeyman.HunkPage" },
  ["changes/accept"] = { direction = "request", params = "journeyman.ChangesDecideParams", result = "journeyman.ChangesDecided" },
  ["changes/reject"] = { direction = "request", params = "journeyman.ChangesDecideParams", result = "journeyman.ChangesDecided" },
  ["changes/apply"] = { direction = "request", params = "journeyman.ChangesApplyParams", result = "journeyman.ChangesApplied" },
  ["changes/didChange"] = { direction = "notificationOut", params = "journeyman.ChangesChanged" },
  ["editor/didChangeDiagnostics"] = { direction = "notificationIn", params = "journeyman.DiagnosticsChanged" },
  ["todo/list"] = { direction = "request", params = "journeyman.TodoListParams", result = "journeyman.TodoList" },
  ["todo/update"] = { direction = "request", params = "journeyman.TodoUpdateParams", result = "journeyman.TodoList" },
  ["todo/didChange"] = { direction = "notificationOut", params = "journeyman.TodoList" },
  ["trajectory/export"] = { direction = "request", params = "journeyman.TrajectoryExportParams", result = "journeyman.TrajectoryPiece" },
  ["permission/list"] = { direction = "request", params = "journeyman.PermissionListParams", result = "journeyman.PermissionPage" },
  ["permission/reply"] = { direction = "request", params = "journeyman.PermissionReplyParams", result = "journeyman.Permission" },
  ["permission/request"] = { direction = "requestOut", params = "journeyman.Permission", result = "journeyman.PermissionAnswer" },
  ["permission/didResolve"] = { direction = "notificationOut", params = "journeyman.Permission" },
  ["workspace/open"] = { direction = "request", params = "journeyman.WorkspaceRef", result = "journeyman.WorkspaceStatus" },
  ["workspace/status"] = { direction = "request", params = "journeyman.WorkspaceRef", result = "journeyman.WorkspaceStatus" },
  ["workspace/list"] = { direction = "request", params = "journeyman.Paged", result = "journeyman.WorkspacePage" },
  ["workspace/archive"] = { direction = "request", params = "journeyman.ArchiveParams", result = "journeyman.ArchiveResult" },
  ["workspace/restore"] = { direction = "request", params = "journeyman.RestoreParams", result = "journeyman.RestoreResult" },
  ["workspace/archives"] = { direction = "request", params = "journeyman.ArchivesParams", result = "journeyman.ArchivePage" },
  ["workspace/close"] = { direction = "request", params = "journeyman.WorkspaceRef", result = "journeyman.WorkspaceStatus" },
  ["workspace/import"] = { direction = "request", params = "journeyman.ImportParams", result = "journeyman.ImportResult" },
  ["workspace/files"] = { direction = "request", params = "journeyman.FilesParams", result = "journeyman.FileList" },
  ["workspace/touch"] = { direction = "request", params = "journeyman.WorkspaceRef", result = "journeyman.WorkspaceStatus" },
  ["workspace/didChangeStatus"] = { direction = "notificationOut", params = "journeyman.WorkspaceStatus" },
  ["workspace/willExpire"] = { direction = "notificationOut", params = "journeyman.WillExpire" },
  ["workspace/nameArchive"] = { direction = "request", params = "journeyman.NameArchiveParams", result = "journeyman.Archive" },
  ["workspace/verifyArchive"] = { direction = "request", params = "journeyman.VerifyArchiveParams", result = "journeyman.VerifyArchiveResult" },
  ["workspace/deleteArchive"] = { direction = "request", params = "journeyman.ArchiveRef", result = "journeyman.Done" },
  ["workspace/pruneArchives"] = { direction = "request", params = "journeyman.PruneParams", result = "journeyman.PruneResult" },
  ["workspace/readFile"] = { direction = "request", params = "journeyman.ReadFileParams", result = "journeyman.ReadFileResult" },
  ["workspace/writeFile"] = { direction = "request", params = "journeyman.WriteFileParams", result = "journeyman.WriteFileResult" },
  ["workspace/readDirectory"] = { direction = "request", params = "journeyman.ReadDirectoryParams", result = "journeyman.DirectoryPage" },
  ["workspace/stat"] = { direction = "request", params = "journeyman.PathRef", result = "journeyman.FileStat" },
  ["workspace/createDirectory"] = { direction = "request", params = "journeyman.PathRef", result = "journeyman.FileStat" },
  ["workspace/rename"] = { direction = "request", params = "journeyman.RenameParams", result = "journeyman.FileStat" },
  ["workspace/delete"] = { direction = "request", params = "journeyman.DeleteParams", result = "journeyman.Empty" },
  ["workspace/diff"] = { direction = "request", params = "journeyman.DiffParams", result = "journeyman.DiffPage" },
  ["workspace/diffFile"] = { direction = "request", params = "journeyman.DiffFileParams", result = "journeyman.DiffFileResult" },
  ["workspace/watch"] = { direction = "request", params = "journeyman.WatchParams", result = "journeyman.WatchResult" },
  ["workspace/unwatch"] = { direction = "request", params = "journeyman.WatchRef", result = "journeyman.Empty" },
  ["workspace/didChangeFiles"] = { direction = "notificationOut", params = "journeyman.FilesChanged" },
  ["workspace/exec"] = { direction = "request", params = "journeyman.ExecParams", result = "journeyman.ExecResult" },
  ["workspace/execWrite"] = { direction = "request", params = "journeyman.ExecWriteParams", result = "journeyman.Empty" },
  ["workspace/execResize"] = { direction = "request", params = "journeyman.ExecResizeParams", result = "journeyman.Empty" },
  ["workspace/execKill"] = { direction = "request", params = "journeyman.ExecKillParams", result = "journeyman.Empty" },
  ["workspace/execAck"] = { direction = "request", params = "journeyman.ExecAckParams", result = "journeyman.Empty" },
  ["workspace/execOutput"] = { direction = "notificationOut", params = "journeyman.ExecOutput" },
  ["workspace/execExited"] = { direction = "notificationOut", params = "journeyman.ExecExited" },
  ["workspace/ports"] = { direction = "request", params = "journeyman.PortsParams", result = "journeyman.PortList" },
  ["workspace/forward"] = { direction = "request", params = "journeyman.ForwardParams", result = "journeyman.Forwarded" },
  ["workspace/unforward"] = { direction = "request", params = "journeyman.UnforwardParams", result = "journeyman.Empty" },
  ["workspace/didChangePorts"] = { direction = "notificationOut", params = "journeyman.PortList" },
  ["model/list"] = { direction = "request", params = "journeyman.Empty", result = "journeyman.ModelList" },
  ["model/select"] = { direction = "request", params = "journeyman.ModelSelectParams", result = "journeyman.Chat" },
  ["daemon/ping"] = { direction = "request", params = "journeyman.Empty", result = "journeyman.PingResult" },
  ["daemon/status"] = { direction = "request", params = "journeyman.Empty", result = "journeyman.DaemonStatus" },
  ["daemon/metrics"] = { direction = "request", params = "journeyman.Empty", result = "journeyman.DaemonMetrics" },
  ["$/cancelRequest"] = { direction = "notificationIn", params = "journeyman.CancelParams" },
  ["window/workDoneProgress/cancel"] = { direction = "notificationIn", params = "journeyman.WorkDoneProgressCancelParams" },
  ["$/setTrace"] = { direction = "notificationIn", params = "journeyman.SetTraceParams" },
  ["$/logTrace"] = { direction = "notificationOut", params = "journeyman.LogTraceParams" },
  ["$/progress"] = { direction = "notificationOut", params = "journeyman.ProgressParams" },
}

---@enum journeyman.Method
M.method = {
  project_create = "project/create",
  project_open = "project/open",
  project_fork = "project/fork",
  project_list = "project/list",
  project_get = "project/get",
  project_extensions = "project/extensions",
  project_update = "project/update",
  project_delete = "project/delete",
  chat_create = "chat/create",
  chat_list = "chat/list",
  chat_search = "chat/search",
  chat_get = "chat/get",
  chat_messages = "chat/messages",
  chat_message = "chat/message",
  chat_image = "chat/image",
  chat_rename = "chat/rename",
  chat_fork = "chat/fork",
  chat_delete = "chat/delete",
  agent_run = "agent/run",
  agent_cancel = "agent/cancel",
  agent_steer = "agent/steer",
  agent_runs = "agent/runs",
  agent_resume = "agent/resume",
  agent_queue_list = "agent/queue/list",
  agent_queue_update = "agent/queue/update",
  agent_queue_remove = "agent/queue/remove",
  agent_queue_didChange = "agent/queue/didChange",
  agent_subscribe = "agent/subscribe",
  agent_unsubscribe = "agent/unsubscribe",
  agent_ack = "agent/ack",
  agent_events = "agent/events",
  agent_event = "agent/event",
  checkpoint_list = "checkpoint/list",
  checkpoint_diff = "checkpoint/diff",
  checkpoint_preview = "checkpoint/preview",
  checkpoint_restore = "checkpoint/restore",
  checkpoint_undo = "checkpoint/undo",
  changes_list = "changes/list",
  changes_accept = "changes/accept",
  changes_reject = "changes/reject",
  changes_apply = "changes/apply",
  changes_didChange = "changes/didChange",
  editor_didChangeDiagnostics = "editor/didChangeDiagnostics",
  todo_list = "todo/list",
  todo_update = "todo/update",
  todo_didChange = "todo/didChange",
  trajectory_export = "trajectory/export",
  permission_list = "permission/list",
  permission_reply = "permission/reply",
  permission_request = "permission/request",
  permission_didResolve = "permission/didResolve",
  workspace_open = "workspace/open",
  workspace_status = "workspace/status",
  workspace_list = "workspace/list",
  workspace_archive = "workspace/archive",
  workspace_restore = "workspace/restore",
  workspace_archives = "workspace/archives",
  workspace_close = "workspace/close",
  workspace_import = "workspace/import",
  workspace_files = "workspace/files",
  workspace_touch = "workspace/touch",
  workspace_didChangeStatus = "workspace/didChangeStatus",
  workspace_willExpire = "workspace/willExpire",
  workspace_nameArchive = "workspace/nameArchive",
  workspace_verifyArchive = "workspace/verifyArchive",
  workspace_deleteArchive = "workspace/deleteArchive",
  workspace_pruneArchives = "workspace/pruneArchives",
  workspace_readFile = "workspace/readFile",
  workspace_writeFile = "workspace/writeFile",
  workspace_readDirectory = "workspace/readDirectory",
  workspace_stat = "workspace/stat",
  workspace_createDirectory = "workspace/createDirectory",
  workspace_rename = "workspace/rename",
  workspace_delete = "workspace/delete",
  workspace_diff = "workspace/diff",
  workspace_diffFile = "workspace/diffFile",
  workspace_watch = "workspace/watch",
  workspace_unwatch = "workspace/unwatch",
  workspace_didChangeFiles = "workspace/didChangeFiles",
  workspace_exec = "workspace/exec",
  workspace_execWrite = "workspace/execWrite",
  workspace_execResize = "workspace/execResize",
  workspace_execKill = "workspace/execKill",
  workspace_execAck = "workspace/execAck",
  workspace_execOutput = "workspace/execOutput",
  workspace_execExited = "workspace/execExited",
  workspace_ports = "workspace/ports",
  workspace_forward = "workspace/forward",
  workspace_unforward = "workspace/unforward",
  workspace_didChangePorts = "workspace/didChangePorts",
  model_list = "model/list",
  model_select = "model/select",
  daemon_ping = "daemon/ping",
  daemon_status = "daemon/status",
  daemon_metrics = "daemon/metrics",
  dollar_cancelRequest = "$/cancelRequest",
  window_workDoneProgress_cancel = "window/workDoneProgress/cancel",
  dollar_setTrace = "$/setTrace",
  dollar_logTrace = "$/logTrace",
  dollar_progress = "$/progress",
}

---@type string[]
M.event_kinds = {
  "run/started",
  "run/phase",
  "run/finished",
  "message/delta",
  "message/completed",
  "tool/started",
  "tool/output",
  "tool/finished",
  "todo/changed",
  "usage/updated",
  "workspace/changed",
  "checkpoint/made",
  "checkpoint/restored",
  "permission/requested",
  "permission/resolved",
  "queue/changed",
  "changes/decided",
  "document/conflict",
  "notice",
}

M.error_codes = {
  PARSE_ERROR = -32700,
  INVALID_REQUEST = -32600,
  METHOD_NOT_FOUND = -32601,
  INVALID_PARAMS = -32602,
  INTERNAL_ERROR = -32603,
  SERVER_NOT_INITIALIZED = -32002,
  REQUEST_CANCELLED = -32800,
  CONTENT_MODIFIED = -32801,
  REQUEST_FAILED = -32803,
  NOT_FOUND = -31999,
  UNAUTHORIZED = -31998,
  OVERLOADED = -31997,
  BUSY = -31996,
  DRAINING = -31995,
  WORKSPACE = -31994,
  STORAGE = -31993,
  MODEL = -31992,
  CONFLICT = -31991,
  TIMEOUT = -31990,
}

return M
