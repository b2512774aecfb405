// A conversation's messages as far as they are loaded: always all from some number up to the newest, so that no change of what is
// shown is missing. Older ones are loaded as they are needed.

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Conversation, Core, Message } from "../core/types";
import { fold } from "./fold";
import { useCore } from "./state";

const PIECE = 300;
export const NEWEST = Number.MAX_SAFE_INTEGER;

// `news` are all that there is from one number to the other: what was there and is not any more is gone.
export function merge(old: readonly Message[], news: readonly Message[], from: number, to: number): Message[] {
  return [...old.filter((m) => m.number < from), ...news, ...old.filter((m) => m.number > to)];
}

export interface History {
  entries: Message[];
  ready: boolean;
  more: boolean; // older ones are not loaded
  older(): Promise<void>;
  until(number: number): Promise<void>; // loads until this one is here
}

export async function everything(core: Core, conversation: number): Promise<Message[]> {
  const { messages } = await core.call<Conversation>("conversation", conversation);
  let gathered: Message[] = [];
  for (let first = 1; first <= messages; first += PIECE)
    gathered = gathered.concat(
      await core.call<Message[]>("messages", conversation, first, Math.min(first + PIECE - 1, messages)),
    );
  return gathered;
}

export function useHistory(conversation: number): History {
  const core = useCore();
  const [messages, setMessages] = useState<Message[]>([]);
  const [ready, setReady] = useState(false);
  const first = useRef(NEWEST); // all from this number on are here
  const busy = useRef(false);
  const alive = useRef(true);

  const load = useCallback(
    async (from: number, to: number) => {
      const news = await core.call<Message[]>("messages", conversation, from, to);
      if (!alive.current) return;
      first.current = Math.min(first.current, from);
      setMessages((old) => merge(old, news, from, to));
    },
    [core, conversation],
  );

  const older = useCallback(async () => {
    if (busy.current || first.current <= 1 || first.current === NEWEST) return;
    busy.current = true;
    const to = first.current - 1;
    const from = Math.max(1, to - PIECE + 1);
    try {
      await load(from, to);
    } finally {
      busy.current = false;
    }
  }, [load]);

  const until = useCallback(
    async (number: number) => {
      while (alive.current && first.current > number && first.current !== NEWEST && !busy.current) await older();
    },
    [older],
  );

  useEffect(() => {
    alive.current = true;
    const begin = async () => {
      const { messages: count } = await core.call<Conversation>("conversation", conversation);
      const from = Math.max(1, count - PIECE + 1);
      await load(from, NEWEST);
      if (alive.current) setReady(true);
    };
    void begin().catch(() => alive.current && setReady(true));
    const off = core.on((e) => {
      if (e.type === "caught_up" || e.type === "writer") void load(first.current, NEWEST).catch(() => {});
      else if (e.conversation !== conversation || first.current === NEWEST) return;
      else if (e.message > 0 && ["message", "sent", "done", "changed"].includes(e.type) && e.message >= first.current)
        void load(e.message, e.type === "message" ? NEWEST : e.message).catch(() => {});
    });
    return () => {
      alive.current = false;
      off();
    };
  }, [core, conversation, load]);

  const entries = useMemo(() => fold(messages), [messages]);
  return { entries, ready, more: ready && first.current > 1, older, until };
}
