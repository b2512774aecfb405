// What was begun to be written, for each conversation. The text is kept by the core, in its sealed store; what it answers
// or changes stays until the page is closed.

import type { Conversation, Core, Message } from "../core/types";

export interface Draft {
  text: string;
  reply: Message | null;
  edit: Message | null;
}

export const drafts = new Map<number, Draft>();

export function draftOf(of: Conversation): Draft {
  return drafts.get(of.number) ?? { text: of.draft, reply: null, edit: null };
}

const PAUSE = 500; // ms without a key
const timers = new Map<number, ReturnType<typeof setTimeout>>();

export function setDraft(core: Core, conversation: number, draft: Draft): void {
  drafts.set(conversation, draft);
  if (draft.edit !== null) return;
  clearTimeout(timers.get(conversation));
  const keep = () => void core.call("draft-set", conversation, draft.text).catch(() => {});
  timers.set(conversation, setTimeout(keep, draft.text === "" ? 0 : PAUSE));
}
