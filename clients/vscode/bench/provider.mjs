// A language model on loopback that answers at once, with one call of a tool.
import { createServer } from "node:http";

/** `turns`: the call that answers a prompt with the key in it; afterwards it is done. */
export async function provider(turns) {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    if (request.method !== "POST") return void response.writeHead(404).end();
    const { messages } = JSON.parse(body);
    const asked = messages.findLastIndex(({ role }) => role === "user");
    const key = Object.keys(turns).find((each) => JSON.stringify(messages[asked]?.content ?? "").includes(each));
    const first = messages.slice(asked).every(({ role }) => role !== "tool");
    const [name, given] = first && key ? turns[key] : ["fin", { summary: "Done." }];
    response.writeHead(200, { "content-type": "text/event-stream" });
    const say = (delta, reason = null) => response.write(`data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: reason }] })}\n\n`);
    say({ tool_calls: [{ index: 0, id: `call-${messages.length}`, type: "function", function: { name, arguments: JSON.stringify(given) } }] });
    say({}, "tool_calls");
    response.end("data: [DONE]\n\n");
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return { base: `http://127.0.0.1:${server.address().port}/v1`, close: () => server.close() };
}
