/** The bare page of the chat. Nothing from a model or a workspace is in it: that comes by message, and as text. */
export interface Assets {
  nonce: string;
  /** Where the editor serves our files from. */
  source: string;
  script: string;
  style: string;
}

export function page(assets: Assets): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${assets.nonce}'`,
    `style-src ${assets.source}`,
    `font-src ${assets.source}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${assets.style}">
<title>Journeyman</title>
</head>
<body>
<section id="trouble" role="status" hidden></section>
<details id="plan" open hidden><summary></summary><ul aria-label="Plan"></ul></details>
<main id="log" role="log" aria-live="polite" aria-label="Conversation" tabindex="0"></main>
<section id="asks" aria-label="Questions" aria-live="assertive"></section>
<section id="queue" aria-label="Waiting" hidden></section>
<footer id="composer">
<p id="refused" role="alert" hidden></p>
<ul id="offers" role="listbox" aria-label="Files" hidden></ul>
<textarea id="text" rows="3" aria-label="Message to Journeyman" aria-autocomplete="list" aria-haspopup="listbox" aria-controls="offers" placeholder="Ask Journeyman"></textarea>
<ul id="along" aria-label="Goes along with the message" hidden></ul>
<div id="running" hidden>
<select id="delivery" aria-label="While a run goes on">
<option value="steer">Tell it now</option>
<option value="queue">Do it afterwards</option>
<option value="interrupt">Do this instead</option>
</select>
<button id="stop" type="button" class="second">Stop</button>
</div>
<div id="bar">
<button id="mode" type="button" class="quiet" title="Pick the mode"></button>
<button id="model" type="button" class="quiet" title="Pick the model"></button>
<span class="space"></span>
<button id="send" type="button">Send</button>
</div>
<p id="usage" aria-label="Usage"></p>
</footer>
<script nonce="${assets.nonce}" src="${assets.script}"></script>
</body>
</html>`;
}
