// What was begun to be written, for each conversation. The text is kept by the core, in its sealed store; what it answers
// or changes stays until the page is closed.

import type { Conversation, Core, Message } from "../core/types";
import { NEWEST } from "./history";
import { isCoreError, watch } from "./state";

export interface Draft {
  text: string;
  reply: Message | null;
  edit: Message | null;
  before: string; // what stood there when the edit began
  unsure?: Unsure | undefined;
}

// Sent by a core that went before it answered: if it was taken it stands after this entry.
interface Unsure {
  text: string;
  reply: string;
  after: number;
}

// What was begun, whatever is changed meanwhile.
export function begun(draft: Draft): string {
  return draft.edit !== null ? draft.before : draft.text;
}

export const drafts = new Map<number, Draft>();

export function draftOf(of: Conversation): Draft {
  return drafts.get(of.number) ?? { text: of.draft, reply: null, edit: null, before: "" };
}

export function forgetDrafts(): void {
  for (const timer of timers.values()) clearTimeout(timer);
  timers.clear();
  waiting.clear();
  drafts.clear();
}

const listeners = new Set<(conversation: number) => void>();

// Calls `listener` when a draft became another one without whoever writes it.
export function onDraft(listener: (conversation: number) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

// Nobody answers or changes what is gone: an edit of it goes along.
export function watchDrafts(core: Core): () => void {
  const about = (draft: Draft) => (draft.edit ?? draft.reply)?.number ?? 0;
  return watch(
    core,
    () => [...drafts].filter(([, draft]) => about(draft) > 0).map(([conversation, draft]) => [conversation, about(draft)]),
    (conversation, message, now) => {
      const draft = drafts.get(conversation);
      if (draft === undefined || about(draft) !== message) return;
      if (now !== null) drafts.set(conversation, { ...draft, [draft.edit !== null ? "edit" : "reply"]: now });
      else if (draft.edit !== null) setDraft(core, conversation, { ...draft, text: draft.before, reply: null, edit: null, before: "" });
      else setDraft(core, conversation, { ...draft, reply: null });
      listeners.forEach((l) => l(conversation));
    },
  );
}

const PAUSE = 500; // ms without a key
const timers = new Map<number, ReturnType<typeof setTimeout>>();
const waiting = new Map<number, () => void>(); // what the timers do

// Who leaves the page doesn't wait for them.
export function keepDrafts(): void {
  for (const keep of [...waiting.values()]) keep();
}

export function setDraft(core: Core, conversation: number, draft: Draft): void {
  drafts.set(conversation, draft);
  if (draft.edit !== null) return;
  clearTimeout(timers.get(conversation));
  const keep = () => {
    clearTimeout(timers.get(conversation));
    waiting.delete(conversation);
    void core.call("draft-set", conversation, draft.text).catch(() => {});
  };
  waiting.set(conversation, keep);
  timers.set(conversation, setTimeout(keep, draft.text === "" ? 0 : PAUSE));
}

// What could not be sent, with what was begun since. What was written is never put into an edit.
export function unsent(was: Draft, now: Draft): Draft {
  const since = begun(now);
  if (was.edit !== null) return now.edit !== null ? now : { ...was, before: since };
  const text = [was.text, since].filter((t) => t.trim() !== "").join("\n");
  return now.edit !== null ? { ...now, before: text, unsure: was.unsure } : { ...was, text };
}

// Looks whether it was taken, and leaves what was not.
export async function settle(core: Core, conversation: number, draft: Draft): Promise<Draft> {
  const { unsure } = draft;
  if (unsure === undefined || draft.edit !== null) return draft;
  const said = await core.call<Message[]>("messages", conversation, unsure.after + 1, NEWEST);
  const taken = said.some((m) => m.own && m.shape === "text" && m.text === unsure.text && m.in_reply_to === unsure.reply);
  const text = draft.text.trim();
  if (!taken || !text.startsWith(unsure.text)) return { ...draft, unsure: undefined };
  return { ...draft, text: text.slice(unsure.text.length).trimStart(), reply: null, unsure: undefined };
}

// `keep` is given what could not be sent, unless all was forgotten meanwhile.
export async function sendDraft(core: Core, of: Conversation, draft: Draft, keep: (draft: Draft) => void): Promise<void> {
  let left = draft;
  try {
    left = await settle(core, of.number, draft);
    const text = left.text.trim();
    const reply = left.reply?.id ?? "";
    const unsure = { text, reply, after: of.messages };
    if (left.edit !== null) await core.call("edit", of.number, left.edit.id, text);
    else if (text !== "")
      await core.call("send", of.number, "plain", text, reply).catch((e) => {
        if (!isCoreError(e) || e.error !== "CLOSED") throw e;
        left = { ...left, unsure };
        throw { error: "CLOSED", reason: "SENDING" };
      });
  } catch (e) {
    const now = drafts.get(of.number);
    if (now !== undefined) keep(unsent(left, now));
    throw e;
  }
}
