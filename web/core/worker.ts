// The core's host in a browser: a module worker that keeps the store's files (OPFS), the links
// (WebSocket) and the time of the WebAssembly core, and passes the page's calls on. docs/WEB-CALLS.md
// has the calls; web/core/client.ts is the other end.

import { event, type Asked, type Told } from "./message";
import type { Argument, CoreError, CoreEvent } from "./types";

interface Scope {
  onmessage: ((message: { data: Asked }) => void) | null;
  postMessage(message: Told): void;
  addEventListener(type: "online", listener: () => void): void;
}
const scope = self as unknown as Scope;

// TypeScript knows these for other targets only.
interface AccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(from: Uint8Array, options: { at: number }): number;
  flush(): void;
  getSize(): number;
  truncate(size: number): void;
  close(): void;
}
type Place = { createSyncAccessHandle(): Promise<AccessHandle>; getFile(): Promise<{ size: number }> };

interface Exports {
  memory: WebAssembly.Memory;
  _initialize(): void;
  web_room(n: number): number;
  web_error_name(error: number): number;
  web_open(n: number, create: number): number;
  web_open_secret(n: number): number;
  web_relock(n: number, fresh: number): number;
  web_secret(n: number, secret: number): number;
  web_close(): void;
  web_online(online: number): void;
  web_link_up(link: number): void;
  web_link_message(link: number, n: number): void;
  web_link_down(link: number): void;
  web_wake(): void;
  web_file_bytes(command: number, offset: number, n: number): void;
  web_file_failed(command: number, failure: number): void;
  web_call(n: number): number;
  web_answer(): number;
}

class Failed extends Error {
  constructor(readonly failure: CoreError) {
    super(failure.error);
  }
}
const failed = (error: string, reason?: string) => new Failed(reason === undefined ? { error } : { error, reason });

const DAY = 86_400_000;
const encode = (text: string) => new TextEncoder().encode(text);

// ---- The store's files ----

const FOLDER = "sotto";
const NAMES = ["store.db", "store.db-wal", "store.db-journal"];
const BUSY_MS = 3000; // for so long a tab that is closing may still hold them
const CREATE = 1; // a flag of store/file.h
const IO = 1, NOT_FOUND = 2, DISK_FULL = 4; // of store/file_host.h

type StoreFile = { handle: AccessHandle; there: boolean };

async function folder(): Promise<FileSystemDirectoryHandle> {
  if (!navigator.storage?.getDirectory) throw failed("STORAGE", "OPFS");
  try {
    return await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  } catch {
    throw failed("STORAGE", "PRIVATE"); // private windows of some browsers
  }
}

async function openFile(place: Place): Promise<AccessHandle> {
  if (!place.createSyncAccessHandle) throw failed("STORAGE", "OPFS");
  for (const until = Date.now() + BUSY_MS; ; ) {
    try {
      return await place.createSyncAccessHandle();
    } catch {
      if (Date.now() > until) throw failed("BUSY");
      await new Promise((later) => setTimeout(later, 50));
    }
  }
}

// OPFS makes a file as it opens it: an empty one is none.
async function openFiles(): Promise<StoreFile[]> {
  const within = await folder();
  const files: StoreFile[] = [];
  try {
    for (const name of NAMES) {
      const handle = await openFile((await within.getFileHandle(name, { create: true })) as unknown as Place);
      files.push({ handle, there: handle.getSize() > 0 });
    }
    return files;
  } catch (e) {
    for (const file of files) file.handle.close();
    throw e;
  }
}

async function storeExists(): Promise<boolean> {
  const within = await folder();
  try {
    const place = (await within.getFileHandle(NAMES[0]!)) as unknown as Place;
    return (await place.getFile()).size > 0;
  } catch (e) {
    if ((e as Error).name !== "NotFoundError") throw failed("IO");
    return false;
  }
}

function trying(work: () => number): number {
  try {
    return work();
  } catch (e) {
    return (e as Error).name === "QuotaExceededError" ? -DISK_FULL : -IO;
  }
}

// ---- One open core ----

type Sink = { place: string; command: number; parts: Uint8Array[]; size: number };

class Opened {
  private exports!: Exports;
  private links = new Map<number, WebSocket>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sinks = new Map<number, Sink>(); // of files that are fetched, by command
  private sources = new Map<number, string>(); // the places of files that are sent, by command
  private starting: Sink | null = null; // of the fetch whose command is not known yet
  private gone = false;
  private wanted = true; // to be online
  locked = false; // by a passphrase

  constructor(private module: WebAssembly.Module, private files: StoreFile[], private places: Places) {}

  async start(passphrase: string | Uint8Array, create: boolean): Promise<void> {
    const instance = await WebAssembly.instantiate(this.module, this.imports());
    this.exports = instance.exports as unknown as Exports;
    this.enter(() => this.exports._initialize());
    this.check(
      this.enter((core) =>
        typeof passphrase === "string"
          ? core.web_open(this.handIn(encode(passphrase)), create ? 1 : 0)
          : core.web_open_secret(this.handIn(passphrase)),
      ),
    );
    this.locked = passphrase !== "";
    this.online(true);
  }

  relock(passphrase: string, fresh: string): void {
    this.check(this.enter((core) => core.web_relock(...this.handInTwo(passphrase, encode(fresh)))));
    this.locked = fresh !== "";
  }

  secret(passphrase: string, secret: Uint8Array): void {
    this.check(this.enter((core) => core.web_secret(...this.handInTwo(passphrase, secret))));
  }

  private check(error: number): void {
    if (error === 0) return;
    const at = this.exports.web_error_name(error);
    throw failed(this.text(at, this.memory(at).indexOf(0)));
  }

  close(): void {
    try {
      this.enter((core) => core.web_close());
    } catch {
      // It had ended before, or has now.
    }
    this.end();
  }

  online(online: boolean): void {
    this.wanted = online;
    this.enter((core) => core.web_online(online ? 1 : 0));
  }

  // The network is back.
  reachable(): void {
    if (this.wanted) this.enter((core) => core.web_online(1));
  }

  call(name: string, args: Argument[]): unknown {
    const parts = [encode(name), ...args.map(bytesOf)];
    const request = new Uint8Array(4 + parts.reduce((n, part) => n + 4 + part.length, 0));
    const view = new DataView(request.buffer);
    let at = 4;
    view.setUint32(0, parts.length, true);
    for (const part of parts) {
      view.setUint32(at, part.length, true);
      request.set(part, at + 4);
      at += 4 + part.length;
    }
    if (name === "file-fetch") this.starting = { place: String(args[2]), command: 0, parts: [], size: 0 };
    if (name === "online") this.wanted = bytesOf(args[0] ?? "")[0] === 0x31;
    const n = this.enter((core) => core.web_call(this.handIn(request)));
    if (n === 0) throw failed("NO_MEMORY");
    const answer = JSON.parse(this.text(this.exports.web_answer(), n));
    const sink = this.starting;
    this.starting = null;
    if (name === "file-send")
      if (answer.error === undefined) this.sources.set(answer.answer.command, String(args[1]));
      else this.places.given.delete(String(args[1]));
    if (answer.error !== undefined) throw failed(answer.error, answer.word && String(answer.word));
    if (sink) this.sinks.set(answer.answer.command, sink);
    return answer.answer;
  }

  // Nothing of the core runs after a trap: what it was about to do is not known.
  private enter<T>(work: (core: Exports) => T): T {
    if (this.gone) throw failed("CLOSED");
    try {
      return work(this.exports);
    } catch (e) {
      if (e instanceof Failed) throw e;
      this.end();
      if (opened === this) forget();
      tell({ event: event("trouble", "BUG") });
      throw failed("BUG");
    }
  }

  // With all that its memory holds, keys too.
  private end(): void {
    this.gone = true;
    if (this.exports) this.memory(0).fill(0);
    clearTimeout(this.timer);
    for (const socket of this.links.values()) socket.close();
    this.links.clear();
    for (const file of this.files) file.handle.close();
    this.files = [];
  }

  // ---- Memory ---- its buffer is another one whenever it grew

  private memory(at: number, n?: number) {
    return new Uint8Array(this.exports.memory.buffer, at, n);
  }

  private text(at: number, n: number): string {
    return new TextDecoder().decode(this.memory(at, n));
  }

  private handIn(bytes: Uint8Array): number {
    const at = this.exports.web_room(bytes.length);
    if (at === 0 && bytes.length > 0) throw failed("NO_MEMORY");
    this.memory(at, bytes.length).set(bytes);
    return bytes.length;
  }

  private handInTwo(passphrase: string, other: Uint8Array): [number, number] {
    const first = encode(passphrase);
    const both = new Uint8Array(first.length + other.length);
    both.set(first);
    both.set(other, first.length);
    this.handIn(both);
    return [first.length, other.length];
  }

  // ---- What the core asks for ----

  private imports(): WebAssembly.Imports {
    const wasi: Record<string, (...a: any[]) => unknown> = {
      random_get: (at: number, n: number) => {
        for (let done = 0; done < n; done += 65536)
          crypto.getRandomValues(this.memory(at + done, Math.min(65536, n - done)));
        return 0;
      },
      clock_time_get: (_id: number, _precision: bigint, at: number) => {
        new DataView(this.exports.memory.buffer).setBigUint64(at, BigInt(Date.now()) * 1_000_000n, true);
        return 0;
      },
      proc_exit: () => {
        throw new Error("the core ended itself");
      },
    };
    const imports: Record<string, Record<string, (...a: any[]) => unknown>> = { host: this.host() };
    const NOT_SUPPORTED = 52;
    for (const { module, name } of WebAssembly.Module.imports(this.module))
      if (module !== "host") (imports[module] ??= {})[name] = wasi[name] ?? (() => NOT_SUPPORTED);
    return imports as WebAssembly.Imports;
  }

  private host(): Record<string, (...a: any[]) => unknown> {
    return {
      file_open: (at: number, n: number, flags: number) => {
        const fd = NAMES.indexOf(this.text(at, n));
        const file = this.files[fd];
        if (!file || (!file.there && !(flags & CREATE))) return -NOT_FOUND;
        file.there = true;
        return fd;
      },
      file_read: (fd: number, at: number, p: number, n: number) =>
        trying(() => this.files[fd]!.handle.read(this.memory(p, n), { at })),
      file_write: (fd: number, at: number, p: number, n: number) =>
        trying(() => (this.files[fd]!.handle.write(this.memory(p, n), { at }) === n ? 0 : -DISK_FULL)),
      file_sync: (fd: number) => trying(() => (this.files[fd]!.handle.flush(), 0)),
      file_size: (fd: number) => trying(() => this.files[fd]!.handle.getSize()),
      file_truncate: (fd: number, size: number) => trying(() => (this.files[fd]!.handle.truncate(size), 0)),
      file_close: () => {},
      file_remove: (at: number, n: number) => {
        const file = this.files[NAMES.indexOf(this.text(at, n))];
        if (!file?.there) return -NOT_FOUND;
        file.there = false;
        return trying(() => (file.handle.truncate(0), file.handle.flush(), 0));
      },
      net_connect: (link: number) => this.connect(link),
      net_send: (link: number, p: number, n: number) => {
        const socket = this.links.get(link);
        if (socket?.readyState === WebSocket.OPEN) socket.send(this.memory(p, n).slice());
      },
      net_close: (link: number) => {
        const socket = this.links.get(link);
        this.links.delete(link);
        socket?.close();
      },
      now: () => Date.now(),
      wake: (at: number) => this.wake(at),
      notify: (p: number, n: number) => this.notify(JSON.parse(this.text(p, n))),
      source_read: (command: number, p: number, n: number, offset: number, count: number) =>
        void this.read(command, this.text(p, n), offset, count),
      sink_write: (command: number, offset: number, p: number, n: number) =>
        this.write(command, offset, this.memory(p, n).slice()),
    };
  }

  // All links go to the page's own server: the core knows it by its key.
  private connect(link: number): void {
    const url = new URL("/session", location.href);
    url.protocol = url.protocol === "http:" ? "ws:" : "wss:";
    const socket = new WebSocket(url.href, "sotto");
    const stands = () => !this.gone && this.links.get(link) === socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => stands() && this.enter((core) => core.web_link_up(link));
    socket.onmessage = ({ data }) =>
      !(data instanceof ArrayBuffer)
        ? socket.close() // text is nothing that a server of ours says
        : stands() && this.enter((core) => core.web_link_message(link, this.handIn(new Uint8Array(data))));
    socket.onclose = () => {
      if (!stands()) return;
      this.links.delete(link);
      this.enter((core) => core.web_link_down(link));
    };
    this.links.set(link, socket);
  }

  // At most a day, so that a clock that was set is noticed.
  private wake(at: number): void {
    clearTimeout(this.timer);
    if (at > Number.MAX_SAFE_INTEGER) return;
    const wait = Math.min(Math.max(at - Date.now(), 0), DAY);
    this.timer = setTimeout(() => this.enter((core) => core.web_wake()), wait);
  }

  private notify(what: CoreEvent): void {
    if (what.type === "done") this.fetched(what);
    if (what.type === "done") this.fileSent(what);
    if (what.type === "replaced") this.wanted = false;
    tell({ event: what });
  }

  // ---- Files of messages ----

  private async read(command: number, place: string, offset: number, count: number): Promise<void> {
    const file = this.places.given.get(place);
    this.sources.set(command, place); // also of one that a core before this one began
    const bytes = await file?.slice(offset, offset + count).arrayBuffer().catch(() => null);
    if (this.gone) return;
    if (bytes) this.enter((core) => core.web_file_bytes(command, offset, this.handIn(new Uint8Array(bytes))));
    else this.enter((core) => core.web_file_failed(command, file ? IO : NOT_FOUND));
  }

  // In memory: on the disk it would lie in clear.
  private write(command: number, offset: number, bytes: Uint8Array): void {
    const sink = this.sinks.get(command) ?? this.starting;
    if (!sink) return;
    sink.command = command;
    if (offset < sink.size) [sink.parts, sink.size] = [[], 0]; // it begins anew
    sink.parts.push(bytes);
    sink.size += bytes.length;
  }

  private fileSent({ command }: CoreEvent): void {
    this.places.given.delete(this.sources.get(command) ?? "");
    this.sources.delete(command);
  }

  private fetched({ command, error }: CoreEvent): void {
    const sink = this.sinks.get(command);
    if (!sink) return;
    this.sinks.delete(command);
    if (error === "") this.places.taken.set(sink.place, new Blob(sink.parts as BlobPart[]));
  }
}

// Files that the page gave, to be sent, and that were fetched for it, by place.
type Places = { given: Map<string, Blob>; taken: Map<string, Blob> };

function bytesOf(arg: Argument): Uint8Array {
  if (arg instanceof Uint8Array) return arg;
  if (typeof arg === "boolean") return encode(arg ? "1" : "0");
  return encode(String(arg));
}

// ---- The page's calls ----

let opened: Opened | null = null;
let module: WebAssembly.Module | null = null;
let places: Places = { given: new Map(), taken: new Map() };

function tell(message: Told): void {
  scope.postMessage(message);
}

async function load(): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === "undefined") throw failed("UNSUPPORTED", "WASM");
  try {
    return await WebAssembly.compileStreaming(fetch(CORE_URL, CORE_INTEGRITY ? { integrity: CORE_INTEGRITY } : {}));
  } catch {
    throw failed("IO", "CORE"); // not there, or not the one that this page was made for
  }
}

// Each time a fresh instance: with the last one went its keys.
async function open(passphrase: string | Uint8Array, create: boolean): Promise<void> {
  if (opened) return;
  if (!create && !(await storeExists())) throw failed("NOT_FOUND");
  module ??= await load();
  const core = new Opened(module, await openFiles(), places);
  try {
    await core.start(passphrase, create);
  } catch (e) {
    core.close();
    throw e;
  }
  opened = core;
  tell({ event: event("opened") });
}

function forget(): void {
  opened = null;
  places = { given: new Map(), taken: new Map() };
}

function lock(): void {
  opened?.close();
  forget();
}

async function wipe(): Promise<void> {
  lock();
  const within = await folder();
  for (const name of NAMES)
    await within.removeEntry(name).catch((e: Error) => {
      if (e.name !== "NotFoundError") throw failed("IO"); // or the page would say that it is gone
    });
}

async function answer({ name, args }: Asked): Promise<unknown> {
  switch (name) {
    case "exists":
      return opened !== null || (await storeExists());
    case "open":
      await open(args[0] instanceof Uint8Array ? args[0] : String(args[0] ?? ""), bytesOf(args[1] ?? "")[0] === 0x31);
      return {};
    case "locked":
    case "passphrase":
    case "secret":
      if (!opened) throw failed("CLOSED");
      if (name === "secret") opened.secret(String(args[0] ?? ""), bytesOf(args[1] ?? ""));
      if (name === "passphrase") opened.relock(String(args[0] ?? ""), String(args[1] ?? ""));
      return { passphrase: opened.locked };
    case "lock":
      lock();
      tell({ event: event("locked") });
      return {};
    case "wipe":
      try {
        await wipe();
      } catch (e) {
        tell({ event: event("locked", e instanceof Failed ? e.failure.error : "IO") });
        throw e;
      }
      tell({ event: event("locked") });
      return {};
    case "file":
      places.given.set(String(args[0]), args[1] as Blob);
      return {};
    case "taken": {
      const blob = places.taken.get(String(args[0]));
      if (!blob) throw failed("NOT_FOUND");
      places.taken.delete(String(args[0]));
      return blob;
    }
    default:
      if (!opened) throw failed("CLOSED");
      return opened.call(name, args);
  }
}

// One after the other, in the order of the page.
let last: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }) => {
  last = last.then(async () => {
    try {
      tell({ call: data.call, answer: await answer(data) });
    } catch (e) {
      tell({ call: data.call, failed: e instanceof Failed ? e.failure : { error: "BUG" } });
    }
  });
};
scope.addEventListener("online", () => opened?.reachable());
