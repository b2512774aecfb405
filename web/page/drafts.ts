// What was begun to be written, for each conversation, until the page is closed.

import type { Message } from "../core/types";

export interface Draft {
  text: string;
  reply: Message | null;
  edit: Message | null;
}

export const drafts = new Map<number, Draft>();
