// The search: over names at once, over all that was said step by step, the newest first in each conversation.

import { useEffect, useState } from "preact/hooks";
import type { Conversation, Core, Message } from "../core/types";
import { titleText, useCore, type Home } from "./state";

const MOST = 50;
const PAUSE = 200; // ms without a key

export interface Hit {
  of: Conversation;
  message: Message;
}

export interface Found {
  conversations: Conversation[];
  messages: Hit[];
  ended: boolean;
}

function wordsOf(query: string): string[] {
  return query.split(/\s+/).filter(Boolean);
}

export function named(home: Home, listed: readonly Conversation[], query: string): Conversation[] {
  const fold = (s: string) => s.normalize("NFKC").toLocaleLowerCase();
  const words = wordsOf(fold(query));
  return listed.filter((c) => words.every((word) => fold(titleText(home, c)).includes(word)));
}

// Calls `tell` with what there is so far, until all is seen, there are enough, or it is not wanted any more.
export async function searchMessages(
  core: Core,
  listed: readonly Conversation[],
  query: string,
  wanted: () => boolean,
  tell: (hits: Hit[]) => void,
): Promise<void> {
  const words = wordsOf(query).join(" ");
  let hits: Hit[] = [];
  for (const of of listed) {
    for (let before = 0; ; ) {
      const step = await core.call<{ messages: Message[]; next: number }>("search", of.number, before, words);
      if (!wanted()) return;
      if (step.messages.length > 0) {
        hits = hits.concat(step.messages.map((message) => ({ of, message })));
        hits.sort((a, b) => b.message.time - a.message.time);
        tell(hits.slice(0, MOST));
      }
      before = step.next;
      if (before === 0 || hits.length >= MOST) break;
    }
    if (hits.length >= MOST) break;
  }
  tell(hits.slice(0, MOST));
}

export function useSearch(home: Home, listed: readonly Conversation[], query: string): Found | null {
  const core = useCore();
  const [messages, setMessages] = useState<Hit[]>([]);
  const [ended, setEnded] = useState(false);
  const [changes, setChanges] = useState(0); // what was found may be gone
  const asked = wordsOf(query).join(" ");
  useEffect(() => {
    setMessages([]);
    setEnded(asked === "");
  }, [asked]);
  useEffect(() => {
    let wanted = asked !== "";
    if (!wanted) return;
    const timer = setTimeout(
      () =>
        void searchMessages(core, listed, asked, () => wanted, setMessages)
          .catch(() => {})
          .then(() => wanted && setEnded(true)),
      PAUSE,
    );
    const off = core.on((e) => e.type === "changed" && setChanges((n) => n + 1));
    return () => {
      wanted = false;
      clearTimeout(timer);
      off();
    };
  }, [core, asked, changes]);
  return asked === "" ? null : { conversations: named(home, listed, query), messages, ended };
}
