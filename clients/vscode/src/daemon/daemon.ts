/** The connection to the daemon over its whole life: found, started, lost, made again, explained when it cannot be. */
import * as vscode from "vscode";
import type { ProtocolRequestType, StaticFeature } from "vscode-languageclient/node";
import { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";

import type { DaemonNotifications, DaemonRequests, JourneymanCapabilities } from "../protocol.gen";
import { PROTOCOL_VERSION } from "../protocol.gen";
import { Backoff } from "./backoff";
import { type Bridge, startBridge } from "./bridge";
import type { Caller, Method, Params, Result, Told } from "./calls";
import { Refused, refused } from "./calls";
import type { Found } from "./find";

export type DaemonState = "starting" | "ready" | "reconnecting" | "missing" | "failed" | "stopped";
type Asked = keyof DaemonRequests;
type Answerer<M extends Asked> = (
  params: DaemonRequests[M]["params"],
  token: vscode.CancellationToken,
) => Promise<DaemonRequests[M]["result"]>;

const WAIT_FOR_READY_MS = 30_000;

export class Daemon implements Caller, vscode.Disposable {
  /** A sentence for `missing` and `failed`. */
  problem = "";
  state: DaemonState = "stopped";
  version = "";

  private client: LanguageClient | undefined;
  private bridge: Bridge | undefined;
  private again: NodeJS.Timeout | undefined;
  private readonly backoff = new Backoff();
  private readonly listeners = new Map<Told, Set<(params: never) => void>>();
  private readonly answerers = new Map<Asked, Answerer<Asked>>();
  private readonly changed = new vscode.EventEmitter<DaemonState>();
  private readonly commanded = new vscode.EventEmitter<unknown>();
  readonly onDidChangeState = this.changed.event;
  /** What a command of the daemon's own (a code action, say) answered. */
  readonly onDidRunCommand = this.commanded.event;

  constructor(
    private readonly find: () => Promise<Found>,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** From now on there is a connection, or somebody is told why there is none. */
  async start(): Promise<void> {
    clearTimeout(this.again);
    await this.drop();
    this.become(this.state === "reconnecting" ? "reconnecting" : "starting");
    const found = await this.find();
    if ("missing" in found) return this.become("missing", found.missing);
    const client = this.make(found.command);
    this.client = client;
    try {
      await client.start();
      this.accept(client);
    } catch (error) {
      if (this.client === client) this.lost(this.bridge?.lastWords() || refused(error).message);
    }
  }

  async restart(): Promise<void> {
    this.backoff.reset();
    this.state = "starting";
    await this.start();
  }

  async request<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    const client = await this.ready();
    try {
      return await client.sendRequest<Result<M>>(method, params);
    } catch (error) {
      throw refused(error);
    }
  }

  /** Ask for what nobody waits for: a refusal means that what it was about has ended, and is only logged. */
  tell<M extends Method>(method: M, params: Params<M>): void {
    this.request(method, params).catch((error: unknown) => this.log.debug(`${method}: ${refused(error).sentence}`));
  }

  /** A standard request of LSP's, by its own type. */
  async standard<P, R>(type: ProtocolRequestType<P, R, void, void, unknown>, params: P): Promise<R> {
    const client = await this.ready();
    try {
      return await client.sendRequest<R>(type.method, params);
    } catch (error) {
      throw refused(error);
    }
  }

  on<M extends Told>(method: M, listener: (params: DaemonNotifications[M]["params"]) => void): vscode.Disposable {
    let known = this.listeners.get(method);
    if (!known) {
      known = new Set();
      this.listeners.set(method, known);
      if (this.client) this.hear(this.client, method);
    }
    known.add(listener as (params: never) => void);
    return new vscode.Disposable(() => known?.delete(listener as (params: never) => void));
  }

  /** Before `start`: the daemon is told what this client answers. */
  answer<M extends Asked>(method: M, answerer: Answerer<M>): void {
    this.answerers.set(method, answerer as unknown as Answerer<Asked>);
  }

  dispose(): void {
    clearTimeout(this.again);
    void this.drop();
    this.changed.dispose();
    this.commanded.dispose();
  }

  private make(command: string): LanguageClient {
    const cwd = vscode.workspace.workspaceFolders?.find((folder) => folder.uri.scheme === "file")?.uri.fsPath;
    const serve = async () => {
      this.bridge = await startBridge(command, cwd);
      return this.bridge.process;
    };
    const client = new LanguageClient("journeyman", "Journeyman", serve, {
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true }),
      },
      middleware: {
        executeCommand: async (name, args, next) => {
          const result: unknown = await next(name, args);
          this.commanded.fire(result);
          return result;
        },
      },
    });
    client.registerFeature(this.introduction());
    for (const method of this.listeners.keys()) this.hear(client, method);
    for (const [method, answerer] of this.answerers) client.onRequest(method, answerer);
    client.onDidChangeState(({ newState }) => {
      if (newState === State.Stopped && this.client === client && this.state === "ready") {
        this.lost(this.bridge?.lastWords() || "The connection ended.");
      }
    });
    return client;
  }

  private hear(client: LanguageClient, method: Told): void {
    client.onNotification(method, (params: unknown) => this.listeners.get(method)?.forEach((listener) => listener(params as never)));
  }

  private introduction(): StaticFeature {
    const requests = [...this.answerers.keys()];
    return {
      fillClientCapabilities: (capabilities) => {
        const journeyman = { protocolVersion: PROTOCOL_VERSION, events: true, requests };
        capabilities.experimental = { ...capabilities.experimental, journeyman };
      },
      initialize: () => undefined,
      getState: () => ({ kind: "static" }),
      clear: () => undefined,
    };
  }

  private accept(client: LanguageClient): void {
    const ours = client.initializeResult?.capabilities.experimental?.journeyman as JourneymanCapabilities | undefined;
    this.version = ours?.version ?? "";
    this.backoff.reset();
    this.become("ready");
    this.log.info(`connected to the daemon ${this.version}`);
  }

  private lost(why: string): void {
    const wait = this.backoff.next();
    this.log.warn(why);
    if (wait === undefined) return this.become("failed", why);
    this.become("reconnecting", why);
    this.again = setTimeout(() => void this.start(), wait);
  }

  private become(state: DaemonState, problem = ""): void {
    this.problem = problem;
    this.state = state;
    this.changed.fire(state);
  }

  private async drop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (!client) return;
    // A client whose process is gone says so when it is disposed of: that is no news any more.
    await client.dispose(2000).catch((error: unknown) => this.log.debug(String(error)));
    this.bridge?.process.kill();
  }

  private ready(): Promise<LanguageClient> {
    if (this.state === "ready" && this.client) return Promise.resolve(this.client);
    if (this.state === "missing" || this.state === "failed" || this.state === "stopped") {
      return Promise.reject(new Refused(this.problem || "The daemon is not connected.", 0, { hint: "Run “Journeyman: Connect Again”." }));
    }
    return new Promise((resolve, reject) => {
      const settle = () => {
        if (this.state === "starting" || this.state === "reconnecting") return;
        clearTimeout(deadline);
        waiting.dispose();
        this.ready().then(resolve, reject);
      };
      const waiting = this.onDidChangeState(settle);
      const deadline = setTimeout(() => {
        waiting.dispose();
        reject(new Refused("The daemon did not answer in time.", 0, { hint: "Look at the log of Journeyman." }));
      }, WAIT_FOR_READY_MS);
    });
  }
}
