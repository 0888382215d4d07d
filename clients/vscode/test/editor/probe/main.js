// A view with nothing in it, and how long that takes.
const vscode = require("vscode");

exports.activate = (context) => {
  let heard;
  const resolveWebviewView = ({ webview }) => {
    webview.options = { enableScripts: true };
    webview.onDidReceiveMessage((message) => heard?.(message));
    webview.html = "<!DOCTYPE html><p>Nothing.</p><script>const editor = acquireVsCodeApi(); requestAnimationFrame(() => editor.postMessage('painted'));</script>";
  };
  context.subscriptions.push(vscode.window.registerWebviewViewProvider("probe.view", { resolveWebviewView }));
  return {
    shown: () => new Promise((done) => {
      heard = done;
      void vscode.commands.executeCommand("probe.view.focus");
    }),
  };
};
