// A client made of npm's @agentclientprotocol/sdk. It is told what to do as JSON in its only argument, does it,
// and prints what came of it as JSON. `node acp_client.mjs '{"sdk": ..., "command": [...], "cwd": ...}'`
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { Readable, Writable } from "node:stream";

const order = JSON.parse(process.argv[2]);
const acp = await import(order.sdk);
const { agent, protocol } = acp.methods;

async function streams() {
  if (order.port) {
    const socket = connect(order.port, "127.0.0.1");
    await new Promise((ready, failed) => socket.once("connect", ready).once("error", failed));
    return [socket, socket, () => socket.destroy()];
  }
  const [program, ...rest] = order.command;
  const child = spawn(program, rest, { env: order.env, stdio: ["pipe", "pipe", "inherit"] });
  return [child.stdin, child.stdout, () => child.stdin.end()];
}

async function refused(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error.code;
  }
}

/** Everything until the prompt's own answer. */
async function turn(session, text) {
  const answer = session.prompt(text);
  const updates = [];
  for (;;) {
    const message = await session.nextUpdate();
    if (message.kind === "stop") break;
    updates.push(message.update);
  }
  return { stopReason: (await answer).stopReason, meta: (await answer)._meta, updates };
}

async function work(ctx) {
  const found = {};
  const token = { journeyman: { token: order.token } };
  const hello = { protocolVersion: acp.PROTOCOL_VERSION, clientCapabilities: {} };
  found.initialize = await ctx.request(agent.initialize, order.late ? hello : { ...hello, _meta: token });
  if (order.late) await ctx.request(agent.authenticate, { methodId: "token", _meta: token });
  const session = await ctx.buildSession({ cwd: order.cwd, mcpServers: [] }).start();
  const sessionId = session.sessionId;
  found.session = session.newSessionResponse;
  found.config = await ctx.request(agent.session.setConfigOption, { sessionId, configId: "model", value: order.model });
  await ctx.request(agent.session.setMode, { sessionId, modeId: order.mode ?? "plan+execute" });
  found.turn = await turn(session, order.prompt);
  if (order.sleeper) {
    await ctx.request(agent.session.setConfigOption, { sessionId, configId: "model", value: order.sleeper });
    found.cancelled = await cancelled(ctx, session, () => ctx.notify(agent.session.cancel, { sessionId }));
    const abort = new AbortController();
    found.aborted = await cancelled(ctx, session, () => abort.abort(), { cancellationSignal: abort.signal });
  }
  found.list = await ctx.request(agent.session.list, { cwd: order.cwd });
  found.close = await ctx.request(agent.session.close, { sessionId });
  found.promptAfterClose = await refused(ctx.request(agent.session.prompt, { sessionId, prompt: [] }));
  found.resume = await ctx.request(agent.session.resume, { sessionId, cwd: order.cwd });
  const before = loaded.length;
  found.load = await ctx.request(agent.session.load, { sessionId, cwd: order.cwd, mcpServers: [] });
  found.history = loaded.slice(before).map((update) => update.sessionUpdate);
  found.unknown = await refused(ctx.request("no/such", {}));
  found.invalid = await refused(ctx.request(agent.session.new, { cwd: "relative", mcpServers: [] }));
  found.delete = await ctx.request(agent.session.delete, { sessionId });
  found.loadAfterDelete = await refused(
    ctx.request(agent.session.load, { sessionId, cwd: order.cwd, mcpServers: [] }),
  );
  return found;
}

/** Begin a prompt, cancel it once a command runs, and say how it was answered. */
async function cancelled(ctx, session, cancel, options) {
  const answer = session.prompt("Wait.", options).then(
    (response) => response.stopReason,
    (error) => error.code,
  );
  for (;;) {
    const message = await session.nextUpdate();
    if (message.kind === "stop") break;
    if (message.update.sessionUpdate === "tool_call") {
      cancel();
      break;
    }
  }
  const how = await answer;
  for (;;) {
    const message = await session.nextUpdate();
    if (message.kind === "stop") return how;
  }
}

const loaded = [];
const [input, output, end] = await streams();
const client = acp
  .client({ name: "journeyman-tests" })
  .onNotification(acp.methods.client.session.update, (ctx) => {
    loaded.push(ctx.params.update);
  });
const stream = acp.ndJsonStream(Writable.toWeb(input), Readable.toWeb(output));
const found = await client.connectWith(stream, work);
console.log(JSON.stringify(found));
end();
process.exit(0);
