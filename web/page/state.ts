// How the views come by what they show: they ask the core, and ask again when it tells that something changed.

import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";
import type { Argument, Contact, Conversation, Core, CoreError, CoreEvent, DoneEvent, Message, Status } from "../core/types";
import { w } from "./words";

// What only looks, or changes what no view shows. After every other call all views are asked again: the core tells what happens to it, not what it was asked.
const looks = new Set(
  (
    "status conversations conversation messages search receipts typing writing writes members roles contacts blocked devices links safety words linking handle found " +
    "profile picture desk notices record-get draft-set exists open lock wipe persist file taken"
  ).split(" "),
);
const changes = new Set<() => void>();

export function telling(core: Core): Core {
  return {
    call: async (name, ...args) => {
      const answer = await core.call(name, ...args);
      if (!looks.has(name)) changes.forEach((ask) => ask());
      return answer;
    },
    done: (command) => core.done(command),
    on: (listener) => core.on(listener),
  };
}

export const CoreContext = createContext<Core | null>(null);

export function useCore(): Core {
  return useContext(CoreContext)!;
}

// undefined until it is there, and if the core refuses.
export function useView<T>(wakes: (event: CoreEvent) => boolean, name: string, ...args: Argument[]): T | undefined {
  const core = useCore();
  const key = [name, ...args].join(" ");
  const [got, setGot] = useState<{ key: string; value: T | undefined }>();
  const wakesNow = useRef(wakes);
  wakesNow.current = wakes;
  useEffect(() => {
    let over = false;
    let asking = false;
    let again = false;
    const ask = async () => {
      if (asking) {
        again = true;
        return;
      }
      asking = true;
      const value = await core.call<T>(name, ...args).catch(() => undefined);
      asking = false;
      if (over) return;
      setGot({ key, value });
      if (again) {
        again = false;
        void ask();
      }
    };
    const asked = () => void ask();
    asked();
    changes.add(asked);
    const off = core.on((event) => {
      if (event.type === "writer" || wakesNow.current(event)) void ask();
    });
    return () => {
      over = true;
      changes.delete(asked);
      off();
    };
  }, [core, key]);
  return got !== undefined && got.key === key ? got.value : undefined;
}

// Tells what became of the messages that somebody holds; null: it disappeared, or was withdrawn.
export function watch(
  core: Core,
  held: () => [conversation: number, message: number][],
  tell: (conversation: number, message: number, now: Message | null) => void,
): () => void {
  return core.on((e) => {
    const all = e.type === "caught_up" || e.type === "writer";
    if (!all && e.type !== "changed") return;
    for (const [conversation, message] of held())
      if (all || (conversation === e.conversation && message === e.message))
        void core
          .call<Message[]>("messages", conversation, message, message)
          .then(([now]) => tell(conversation, message, now === undefined || now.withdrawn ? null : now))
          .catch(() => {});
  });
}

// The account's own state, whom it knows and what it talks about: every view has these.
export interface Home {
  status: Status;
  contacts: Map<string, Contact>;
  conversations: Conversation[];
}

export const HomeContext = createContext<Home | null>(null);

export function useHome(): Home {
  return useContext(HomeContext)!;
}

// ---- Names ----

// What could turn the order of characters, or is not seen, has no place in a name: but the joiners do that some scripts
// are written with, and that make one emoji of several.
const UNSEEN =
  /(?<=[\p{M}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Extended_Pictographic}\p{Emoji_Modifier}])([\u200c\u200d])(?=[\p{L}\p{Extended_Pictographic}])|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0]/gu;
const NOTHING = /^[\p{Z}\p{M}\p{Default_Ignorable_Code_Point}]*$/u; // marks with nothing that they stand on

export function clean(name: string): string {
  const text = name.replace(UNSEEN, "$1").trim();
  return NOTHING.test(text) ? "" : text;
}

// Only a petname stands alone: what somebody calls itself could be anybody's name.
export interface Called {
  name: string;
  id: string; // the first 8 digits, or empty if the name can be relied on
}

export function called(home: Home, account: string, name: string): Called {
  if (account === home.status.id) return { name: w().you, id: "" };
  const petname = clean(home.contacts.get(account)?.petname ?? "");
  if (petname !== "") return { name: petname, id: "" };
  const own = clean(name !== "" ? name : (home.contacts.get(account)?.name ?? ""));
  return { name: own, id: account.slice(0, 8) };
}

// For sentences and labels: kept apart from the text around it, whichever way it is written.
export function calledText(home: Home, account: string, name: string): string {
  if (account === home.status.id) return w().you;
  const who = called(home, account, name);
  const text = who.name === "" ? who.id : who.id === "" ? who.name : `${who.name}? (${who.id})`;
  return `\u2068${text}\u2069`;
}

export function titleText(home: Home, c: Conversation): string {
  const name = clean(c.name);
  if (name !== "") return `\u2068${name}\u2069`;
  if (c.with !== "") return calledText(home, c.with, c.with_name);
  return w().chatOf(c.number);
}

// ---- Doing things ----

export function isCoreError(e: unknown): e is CoreError {
  return typeof e === "object" && e !== null && typeof (e as CoreError).error === "string";
}

export function explain(e: unknown): string {
  const words = w();
  if (!isCoreError(e)) return words.failed;
  return words.errors[e.reason ?? ""] ?? words.errors[e.error] ?? words.errorOther(e.error);
}

// A command, to its end. Throws a CoreError.
export async function run(core: Core, name: string, ...args: Argument[]): Promise<DoneEvent> {
  const { command } = await core.call<{ command: number }>(name, ...args);
  const done = await core.done(command);
  if (done.error !== "") throw { error: done.error, reason: done.reason } satisfies CoreError;
  return done;
}

export interface Task {
  busy: boolean;
  failed: string; // why the last one did not work
  start(work: () => Promise<unknown>): Promise<boolean>;
}

// One thing at a time that a form or a button does.
export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState("");
  const alive = useRef(true);
  useEffect(() => () => void (alive.current = false), []);
  const start = useCallback(async (work: () => Promise<unknown>) => {
    setBusy(true);
    setFailed("");
    try {
      await work();
      return true;
    } catch (e) {
      if (alive.current) setFailed(explain(e));
      return false;
    } finally {
      if (alive.current) setBusy(false);
    }
  }, []);
  return { busy, failed, start };
}

// ---- Where we are: the part of the address after #/ ----

export function route(): string[] {
  try {
    return location.hash.startsWith("#/") ? location.hash.slice(2).split("/").map(decodeURIComponent) : [];
  } catch {
    return []; // an address that somebody made up
  }
}

export function go(...parts: (string | number)[]): void {
  location.hash = "#/" + parts.map((p) => encodeURIComponent(String(p))).join("/");
}

export function useRoute(): string[] {
  const [now, setNow] = useState(route);
  useEffect(() => {
    const changed = () => setNow(route());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return now;
}

export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
