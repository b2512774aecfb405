// The page's end of the core in several tabs of a browser that is made up here: one worker for each tab that became
// the writer, which answers what the test says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../core/client";
import { event, type Asked, type Told } from "../core/message";
import type { Core, CoreEvent } from "../core/types";

// What a tab says every other one hears, a little later; who is gone hears and says nothing.
let channels: Channel[] = [];
class Channel {
  onmessage: ((message: { data: unknown }) => void) | null = null;
  constructor() {
    channels.push(this);
  }
  postMessage(said: unknown): void {
    if (!channels.includes(this)) return;
    for (const other of channels)
      if (other !== this) setImmediate(() => channels.includes(other) && other.onmessage?.({ data: structuredClone(said) }));
  }
}

// The first in the line has the lock, until its promise ends or it goes.
let line: (() => Promise<void>)[] = [];
function pass(): void {
  const [first] = line;
  if (first) void first().then(() => (line[0] === first ? (line.shift(), pass()) : undefined));
}
const locks = {
  request: (_name: string, work: () => Promise<void>) => {
    line.push(work);
    if (line.length === 1) setImmediate(pass);
    return new Promise<void>(() => {});
  },
};

let workers: FakeWorker[] = [];
class FakeWorker {
  onmessage: ((message: { data: Told }) => void) | null = null;
  onerror: (() => void) | null = null;
  asked: Asked[] = [];
  constructor() {
    workers.push(this);
  }
  postMessage(asked: Asked): void {
    this.asked.push(asked);
  }
  terminate(): void {}
  tell(told: Told): void {
    this.onmessage?.({ data: told });
  }
}

for (const [name, value] of Object.entries({ navigator: { locks }, BroadcastChannel: Channel, Worker: FakeWorker }))
  Object.defineProperty(globalThis, name, { value, configurable: true });

const later = async () => {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setImmediate(resolve));
};

async function tabs(n: number): Promise<{ core: Core; events: CoreEvent[] }[]> {
  [channels, line, workers] = [[], [], []];
  const made = Array.from({ length: n }, () => ({ core: connect(), events: [] as CoreEvent[] }));
  for (const { core, events } of made) core.on((e) => events.push(e));
  await later();
  return made;
}

// The first tab is closed.
async function go(): Promise<void> {
  channels.shift();
  line.shift();
  pass();
  await later();
}

// How it ended, or "waits".
async function end(promise: Promise<any>): Promise<string> {
  const ended = promise.then((x) => x.error ?? JSON.stringify(x), (e) => `${e.error} ${e.reason ?? ""}`.trim());
  return Promise.race([ended, later().then(() => "waits")]);
}

const done = (command: number, error = ""): Told => ({ event: { ...event("done", error), command } });

test("every tab is told that the store was locked, and nobody waits for what had begun", async () => {
  const [one, two] = await tabs(2);
  workers[0]!.tell(done(1));
  await later();
  const waiting = [one!.core.done(2), two!.core.done(2)];
  assert.equal(await end(two!.core.done(1)), "");
  workers[0]!.tell({ event: event("locked") });
  await later();
  for (const { events } of [one!, two!]) assert.deepEqual(events.slice(-1).map((e) => e.type), ["locked"]);
  for (const each of waiting) assert.equal(await end(each), "CLOSED");
  for (const { core } of [one!, two!]) assert.equal(await end(core.done(1)), "waits"); // the next store's is another command
});

test("when another tab takes over, what was asked and what had begun has ended", async () => {
  const [, two] = await tabs(2);
  const asked = two!.core.call("send");
  asked.catch(() => {}); // it is looked at below
  const begun = two!.core.done(7);
  await later();
  assert.equal(workers[0]!.asked.length, 1);
  await go();
  assert.equal(workers.length, 2);
  assert.equal(await end(asked), "CLOSED");
  assert.equal(await end(begun), "CLOSED");
  assert.deepEqual(two!.events.map((e) => e.type), ["writer"]);
});

test("after the core broke off nobody waits", async () => {
  const [one] = await tabs(1);
  const begun = one!.core.done(7);
  workers[0]!.tell({ event: event("trouble", "IO") });
  assert.equal(await end(begun), "waits");
  workers[0]!.tell({ event: event("trouble", "BUG") });
  assert.equal(await end(begun), "CLOSED");
});

test("where the worker can't be had everybody is told, and another tab tries", async () => {
  const [one, two] = await tabs(2);
  const asked = [one!.core.call("exists"), two!.core.call("exists")];
  for (const each of asked) each.catch(() => {});
  await later();
  workers[0]!.onerror!();
  await later();
  assert.equal(await end(asked[0]!), "IO CORE");
  assert.equal(await end(asked[1]!), "CLOSED");
  assert.equal(await end(two!.core.call("exists")), "waits");
  assert.deepEqual(two!.events.map((e) => e.type), ["writer"]);
  assert.equal(await end(one!.core.call("exists")), "waits"); // of the other one
  assert.equal(workers[1]!.asked.length, 2);
});

test("a tab of another version is refused as long as that one is the writer, and no longer", async () => {
  const [one, two] = await tabs(2);
  const stranger = new Channel();
  const hello = { writer: "stranger", version: "worker-of-another.js" };
  stranger.postMessage(hello);
  await later();
  assert.equal(await end(two!.core.call("exists")), "UNSUPPORTED VERSION");
  assert.equal(await end(one!.core.call("exists")), "waits"); // it has the lock: that was said before
  stranger.postMessage({ who: "stranger" });
  await later();
  assert.equal(await end(two!.core.call("exists")), "waits");
  assert.equal(workers[0]!.asked.length, 2);
});
