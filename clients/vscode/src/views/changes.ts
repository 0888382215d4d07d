/** What the agent changed and nobody decided on, as a tree of files and hunks, with both sides of each file. */
import * as vscode from "vscode";

import type { ActiveChat } from "../chat/active";
import { pages } from "../daemon/calls";
import type { Daemon } from "../daemon/daemon";
import type { Hunk } from "../protocol.gen";
import { Methods } from "../protocol.gen";
import type { WorkspaceFiles } from "../workspace/files";
import { placeOf, uriOf } from "../workspace/uris";
import { type ChangedFile, grouped, nearest, sizeOf } from "./hunks";

/** As many as the daemon gives at once: it compares the files anew for each page. */
const PAGE = 500;

export type Node = ChangedFile | Hunk;

export class ChangesView implements vscode.TreeDataProvider<Node>, vscode.CodeLensProvider, vscode.Disposable {
  files: ChangedFile[] = [];
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly lenses = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.lenses.event;
  private readonly listed = new vscode.EventEmitter<void>();
  readonly onDidList = this.listed.event;
  private readonly view: vscode.TreeView<Node>;
  private readonly parts: vscode.Disposable[];
  private listing: Promise<void> | undefined;
  private stale = false;

  constructor(
    private readonly daemon: Daemon,
    private readonly chat: ActiveChat,
    private readonly documents: WorkspaceFiles,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.view = vscode.window.createTreeView("journeyman.changes", { treeDataProvider: this, showCollapseAll: true });
    this.parts = [
      this.view,
      chat.onDidChangeChanges(() => this.refresh()),
      vscode.languages.registerCodeLensProvider({ scheme: "journeyman" }, this),
    ];
  }

  /** Lists again, once for however many reasons. */
  refresh(): Promise<void> {
    this.stale = true;
    this.listing ??= this.list().finally(() => (this.listing = undefined));
    return this.listing;
  }

  getChildren(node?: Node): Node[] {
    if (!node) return this.files;
    return "hunks" in node && node.hunks.some((hunk) => hunk.kind === "edit") ? node.hunks : [];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    return "hunks" in node ? this.fileItem(node) : this.hunkItem(node);
  }

  getParent(node: Node): Node | undefined {
    return "hunks" in node ? undefined : this.files.find((file) => file.hunks.includes(node));
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const { path, projectId, before } = placeOf(document.uri);
    if (before || projectId !== this.chat.state?.chat.projectId) return [];
    return (this.files.find((file) => file.path === path)?.hunks ?? []).flatMap((hunk) => {
      const line = Math.min(Math.max((hunk.newStart ?? 1) - 1, 0), document.lineCount - 1);
      const at = new vscode.Range(line, 0, line, 0);
      return [
        new vscode.CodeLens(at, { title: `$(check) Accept ${sizeOf(hunk)}`, command: "journeyman.acceptChange", arguments: [hunk] }),
        new vscode.CodeLens(at, { title: "$(discard) Reject", command: "journeyman.rejectChange", arguments: [hunk] }),
      ];
    });
  }

  async accept(hunks: readonly Hunk[]): Promise<void> {
    await this.decide(Methods.changesAccept, hunks);
  }

  async reject(hunks: readonly Hunk[], feedback?: string): Promise<void> {
    await this.decide(Methods.changesReject, hunks, feedback);
  }

  all(): Hunk[] {
    return this.files.flatMap((file) => file.hunks);
  }

  /** The change at, or nearest to, where the cursor is. */
  here(): Hunk | undefined {
    const editor = vscode.window.activeTextEditor;
    if (!editor) return undefined;
    const { path } = placeOf(editor.document.uri);
    const hunks = this.files.find((file) => file.path === path)?.hunks ?? [];
    return nearest(hunks, editor.selection.active.line + 1);
  }

  async show(file: ChangedFile, hunk?: Hunk): Promise<void> {
    const sides = this.sides(file);
    if (!sides) return;
    const at = Math.max((hunk?.newStart ?? file.hunks[0]?.newStart ?? 1) - 1, 0);
    const options: vscode.TextDocumentShowOptions = { preview: true, selection: new vscode.Range(at, 0, at, 0) };
    await vscode.commands.executeCommand("vscode.diff", sides.before, sides.now, `${file.path} (before ↔ now)`, options);
  }

  /** Every file in one editor. */
  async showAll(): Promise<void> {
    const resources = this.files.flatMap((file) => {
      const sides = this.sides(file);
      if (!sides) return [];
      const { kind } = file.hunks[0]!;
      return [[sides.now, kind === "created" ? undefined : sides.before, kind === "deleted" ? undefined : sides.now]];
    });
    await vscode.commands.executeCommand("vscode.changes", "Changes of the agent", resources);
  }

  async apply(): Promise<void> {
    const chatId = this.chat.id;
    if (!chatId) return;
    const folder = vscode.workspace.workspaceFolders?.find((each) => each.uri.scheme === "file");
    const applied = await this.daemon.request(Methods.changesApply, { chatId, root: folder?.uri.fsPath, confirm: false });
    const refusals = applied.items.filter((item) => item.outcome === "refused");
    const done = applied.items.filter((item) => item.outcome !== "refused" && item.outcome !== "same").length;
    const sentence = `${done} ${done === 1 ? "file was" : "files were"} brought into ${applied.root}.`;
    if (!refusals.length) return void vscode.window.showInformationMessage(sentence);
    const left = refusals.slice(0, 5).map((item) => `${item.path}: ${item.why}`).join("; ");
    void vscode.window.showWarningMessage(`${sentence} Left as they are: ${left}.`);
  }

  dispose(): void {
    for (const part of this.parts) part.dispose();
    this.changed.dispose();
    this.lenses.dispose();
    this.listed.dispose();
  }

  private async list(): Promise<void> {
    while (this.stale) {
      this.stale = false;
      const chatId = this.chat.id;
      try {
        const hunks = chatId ? await pages((cursor) => this.daemon.request(Methods.changesList, { chatId, cursor, limit: PAGE })) : [];
        if (chatId === this.chat.id) this.take(hunks);
        else this.stale = true;
      } catch (error) {
        this.log.warn(`changes could not be listed: ${String(error)}`);
      }
    }
    this.listed.fire();
  }

  private take(hunks: Hunk[]): void {
    const known = this.files.map((file) => file.path);
    this.files = grouped(hunks);
    const count = hunks.length;
    this.view.badge = count ? { value: count, tooltip: `${count} undecided ${count === 1 ? "change" : "changes"}` } : undefined;
    void vscode.commands.executeCommand("setContext", "journeyman.reviewing", count > 0);
    const projectId = this.chat.state?.chat.projectId;
    const paths = new Set([...known, ...this.files.map((file) => file.path)]);
    if (projectId) this.documents.moved([...paths].map((path) => uriOf(projectId, path)));
    this.changed.fire(undefined);
    this.lenses.fire();
  }

  private async decide(method: typeof Methods.changesAccept | typeof Methods.changesReject, hunks: readonly Hunk[], feedback?: string): Promise<void> {
    const chatId = this.chat.id;
    if (!chatId || !hunks.length) return;
    const { items } = await this.daemon.request(method, { chatId, hunkIds: hunks.map((hunk) => hunk.hunkId), feedback });
    const odd = items.filter((item) => item.outcome === "conflict" || item.outcome === "unknown");
    const first = odd[0];
    if (first) void vscode.window.showWarningMessage(first.message ?? "The files moved on meanwhile; the list shows what is there now.");
    await this.refresh();
  }

  private sides(file: ChangedFile): { before: vscode.Uri; now: vscode.Uri } | undefined {
    const chat = this.chat.state?.chat;
    if (!chat) return undefined;
    return { before: uriOf(chat.projectId, file.path, chat.id), now: uriOf(chat.projectId, file.path) };
  }

  private fileItem(file: ChangedFile): vscode.TreeItem {
    const whole = file.hunks.every((hunk) => hunk.kind !== "edit");
    const state = whole ? vscode.TreeItemCollapsibleState.None : vscode.TreeItemCollapsibleState.Expanded;
    const item = new vscode.TreeItem(uriOf(this.chat.state?.chat.projectId ?? "", file.path), state);
    item.id = file.path;
    item.iconPath = vscode.ThemeIcon.File;
    item.contextValue = "changed";
    item.description = [file.path.includes("/") && file.path.slice(0, file.path.lastIndexOf("/")), whole && file.hunks[0]!.kind].filter(Boolean).join(" · ");
    item.command = { title: "Show Before and Now", command: "journeyman.openChange", arguments: [file] };
    item.accessibilityInformation = { label: `${file.path}, ${file.hunks.length} undecided` };
    return item;
  }

  private hunkItem(hunk: Hunk): vscode.TreeItem {
    const item = new vscode.TreeItem(`Line ${hunk.newStart ?? 1}`);
    item.id = hunk.hunkId;
    item.iconPath = new vscode.ThemeIcon(hunk.rejecting ? "loading~spin" : "diff-modified");
    item.contextValue = hunk.rejecting ? "rejecting" : "hunk";
    item.description = [sizeOf(hunk), hunk.rejecting && "will be taken back", hunk.doubtful && "may be somebody else's", hunk.guarded].filter(Boolean).join(" · ");
    item.tooltip = new vscode.MarkdownString().appendCodeblock(hunk.text ?? "", "diff");
    const file = this.files.find((each) => each.hunks.includes(hunk));
    item.command = { title: "Show Before and Now", command: "journeyman.openChange", arguments: [file, hunk] };
    item.accessibilityInformation = { label: `Change at line ${hunk.newStart ?? 1}, ${sizeOf(hunk)}` };
    return item;
  }
}
