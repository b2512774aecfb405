// The page's end of the core. Of all tabs one holds the lock, and runs the worker: the writer. The
// others send their calls to it over a channel, and hear what it hears. When it goes, the lock and
// the work go to the next one, which has to open the store anew.

import { scriptUrl } from "../trusted";
import { event, type Answered, type Asked, type Told } from "./message";
import type { Argument, Core, CoreError, CoreEvent, DoneEvent } from "./types";

const NAME = "sotto-core"; // of the lock and of the channel
const OTHER = "other"; // a writer of another version
const DONE_KEPT = 1000;

type Pending = { resolve(answer: any): void; reject(failure: CoreError): void; sent: boolean; asked: Asked };

// What passes between tabs.
type Said =
  | { who: string } // a tab asks for the writer
  | { writer: string; version: string } // a tab says that it is the writer
  | { to: "writer"; from: string; asked: Asked }
  | { to: string; answered: Answered }
  | { event: CoreEvent };

class Tab implements Core {
  private id = crypto.randomUUID();
  private channel = new BroadcastChannel(NAME);
  private worker: Worker | null = null; // this tab is the writer
  private writer = ""; // the tab that is; "": not known yet
  private refused: CoreError | null = null;
  private next = 1;
  private pending = new Map<number, Pending>();
  private served = new Map<number, { from: string; call: number }>(); // others' calls, at the worker
  private listeners = new Set<(event: CoreEvent) => void>();
  private ended = new Map<number, DoneEvent>();
  private waiting = new Map<number, ((event: DoneEvent) => void)[]>();

  constructor() {
    this.channel.onmessage = ({ data }) => this.hear(data);
    navigator.locks
      .request(NAME, () => {
        return this.begin(); // until this tab goes
      })
      .catch(() => this.refuse({ error: "STORAGE", reason: "LOCKS" })); // a page that may have none
    this.say({ who: this.id });
  }

  call<T = any>(name: string, ...args: Argument[]): Promise<T> {
    if (name === "persist") return persist() as Promise<T>;
    if (this.refused) return Promise.reject(this.refused);
    return new Promise<T>((resolve, reject) => {
      const asked = { call: this.next++, name, args };
      this.pending.set(asked.call, { resolve, reject, sent: false, asked });
      this.send();
    });
  }

  done(command: number): Promise<DoneEvent> {
    const ended = this.ended.get(command);
    if (ended) return Promise.resolve(ended);
    return new Promise((resolve) => this.waiting.set(command, [...(this.waiting.get(command) ?? []), resolve]));
  }

  on(listener: (event: CoreEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private refuse(failure: CoreError): void {
    this.refused = failure;
    for (const pending of this.pending.values()) pending.reject(failure);
    this.pending.clear();
  }

  private say(said: Said): void {
    this.channel.postMessage(said);
  }

  // As soon as it is known to whom.
  private send(): void {
    if (this.writer === "") return;
    for (const pending of this.pending.values()) {
      if (pending.sent) continue;
      pending.sent = true;
      if (this.worker) this.worker.postMessage(pending.asked);
      else this.say({ to: "writer", from: this.id, asked: pending.asked });
    }
  }

  // Another writer than before: what that one was asked, nobody will answer, done or not.
  private found(writer: string): void {
    if (writer === this.writer) return;
    const first = this.writer === "";
    this.writer = writer;
    this.refused = null; // there may have been one of another version
    for (const [call, pending] of this.pending)
      if (pending.sent) {
        this.pending.delete(call);
        pending.reject({ error: "CLOSED" });
      }
    this.send();
    if (!first || this.worker) this.happened(event("writer"));
  }

  // Resolves when it can't go on, so that another tab may try.
  private begin(): Promise<void> {
    const worker = new Worker(scriptUrl(WORKER_URL), { type: "module" });
    this.worker = worker;
    this.say({ writer: this.id, version: WORKER_URL });
    this.found(this.id);
    return new Promise((end) => {
      worker.onmessage = ({ data }) => {
        worker.onerror = () => this.happened(event("trouble", "IO", "CORE"));
        this.told(data);
      };
      // Not there, or none that this browser can run: a newer page may have taken its place.
      worker.onerror = () => {
        this.worker = null;
        this.refuse({ error: "IO", reason: "CORE" });
        end();
      };
    });
  }

  // ---- From the worker ----

  private told(told: Told): void {
    if ("event" in told) {
      this.say(told);
      this.happened(told.event);
      return;
    }
    const other = this.served.get(told.call);
    this.served.delete(told.call);
    if (other) this.say({ to: other.from, answered: { ...told, call: other.call } });
    else this.answered(told);
  }

  private answered(told: Answered): void {
    const pending = this.pending.get(told.call);
    this.pending.delete(told.call);
    if ("failed" in told) pending?.reject(told.failed);
    else pending?.resolve(told.answer);
  }

  private happened(what: CoreEvent): void {
    if (what.type === "done") this.end(what as DoneEvent);
    if (what.type === "writer" || what.type === "locked" || (what.type === "trouble" && what.error === "BUG")) this.endAll();
    for (const listener of this.listeners) listener(what);
  }

  private end(done: DoneEvent): void {
    this.ended.set(done.command, done);
    for (const old of this.ended.keys()) {
      if (this.ended.size <= DONE_KEPT) break;
      this.ended.delete(old);
    }
    for (const resolve of this.waiting.get(done.command) ?? []) resolve(done);
    this.waiting.delete(done.command);
  }

  // What its worker is told and says may be other than what this page was made for. What it said before this tab took
  // over may come late.
  private other(): void {
    if (this.worker) return;
    this.writer = OTHER;
    this.refuse({ error: "UNSUPPORTED", reason: "VERSION" });
    this.happened(event("writer"));
  }

  // With the core that was at work went its commands, or what it would have said of them.
  private endAll(): void {
    this.ended.clear();
    for (const [command, resolves] of this.waiting)
      for (const resolve of resolves) resolve({ ...event("done", "CLOSED"), command } as DoneEvent);
    this.waiting.clear();
  }

  // ---- From other tabs ----

  private hear(said: Said): void {
    if ("event" in said) this.happened(said.event);
    else if ("writer" in said && said.version !== WORKER_URL) this.other();
    else if ("writer" in said) this.found(said.writer);
    else if ("who" in said) this.worker && this.say({ writer: this.id, version: WORKER_URL });
    else if ("answered" in said) said.to === this.id && this.answered(said.answered);
    else if (this.worker) this.serve(said.from, said.asked);
  }

  private serve(from: string, asked: Asked): void {
    const call = this.next++;
    this.served.set(call, { from, call: asked.call });
    this.worker!.postMessage({ ...asked, call });
  }
}

// Only a page may ask for it.
async function persist(): Promise<boolean> {
  return (await navigator.storage?.persist?.()) ?? false;
}

// Where something is missing, every call says what.
function broken(failure: CoreError): Core {
  return {
    call: () => Promise.reject(failure),
    done: () => new Promise(() => {}),
    on: () => () => {},
  };
}

export function connect(): Core {
  if (!("locks" in navigator)) return broken({ error: "STORAGE", reason: "LOCKS" }); // too old, or no secure context
  if (typeof Worker === "undefined" || typeof BroadcastChannel === "undefined") return broken({ error: "UNSUPPORTED", reason: "WORKER" });
  return new Tab();
}
