/** Every command, by name: a line or a few over what does the work. */
import * as vscode from "vscode";

import { goBack, undoRewind } from "./checkpoints";
import type { ChatView } from "./chat/view";
import { type Desk, history, open, openNew, resume, send } from "./desk";
import { pickMode, pickModel } from "./models";
import type { Chat, Hunk, Project, TodoItem } from "./protocol.gen";
import { Methods } from "./protocol.gen";
import { confirmed } from "./says";
import type { ProjectsView } from "./views/projects";
import type { ChangedFile } from "./views/hunks";
import { previewPort } from "./workspace/ports";
import { terminalOptions } from "./workspace/terminal";
import { uriOf } from "./workspace/uris";

type Command = (...args: never[]) => Promise<unknown>;

export function commands(desk: Desk, view: ChatView, projects: ProjectsView, changed: () => void): Record<string, Command> {
  const { daemon, chat, changes, plan } = desk;
  const project = async (of?: Project) => of?.id ?? chat.state?.chat.projectId ?? (await desk.projects.ensure());
  const redraw = async (act: Promise<unknown>) => {
    await act;
    projects.refresh();
  };
  return {
    openChat: () => view.focus(),
    newChat: async () => {
      await redraw(openNew(desk));
      await view.focus();
    },
    history: () => history(desk),
    send: async (text?: string) => {
      const said = text ?? (await vscode.window.showInputBox({ title: "Ask Journeyman" }));
      if (said?.trim()) await send(desk, said.trim(), "queue");
      return chat.id;
    },
    stopRun: () => chat.stop(),
    resumeRun: () => resume(desk),
    pickModel: async () => {
      const model = await pickModel(daemon, chat.id);
      if (!model) return;
      if (chat.state) chat.state.chat = { ...chat.state.chat, model };
      await desk.projects.remember({ model });
      changed();
    },
    pickMode: async () => {
      desk.mode = (await pickMode()) ?? desk.mode;
      changed();
    },
    permissions: () => desk.asking.walk(),
    addTodo: () => plan.add(),
    editTodo: (item: TodoItem) => plan.rephrase(item),
    removeTodo: (item: TodoItem) => plan.drop(item),
    acceptChange: (node: ChangedFile | Hunk) => changes.accept("hunks" in node ? node.hunks : [node]),
    rejectChange: (node: ChangedFile | Hunk) => changes.reject("hunks" in node ? node.hunks : [node]),
    acceptHere: async () => changes.accept([changes.here()].filter((hunk) => hunk !== undefined)),
    rejectHere: async () => changes.reject([changes.here()].filter((hunk) => hunk !== undefined)),
    acceptAll: () => changes.accept(changes.all()),
    rejectAll: async () => {
      const all = changes.all();
      if (!all.length) return;
      const feedback = await vscode.window.showInputBox({ title: `Take back ${all.length} changes`, prompt: "What the model is told with it (may stay empty)" });
      if (feedback !== undefined) await changes.reject(all, feedback || undefined);
    },
    applyChanges: () => changes.apply(),
    reviewAll: async () => {
      await changes.refresh();
      if (!changes.files.length) return vscode.window.showInformationMessage("There is nothing to decide on.");
      return changes.showAll();
    },
    openChange: (file: ChangedFile, hunk?: Hunk) => changes.show(file, hunk),
    openFile: async (path: string) => {
      const file = changes.files.find((each) => each.path === path);
      if (file) return changes.show(file);
      return vscode.window.showTextDocument(uriOf(await project(), path), { preview: true });
    },
    checkpoints: async () => {
      if (!chat.id) return vscode.window.showInformationMessage("Open a chat first.");
      const chatId = chat.id;
      if (await goBack(daemon, chatId)) await chat.open(chatId);
    },
    undoRewind: async () => {
      const chatId = chat.id;
      if (!chatId) return;
      await undoRewind(daemon, chatId);
      await chat.open(chatId);
    },
    openWorkspace: async (of?: Project) => {
      const id = await project(of);
      const { name } = await daemon.request(Methods.projectGet, { projectId: id });
      const at = vscode.workspace.workspaceFolders?.length ?? 0;
      vscode.workspace.updateWorkspaceFolders(at, 0, { uri: uriOf(id, ""), name: `${name} (workspace)` });
    },
    openTerminal: async (of?: Project) => {
      const terminal = vscode.window.createTerminal(terminalOptions(daemon, await project(of)));
      terminal.show();
      return terminal;
    },
    previewPort: async (of?: Project) => previewPort(daemon, await project(of)),
    openProjectChat: async (of: Chat) => {
      await redraw(open(desk, of.id));
      await view.focus();
    },
    newProjectChat: async (of: Project) => {
      await redraw(openNew(desk, of.id));
      await view.focus();
    },
    renameChat: async (of: Chat) => {
      const title = await vscode.window.showInputBox({ title: "Rename the chat", value: of.title });
      if (title?.trim()) await redraw(daemon.request(Methods.chatRename, { chatId: of.id, title: title.trim() }));
    },
    deleteChat: async (of: Chat) => {
      if (!(await confirmed(`Delete “${of.title}”?`, "Its messages, its plan and its checkpoints are gone then. The files of the project stay.", "Delete"))) return;
      if (chat.id === of.id) chat.close();
      await redraw(daemon.request(Methods.chatDelete, { chatId: of.id }));
    },
    archiveProject: (of: Project) => redraw(daemon.request(Methods.workspaceArchive, { projectId: of.id })),
    refreshProjects: async () => projects.refresh(),
    restart: () => daemon.restart(),
    status: async () => {
      if (daemon.state === "ready") {
        const now = await daemon.request(Methods.daemonStatus, {});
        const sandbox = now.sandbox ? `workspaces in ${now.sandbox.name}` : (now.sandboxProblem ?? "no sandbox");
        return vscode.window.showInformationMessage(`Journeyman ${now.version}: ${now.runsActive} running, ${now.workspacesLive} workspaces live, ${sandbox}.`);
      }
      const choices = daemon.state === "missing" ? ["Install", "Connect again", "Settings"] : ["Connect again", "Show log"];
      const chosen = await vscode.window.showWarningMessage(daemon.problem || "The daemon is not connected.", ...choices);
      const does: Record<string, [string, ...string[]]> = {
        Install: ["journeyman.install"], "Connect again": ["journeyman.restart"], "Show log": ["journeyman.showLog"], Settings: ["workbench.action.openSettings", "journeyman.path"],
      };
      return chosen && vscode.commands.executeCommand(...does[chosen]!);
    },
  };
}
