// The search: over names at once, over all that was said step by step, the newest first in each conversation.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Conversation, Core, Message } from "../core/types";
import { titleText, useCore, watch, type Home } from "./state";

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

// Calls `tell` with what is found more, until all is seen, there are enough, or it is not wanted any more.
export async function searchMessages(
  core: Core,
  listed: readonly Conversation[],
  query: string,
  wanted: () => boolean,
  tell: (hits: Hit[]) => void,
): Promise<void> {
  const words = wordsOf(query).join(" ");
  let count = 0;
  for (const of of listed) {
    for (let before = 0; ; ) {
      const step = await core.call<{ messages: Message[]; next: number }>("search", of.number, before, words);
      if (!wanted()) return;
      if (step.messages.length > 0) {
        count += step.messages.length;
        tell(step.messages.map((message) => ({ of, message })));
      }
      before = step.next;
      if (before === 0 || count >= MOST) break;
    }
    if (count >= MOST) break;
  }
}

export function useSearch(home: Home, listed: readonly Conversation[], query: string): Found | null {
  const core = useCore();
  const [messages, draw] = useState<Hit[]>([]);
  const shown = useRef(messages); // what goes may go before it is drawn
  const setMessages = (change: (hits: Hit[]) => Hit[]) => draw((shown.current = change(shown.current)));
  const [ended, setEnded] = useState(false);
  const asked = wordsOf(query).join(" ");
  useEffect(() => {
    let wanted = asked !== "";
    setMessages(() => []);
    setEnded(!wanted);
    if (!wanted) return;
    const timer = setTimeout(
      () =>
        void searchMessages(core, listed, asked, () => wanted, (more) =>
          setMessages((hits) => [...hits, ...more].sort((a, b) => b.message.time - a.message.time).slice(0, MOST)),
        )
          .catch(() => {})
          .then(() => wanted && setEnded(true)),
      PAUSE,
    );
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [core, asked]);
  useEffect(() => {
    const is = (h: Hit, conversation: number, message: number) =>
      h.of.number === conversation && h.message.number === message;
    return watch(
      core,
      () => shown.current.map((h) => [h.of.number, h.message.number]),
      (conversation, message, now) =>
        setMessages((hits) =>
          hits.flatMap((h) => (!is(h, conversation, message) ? [h] : now === null ? [] : [{ ...h, message: now }])),
        ),
    );
  }, [core]);
  return asked === "" ? null : { conversations: named(home, listed, query), messages, ended };
}
