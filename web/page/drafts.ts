// What was begun to be written, for each conversation, until the page is closed.

import type { Entry } from "./fold";

export interface Draft {
  text: string;
  reply: Entry | null;
  edit: Entry | null;
}

export const drafts = new Map<number, Draft>();
