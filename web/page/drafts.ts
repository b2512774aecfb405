// What was begun to be written, for each conversation. The text is kept by the core, in its sealed store; what it answers
// or changes stays until the page is closed.

import type { Conversation, Core, Message } from "../core/types";

export interface Draft {
  text: string;
  reply: Message | null;
  edit: Message | null;
  before: string; // what stood there when the edit began
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
