/** Picking the model and the mode of the next runs. */
import * as vscode from "vscode";

import type { Daemon } from "./daemon/daemon";
import type { ModelList } from "./protocol.gen";
import { Methods } from "./protocol.gen";
import type { Mode } from "./settings";

const MODES: { label: string; description: string; mode: Mode }[] = [
  { label: "Plan and do", description: "Plan, then work the plan through", mode: "plan+execute" },
  { label: "Do", description: "Work at once, without a plan", mode: "execute" },
  { label: "Plan only", description: "Nothing is changed", mode: "plan" },
];

export async function pickModel(daemon: Daemon, chatId: string | undefined): Promise<string | undefined> {
  const { items, default: standard } = await daemon.request(Methods.modelList, {});
  const usable = items.filter((model) => model.available);
  const others = items.filter((model) => !model.available);
  const named = (models: ModelList["items"]) => models.map((model) => ({
    label: model.id, description: [model.id === standard && "default", price(model)].filter(Boolean).join(" · "), detail: model.why ?? undefined, id: model.id,
  }));
  const typed = { label: "Another model…", id: "" };
  const picks: (vscode.QuickPickItem & { id?: string })[] = [
    ...named(usable),
    typed,
    ...(others.length ? [{ label: "Not usable now", kind: vscode.QuickPickItemKind.Separator }, ...named(others)] : []),
  ];
  const chosen = await vscode.window.showQuickPick(picks, { title: "Model of the next runs", matchOnDescription: true });
  if (!chosen) return undefined;
  const id = chosen.id || (await vscode.window.showInputBox({ title: "Model", prompt: "Such as openrouter/qwen/qwen3-coder" }))?.trim();
  if (!id) return undefined;
  if (chatId) await daemon.request(Methods.modelSelect, { chatId, model: id });
  return id;
}

export async function pickMode(): Promise<Mode | undefined> {
  return (await vscode.window.showQuickPick(MODES, { title: "How the next runs work" }))?.mode;
}

function price(model: ModelList["items"][number]): string {
  const { inputUsdPerMillion: input, outputUsdPerMillion: output } = model.price ?? {};
  return input == null || output == null ? "" : `$${input} in, $${output} out per million`;
}
