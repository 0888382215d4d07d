/** What a person does at the chat, from whichever button, key or command: the page and the commands both come here. */
import * as vscode from "vscode";

import type { ActiveChat, Delivery } from "./chat/active";
import type { FromPage, Surroundings, ToPage } from "./chat/messages";
import type { Offer, OfferKind } from "./chat/offering";
import type { Offers } from "./chat/offers";
import type { Asking } from "./asking";
import { pages, refused } from "./daemon/calls";
import type { Daemon } from "./daemon/daemon";
import { Methods } from "./protocol.gen";
import type { Projects } from "./projects";
import { type Mode, settings } from "./settings";
import type { Seen } from "./seen";
import { short } from "./status";
import type { ChangesView } from "./views/changes";
import type { PlanView } from "./views/plan";

export interface Desk {
  daemon: Daemon;
  chat: ActiveChat;
  projects: Projects;
  asking: Asking;
  plan: PlanView;
  changes: ChangesView;
  offers: Offers;
  seen: Seen;
  told<T>(act: () => Promise<T>): Promise<T | undefined>;
  mode: Mode | undefined;
  defaultModel: string;
  /** Say to the page why a message was not taken, with the message. */
  refuse(text: string, sentence: string): void;
  post(message: ToPage): void;
  /** What goes along with a message is other now. */
  refresh(): void;
}

export function modelOf(desk: Desk): string {
  return desk.chat.state?.chat.model ?? desk.projects.model ?? desk.defaultModel;
}

export function surroundings(desk: Desk): Surroundings {
  const { state, problem } = desk.daemon;
  const again = { title: "Connect again", command: "journeyman.restart" };
  const log = { title: "Show log", command: "journeyman.showLog" };
  const install = { title: "Install", command: "journeyman.install" };
  const shown = { trouble: "", remedies: [] as Surroundings["remedies"] };
  if (state === "missing") Object.assign(shown, { trouble: problem, remedies: [install, again] });
  else if (state === "failed") Object.assign(shown, { trouble: `There is no connection to the daemon: ${problem}`, remedies: [again, log] });
  else if (state === "reconnecting") Object.assign(shown, { trouble: "The connection to the daemon ended; connecting again.", remedies: [log] });
  return { ...shown, model: short(modelOf(desk)) || "No model", mode: desk.mode ?? settings.mode, along: desk.seen.along() };
}

/** Say something: in the chat that is open, or in a new one. */
export async function send(desk: Desk, text: string, delivery: Delivery): Promise<void> {
  try {
    if (!desk.chat.id) await openNew(desk);
    const chosen = desk.chat.state?.chat.model ? undefined : desk.projects.model;
    await desk.chat.send(text, delivery, desk.mode ?? settings.mode, chosen, desk.seen.now());
  } catch (error) {
    desk.refuse(text, refused(error).sentence);
  }
}

export async function openNew(desk: Desk, projectId?: string): Promise<void> {
  const project = projectId ?? (await desk.projects.ensure());
  const chat = await desk.daemon.request(Methods.chatCreate, { projectId: project });
  await open(desk, chat.id);
}

export async function open(desk: Desk, chatId: string): Promise<void> {
  await desk.chat.open(chatId);
  await desk.projects.remember({ chatId });
}

/** The chat this folder had last, where it is still there. */
export async function comeBack(desk: Desk): Promise<void> {
  const chatId = desk.projects.lastChat;
  if (!chatId) return;
  try {
    await desk.chat.open(chatId, true);
  } catch (error) {
    if (refused(error).data.kind === "not_found") await desk.projects.forgetChat();
    else throw error;
  }
}

export async function history(desk: Desk): Promise<void> {
  const projectId = desk.chat.state?.chat.projectId ?? desk.projects.known;
  const chats = await pages((cursor) => desk.daemon.request(Methods.chatList, { projectId, cursor }), 500);
  const picks = chats.map((chat) => ({ label: chat.title, description: new Date(chat.updatedAt).toLocaleString(), id: chat.id }));
  const chosen = await vscode.window.showQuickPick(picks, { title: "Chats", placeHolder: chats.length ? "" : "There is none yet" });
  if (chosen) await open(desk, chosen.id);
}

export async function resume(desk: Desk): Promise<void> {
  const runId = desk.chat.state?.resumable;
  if (!runId) return void vscode.window.showInformationMessage("No run of this chat was cut off.");
  await desk.daemon.request(Methods.agentResume, { runId });
}

export function hear(desk: Desk, message: FromPage): Promise<unknown> {
  return desk.told(async () => {
    switch (message.type) {
      case "send":
        return send(desk, message.text, message.delivery);
      case "stop":
        return desk.chat.stop();
      case "resume":
        return resume(desk);
      case "earlier":
        return desk.chat.loadEarlier();
      case "model":
        return vscode.commands.executeCommand("journeyman.pickModel");
      case "mode":
        return vscode.commands.executeCommand("journeyman.pickMode");
      case "permission":
        return desk.asking.reply(message.permissionId, message.optionId, message.feedback);
      case "offer":
        return desk.post({ type: "offers", serial: message.serial, items: await offered(desk, message.kind, message.part) });
      case "leave":
        desk.seen.leaveOut();
        return desk.refresh();
      case "unqueue":
        return desk.daemon.request(Methods.agentQueueRemove, { itemId: message.itemId });
      case "todo":
        return desk.plan.check(message.id, message.done);
      case "copy":
        return vscode.env.clipboard.writeText(message.text);
      case "file":
        return vscode.commands.executeCommand("journeyman.openFile", message.path);
      case "command":
        // Only commands of ours: the page shows what a model said.
        return message.command.startsWith("journeyman.") && !message.command.includes(".", 11) ? vscode.commands.executeCommand(message.command) : undefined;
      case "link":
        return openLink(message.href);
      case "whole":
        return showWhole(desk, message.messageId);
      case "ready":
      case "painted":
        return undefined;
    }
  });
}

/** Nothing, where the daemon cannot be asked: who is writing is not interrupted. */
async function offered(desk: Desk, kind: OfferKind, part: string): Promise<Offer[]> {
  const projectId = desk.chat.state?.chat.projectId ?? desk.projects.known;
  const own = !projectId || projectId === desk.projects.known;
  const changed = desk.changes.files.map(({ path }) => path);
  return desk.offers.of(kind, part, { projectId, own, changed }).catch(() => []);
}

/** A link in what a model wrote leads anywhere: the person sees where before it is opened. */
async function openLink(href: string): Promise<void> {
  const uri = vscode.Uri.parse(href, true);
  if (!["http", "https", "mailto"].includes(uri.scheme)) return;
  const go = "Open";
  const chosen = await vscode.window.showWarningMessage("Open this link?", { modal: true, detail: href }, go);
  if (chosen === go) await vscode.env.openExternal(uri);
}

async function showWhole(desk: Desk, messageId: string): Promise<void> {
  const chatId = desk.chat.id;
  if (!chatId) return;
  const message = await desk.daemon.request(Methods.chatMessage, { chatId, messageId });
  const document = await vscode.workspace.openTextDocument({ content: message.text, language: message.role === "assistant" ? "markdown" : "plaintext" });
  await vscode.window.showTextDocument(document, { preview: true });
}
