/** What the person sees in the editor, to go along with what they ask: shown to the model as data, and said in the chat. */
import * as vscode from "vscode";

import type { ContextDiagnostic, Range, RunContext } from "./protocol.gen";

const DOCUMENTS_MAX = 20;
const CHARACTERS_MAX = 200_000;
const DIAGNOSTICS_MAX = 500;
const SEVERITIES: ContextDiagnostic["severity"][] = ["error", "warning", "information", "hint"];

export function seen(): RunContext {
  const selection = selected();
  return {
    documents: unsaved().map((document) => ({ uri: document.uri.toString(), version: document.version, text: document.getText() })),
    selections: selection
      ? [{ uri: selection.document.uri.toString(), range: rangeOf(selection.selection), text: selection.document.getText(selection.selection).slice(0, CHARACTERS_MAX) }]
      : [],
    diagnostics: reported(),
  };
}

/** In few words, for the person; empty where nothing goes along. */
export function along(): string {
  const parts: string[] = [];
  const selection = selected();
  if (selection) {
    const { start, end } = selection.selection;
    const lines = start.line === end.line ? `line ${start.line + 1}` : `lines ${start.line + 1}–${end.line + 1}`;
    parts.push(`${vscode.workspace.asRelativePath(selection.document.uri, false)}, ${lines}`);
  }
  const open = unsaved().length;
  if (open) parts.push(`${open} unsaved ${open === 1 ? "file" : "files"}`);
  return parts.join("; ");
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
