/** Puts the parts together when the editor starts, and takes them apart when it ends. Nothing is decided here. */
import { homedir } from "node:os";
import * as vscode from "vscode";

import { Asking } from "./asking";
import { ActiveChat } from "./chat/active";
import { Offers } from "./chat/offers";
import { CHAT_VIEW, ChatView } from "./chat/view";
import { commands } from "./commands";
import { Daemon } from "./daemon/daemon";
import { find } from "./daemon/find";
import { install } from "./daemon/install";
import { type Desk, comeBack, hear, modelOf, open, surroundings } from "./desk";
import { Notices } from "./notices";
import { Projects } from "./projects";
import type { Run } from "./protocol.gen";
import { Methods } from "./protocol.gen";
import { told } from "./says";
import { Seen } from "./seen";
import { settings } from "./settings";
import { Status } from "./status";
import { ChangesView } from "./views/changes";
import { PlanView } from "./views/plan";
import { ProjectsView } from "./views/projects";
import { WorkspaceFiles } from "./workspace/files";
import { terminalOptions } from "./workspace/terminal";
import { SCHEME } from "./workspace/uris";

/** For tests in the editor; not for other extensions. */
export interface Inside {
  desk: Desk;
  view: ChatView;
  status: Status;
}

export function activate(context: vscode.ExtensionContext): Inside {
  const log = vscode.window.createOutputChannel("Journeyman", { log: true });
  const own = context.globalStorageUri.fsPath;
  const bundled = vscode.Uri.joinPath(context.extensionUri, "bundled").fsPath;
  const daemon = new Daemon(() => find(places(own)), log);
  const telling = <T>(act: () => Promise<T>) => told(log, act);
  const chat = new ActiveChat(daemon);
  const projects = new Projects(daemon, context.workspaceState, context.globalState);
  const files = new WorkspaceFiles(daemon);
  const before = (chatId: string) => view.visible && chat.id === chatId;
  const asking = new Asking(daemon, before, () => settings.notifies);
  const plan = new PlanView(daemon, chat, telling);
  const changes = new ChangesView(daemon, chat, files, log);
  const desk: Desk = {
    daemon, chat, projects, asking, plan, changes, offers: new Offers(daemon), seen: new Seen(), told: telling, mode: undefined, defaultModel: "",
    refuse: (text, sentence) => (view.visible ? view.post({ type: "refused", text, sentence }) : void vscode.window.showErrorMessage(sentence)),
    post: (message) => view.post(message),
    refresh: () => view.refresh(),
  };
  const view = new ChatView(context.extensionUri, chat, () => surroundings(desk));
  const tree = new ProjectsView(daemon, () => ({ projectId: projects.known, chatId: chat.id }));
  const status = new Status(daemon, chat, () => asking.pending.size, () => modelOf(desk));
  const redraw = () => {
    view.refresh();
    view.badge(asking.pending.size);
    status.draw();
  };
  const notices = new Notices(chat, () => settings.notifies, () => void view.focus());

  context.subscriptions.push(
    log, daemon, chat, files, asking, plan, changes, view, tree, status, notices,
    vscode.window.registerWebviewViewProvider(CHAT_VIEW, view),
    vscode.workspace.registerFileSystemProvider(SCHEME, files, { isCaseSensitive: true }),
    vscode.window.registerTerminalProfileProvider("journeyman.terminal", {
      provideTerminalProfile: async () => new vscode.TerminalProfile(terminalOptions(daemon, chat.state?.chat.projectId ?? (await projects.ensure()))),
    }),
    view.onDidSay((message) => void hear(desk, message)),
    asking.onDidChange(redraw),
    vscode.window.onDidChangeTextEditorSelection(() => view.refresh()),
    vscode.window.onDidChangeActiveTextEditor(() => view.refresh()),
    chat.onDidMove(({ events }) => !events && redraw()),
    daemon.onDidRunCommand((result) => void telling(() => adopt(desk, view, result))),
    daemon.onDidChangeState((state) => {
      redraw();
      void vscode.commands.executeCommand("setContext", "journeyman.ready", state === "ready");
      if (state === "ready") void telling(() => greet(desk, redraw));
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("journeyman.path")) void daemon.restart();
      if (change.affectsConfiguration("journeyman.mode")) redraw();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => daemon.state === "missing" && void daemon.restart()),
    vscode.commands.registerCommand("journeyman.showLog", () => log.show()),
    vscode.commands.registerCommand("journeyman.install", async () => (await install(own, bundled, log)) && daemon.restart()),
  );
  for (const [name, act] of Object.entries(commands(desk, view, tree, redraw))) {
    const command = (...args: unknown[]) => telling(() => act(...(args as never[])));
    context.subscriptions.push(vscode.commands.registerCommand(`journeyman.${name}`, command));
  }
  void daemon.start();
  return { desk, view, status };
}

function places(own: string) {
  const trusted = vscode.workspace.isTrusted;
  const folders = (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === "file").map((folder) => folder.uri.fsPath);
  return { configured: settings.path, folders: trusted ? folders : [], path: process.env.PATH ?? "", home: homedir(), own };
}

/** After every connection: the model of the next run, and the chat this folder had open. */
async function greet(desk: Desk, redraw: () => void): Promise<void> {
  desk.defaultModel = (await desk.daemon.request(Methods.modelList, {})).default ?? "";
  await comeBack(desk);
  redraw();
}

/** A run that a code action began is followed here like any other. */
async function adopt(desk: Desk, view: ChatView, result: unknown): Promise<void> {
  const run = result as Partial<Run> | null;
  if (!run?.runId || !run.chatId || !run.projectId) return;
  if (!desk.projects.known) await desk.projects.remember({ projectId: run.projectId });
  await open(desk, run.chatId);
  await view.focus();
}
