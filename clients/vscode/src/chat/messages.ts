/** What the extension and the page of the chat say to each other. Both sides check what they get by `type`. */
import type { Event } from "../protocol.gen";
import type { Mode } from "../settings";
import type { Delivery } from "./active";
import type { Offer, OfferKind } from "./offering";
import type { ChatState } from "./state";

/** Something of the editor that goes along with a message. */
export interface Along {
  id: "selection" | "unsaved";
  label: string;
  /** Whether the person can leave it out. */
  optional: boolean;
}

export interface Surroundings {
  /** What the daemon is doing, where it is not ready. */
  trouble: string;
  /** Commands that help, by what their buttons say. */
  remedies: { title: string; command: string }[];
  model: string;
  mode: Mode;
  along: Along[];
}

export type ToPage =
  | { type: "state"; state: ChatState | undefined }
  | { type: "events"; events: Event[] }
  | { type: "surroundings"; surroundings: Surroundings }
  | { type: "refused"; text: string; sentence: string }
  | { type: "offers"; serial: number; items: Offer[] }
  | { type: "focus" };

export type FromPage =
  | { type: "ready" }
  /** The first state is on the page. */
  | { type: "painted" }
  | { type: "send"; text: string; delivery: Delivery }
  | { type: "stop" }
  | { type: "resume" }
  | { type: "earlier" }
  | { type: "model" }
  | { type: "mode" }
  | { type: "command"; command: string }
  | { type: "permission"; permissionId: string; optionId: string; feedback: string }
  | { type: "unqueue"; itemId: string }
  | { type: "offer"; kind: OfferKind; part: string; serial: number }
  | { type: "leave"; id: Along["id"] }
  | { type: "todo"; id: string; done: boolean }
  | { type: "link"; href: string }
  | { type: "copy"; text: string }
  | { type: "whole"; messageId: string }
  | { type: "file"; path: string };
