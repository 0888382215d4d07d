/** Workspaces as folders of the editor: a file system over the daemon's, with what a chat found there as a second side. */
import * as vscode from "vscode";
import { TextDocumentContentRequest } from "vscode-languageclient/node";

import { pages, refused } from "../daemon/calls";
import type { Daemon } from "../daemon/daemon";
import type { FileChange, FileStat } from "../protocol.gen";
import { Methods } from "../protocol.gen";
import { placeOf, uriOf } from "./uris";

const PIECE_BYTES = 4 * 1024 * 1024;
const WRITE_BYTES_MAX = 5 * 1024 * 1024;
const KINDS: Record<FileStat["kind"], vscode.FileType> = {
  file: vscode.FileType.File,
  directory: vscode.FileType.Directory,
  symlink: vscode.FileType.SymbolicLink,
  other: vscode.FileType.Unknown,
};
const CHANGES: Record<FileChange["kind"], vscode.FileChangeType> = {
  created: vscode.FileChangeType.Created,
  changed: vscode.FileChangeType.Changed,
  deleted: vscode.FileChangeType.Deleted,
};

export class WorkspaceFiles implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;
  private readonly watched = new Map<string, string>();
  private readonly heard: vscode.Disposable[];
  /** Counts how often the other sides moved: their documents are read again then. */
  private moves = 1;
  private readonly sides = new Set<string>();

  constructor(private readonly daemon: Daemon) {
    this.heard = [
      daemon.on(Methods.workspaceDidChangeFiles, ({ watchId, changes, ended }) => {
        const projectId = this.watched.get(watchId);
        if (projectId) this.changed.fire(changes.map(({ kind, path }) => ({ type: CHANGES[kind], uri: uriOf(projectId, path) })));
        if (ended) this.watched.delete(watchId);
      }),
      daemon.onDidChangeState((state) => state !== "ready" && this.watched.clear()),
    ];
  }

  watch(uri: vscode.Uri, { recursive, excludes }: { recursive: boolean; excludes: readonly string[] }): vscode.Disposable {
    const { projectId, path, before } = placeOf(uri);
    if (before) return new vscode.Disposable(() => undefined);
    const asked = this.daemon.request(Methods.workspaceWatch, { projectId, path, recursive, excludes: [...excludes] });
    asked.then(({ watchId }) => this.watched.set(watchId, projectId), () => undefined); // what cannot be watched is still read
    return new vscode.Disposable(() =>
      asked.then(
        ({ watchId }) => {
          this.watched.delete(watchId);
          this.daemon.tell(Methods.workspaceUnwatch, { watchId });
        },
        () => undefined, // it was never watched
      ),
    );
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { projectId, path, before } = placeOf(uri);
    if (before) {
      const size = (await this.found(uri)).byteLength;
      return { type: vscode.FileType.File, size, ctime: 0, mtime: this.moves, permissions: vscode.FilePermission.Readonly };
    }
    return statOf(await this.asked(uri, this.daemon.request(Methods.workspaceStat, { projectId, path })));
  }

  async readDirectory(uri: vscode.Uri): Promise<[string, vscode.FileType][]> {
    const { projectId, path } = placeOf(uri);
    const items = await this.asked(uri, pages((cursor) => this.daemon.request(Methods.workspaceReadDirectory, { projectId, path, cursor }), 100_000));
    return items.map(({ name, stat }) => [name, typeOf(stat)]);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { projectId, path, before } = placeOf(uri);
    if (before) return this.found(uri);
    const pieces: Buffer[] = [];
    let offset = 0;
    let etag: string | undefined;
    for (;;) {
      const piece = await this.asked(uri, this.daemon.request(Methods.workspaceReadFile, { projectId, path, offset, limit: PIECE_BYTES, encoding: "base64", hash: false, etag }));
      pieces.push(Buffer.from(piece.content, "base64"));
      offset += piece.bytes;
      etag = piece.etag;
      if (offset >= piece.size || !piece.bytes) return Buffer.concat(pieces);
    }
  }

  async writeFile(uri: vscode.Uri, data: Uint8Array, { create, overwrite }: { create: boolean; overwrite: boolean }): Promise<void> {
    const { projectId, path, before } = placeOf(uri);
    if (before) throw vscode.FileSystemError.NoPermissions("This is how the chat found the file; it cannot be changed.");
    if (data.byteLength > WRITE_BYTES_MAX) throw vscode.FileSystemError.Unavailable("Files of more than 5 MiB cannot be saved from here; use the terminal in the workspace.");
    const content = Buffer.from(data).toString("base64");
    await this.asked(uri, this.daemon.request(Methods.workspaceWriteFile, { projectId, path, content, encoding: "base64", create, overwrite }));
    this.tell(vscode.FileChangeType.Changed, uri);
  }

  async createDirectory(uri: vscode.Uri): Promise<void> {
    const { projectId, path } = placeOf(uri);
    await this.asked(uri, this.daemon.request(Methods.workspaceCreateDirectory, { projectId, path }));
    this.tell(vscode.FileChangeType.Created, uri);
  }

  async delete(uri: vscode.Uri, { recursive }: { recursive: boolean }): Promise<void> {
    const { projectId, path } = placeOf(uri);
    await this.asked(uri, this.daemon.request(Methods.workspaceDelete, { projectId, path, recursive }));
    this.tell(vscode.FileChangeType.Deleted, uri);
  }

  async rename(from: vscode.Uri, to: vscode.Uri, { overwrite }: { overwrite: boolean }): Promise<void> {
    const old = placeOf(from);
    const made = placeOf(to);
    if (old.projectId !== made.projectId) throw vscode.FileSystemError.Unavailable("Files are not moved from one workspace to another; copy them.");
    await this.asked(from, this.daemon.request(Methods.workspaceRename, { projectId: old.projectId, path: old.path, newPath: made.path, overwrite }));
    this.changed.fire([{ type: vscode.FileChangeType.Deleted, uri: from }, { type: vscode.FileChangeType.Created, uri: to }]);
  }

  /** What changes are counted from, and what the files are, moved: whoever shows them looks again. */
  moved(uris: readonly vscode.Uri[]): void {
    this.moves++;
    const others = [...this.sides].map((side) => vscode.Uri.parse(side, true));
    this.changed.fire([...uris, ...others].map((uri) => ({ type: vscode.FileChangeType.Changed, uri })));
  }

  dispose(): void {
    for (const each of this.heard) each.dispose();
    this.changed.dispose();
  }

  private async found(uri: vscode.Uri): Promise<Uint8Array> {
    this.sides.add(uri.toString());
    try {
      // By the standard's own method, as every other editor does.
      const { text } = await this.daemon.standard(TextDocumentContentRequest.type, { uri: uri.toString(true) });
      return Buffer.from(text);
    } catch (error) {
      const kind = refused(error).data.kind;
      if (kind === "not_found") return new Uint8Array(); // it was made since, or everything of it is decided
      throw failure(uri, error);
    }
  }

  private async asked<T>(uri: vscode.Uri, request: Promise<T>): Promise<T> {
    try {
      return await request;
    } catch (error) {
      throw failure(uri, error);
    }
  }

  private tell(type: vscode.FileChangeType, uri: vscode.Uri): void {
    this.changed.fire([{ type, uri }]);
  }
}

function typeOf(stat: FileStat): vscode.FileType {
  if (stat.kind !== "symlink") return KINDS[stat.kind];
  return vscode.FileType.SymbolicLink | (stat.targetKind === "file" || stat.targetKind === "directory" ? KINDS[stat.targetKind] : 0);
}

function statOf(stat: FileStat): vscode.FileStat {
  const mtime = Date.parse(stat.mtime);
  return { type: typeOf(stat), size: stat.size, ctime: mtime, mtime };
}

function failure(uri: vscode.Uri, error: unknown): vscode.FileSystemError {
  const refusal = refused(error);
  switch (refusal.data.kind) {
    case "not_found":
      return vscode.FileSystemError.FileNotFound(uri);
    case "conflict":
      return vscode.FileSystemError.FileExists(uri);
    case "path_refused":
    case "unauthorized":
      return vscode.FileSystemError.NoPermissions(refusal.sentence);
    default:
      return vscode.FileSystemError.Unavailable(refusal.sentence);
  }
}
