/** What the person sees in the editor, to go along with what they ask: shown to the model as data, and said in the chat. */
import * as vscode from "vscode";

import type { Along } from "./chat/messages";
import type { ContextDiagnostic, Range, RunContext } from "./protocol.gen";

const DOCUMENTS_MAX = 20;
const CHARACTERS_MAX = 200_000;
const DIAGNOSTICS_MAX = 500;
const SEVERITIES: ContextDiagnostic["severity"][] = ["error", "warning", "information", "hint"];

export class Seen {
  /** The selection the person left out; another one goes along again. */
  private left = "";

  now(): RunContext {
    const selection = this.chosen();
    return {
      documents: unsaved().map((document) => ({ uri: document.uri.toString(), version: document.version, text: document.getText() })),
      selections: selection
        ? [{ uri: selection.document.uri.toString(), range: rangeOf(selection.selection), text: selection.document.getText(selection.selection).slice(0, CHARACTERS_MAX) }]
        : [],
      diagnostics: reported(),
    };
  }

  /** In few words, for the person. What is not saved is open in the editor, and so comes to the run in any case. */
  along(): Along[] {
    const parts: Along[] = [];
    const selection = this.chosen();
    if (selection) {
      const { start, end } = selection.selection;
      const lines = start.line === end.line ? `line ${start.line + 1}` : `lines ${start.line + 1}–${end.line + 1}`;
      parts.push({ id: "selection", label: `${vscode.workspace.asRelativePath(selection.document.uri, false)}, ${lines}`, optional: true });
    }
    const open = unsaved().length;
    if (open) parts.push({ id: "unsaved", label: `${open} unsaved ${open === 1 ? "file" : "files"}`, optional: false });
    return parts;
  }

  leaveOut(): void {
    this.left = placeOf(selected());
  }

  private chosen(): vscode.TextEditor | undefined {
    const editor = selected();
    return placeOf(editor) === this.left ? undefined : editor;
  }
}

function placeOf(editor: vscode.TextEditor | undefined): string {
  return editor ? `${editor.document.uri.toString()} ${JSON.stringify(rangeOf(editor.selection))}` : "";
}

function selected(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  return editor && !editor.selection.isEmpty && ours(editor.document.uri) ? editor : undefined;
}

function unsaved(): vscode.TextDocument[] {
  const documents = vscode.workspace.textDocuments.filter((document) => document.isDirty && ours(document.uri));
  return documents.filter((document) => document.getText().length <= CHARACTERS_MAX).slice(0, DOCUMENTS_MAX);
}

/** Absent where it would not be all. */
function reported(): ContextDiagnostic[] | undefined {
  const found = vscode.languages.getDiagnostics().flatMap(([uri, each]) => (ours(uri) ? each.map((diagnostic) => told(uri, diagnostic)) : []));
  return found.length <= DIAGNOSTICS_MAX ? found : undefined;
}

function told(uri: vscode.Uri, diagnostic: vscode.Diagnostic): ContextDiagnostic {
  const code = typeof diagnostic.code === "object" ? diagnostic.code.value : diagnostic.code;
  return {
    uri: uri.toString(),
    range: rangeOf(diagnostic.range),
    severity: SEVERITIES[diagnostic.severity] ?? "hint",
    message: diagnostic.message.slice(0, 8000),
    source: diagnostic.source?.slice(0, 200),
    code: typeof code === "string" ? code.slice(0, 200) : code,
  };
}

/** The editor's own ranges would go over the wire as arrays. */
function rangeOf({ start, end }: vscode.Range): Range {
  return { start: { line: start.line, character: start.character }, end: { line: end.line, character: end.character } };
}

/** Of the folder that is open, or of a workspace; not what the editor shows besides. */
function ours(uri: vscode.Uri): boolean {
  return (uri.scheme === "file" && vscode.workspace.getWorkspaceFolder(uri) !== undefined) || (uri.scheme === "journeyman" && !uri.query);
}
