// What a browser's worker has and node lacks, as far as web/core/worker.ts uses it: OPFS as files of a
// folder, a WebSocket over node:net, and this process's lines as the page.
//
//   node PROGRAM.mjs CORE.wasm FOLDER http://HOST:PORT

import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { readSync, rmSync, statSync, writeSync } from "node:fs";
import { randomBytes, webcrypto } from "node:crypto";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , core, home, origin] = process.argv as string[];

// ---- OPFS ----

class Handle {
  constructor(private fd: number) {}
  read(into: Uint8Array, { at }: { at: number }): number {
    return readSync(this.fd, into, 0, into.length, at);
  }
  write(from: Uint8Array, { at }: { at: number }): number {
    return writeSync(this.fd, from, 0, from.length, at);
  }
  flush(): void {
    fsyncSync(this.fd);
  }
  getSize(): number {
    return fstatSync(this.fd).size;
  }
  truncate(size: number): void {
    ftruncateSync(this.fd, size);
  }
  close(): void {
    closeSync(this.fd);
  }
}

class Folder {
  constructor(private path: string) {}
  async getDirectoryHandle(name: string): Promise<Folder> {
    mkdirSync(join(this.path, name), { recursive: true });
    return new Folder(join(this.path, name));
  }
  async getFileHandle(name: string, options?: { create?: boolean }): Promise<object> {
    const path = join(this.path, name);
    if (!existsSync(path)) {
      if (!options?.create) throw new DOMException(name, "NotFoundError");
      closeSync(openSync(path, "w"));
    }
    return {
      createSyncAccessHandle: async () => new Handle(openSync(path, "r+")),
      getFile: async () => ({ size: statSync(path).size }),
    };
  }
  async removeEntry(name: string): Promise<void> {
    rmSync(join(this.path, name));
  }
}

// ---- WebSocket ---- whole binary messages; what the server splits or leaves unmasked is its right

const BINARY = 2, CLOSE = 8, PING = 9, PONG = 10;

class Link {
  static readonly OPEN = 1;
  readyState = 0;
  binaryType = "";
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: ArrayBuffer }) => void) | null = null;
  onclose: (() => void) | null = null;
  private socket: Socket;
  private got = Buffer.alloc(0);
  private parts: Buffer[] = [];

  constructor(url: string, protocol: string) {
    const { hostname, port, pathname } = new URL(url);
    this.socket = connect(Number(port), hostname, () =>
      this.socket.write(
        `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
          `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ${protocol}\r\n` +
          `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\n\r\n`,
      ),
    );
    this.socket.on("data", (bytes) => this.take(bytes));
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.readyState = 3;
      this.onclose?.();
    });
  }

  send(bytes: Uint8Array): void {
    this.frame(BINARY, Buffer.from(bytes));
  }

  close(): void {
    if (this.readyState === Link.OPEN) this.frame(CLOSE, Buffer.alloc(0));
    this.readyState = 2;
    this.socket.end();
  }

  private frame(opcode: number, payload: Buffer): void {
    const n = payload.length, key = randomBytes(4);
    const head = n < 126 ? Buffer.from([0x80 | opcode, 0x80 | n]) : Buffer.from([0x80 | opcode, 0xfe, n >> 8, n & 255]);
    for (let i = 0; i < n; i++) payload[i]! ^= key[i & 3]!;
    this.socket.write(Buffer.concat([head, key, payload]));
  }

  private take(bytes: Buffer): void {
    this.got = Buffer.concat([this.got, bytes]);
    if (this.readyState === 0) {
      const end = this.got.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!this.got.subarray(0, end).toString().startsWith("HTTP/1.1 101 ")) return void this.socket.destroy();
      this.got = this.got.subarray(end + 4);
      this.readyState = Link.OPEN;
      this.onopen?.();
    }
    while (this.one());
  }

  private one(): boolean {
    if (this.got.length < 2) return false;
    let n = this.got[1]! & 127, at = 2;
    if (n >= 126) {
      at = n === 126 ? 4 : 10;
      if (this.got.length < at) return false;
      n = n === 126 ? this.got.readUInt16BE(2) : Number(this.got.readBigUInt64BE(2));
    }
    if (this.got.length < at + n) return false;
    const opcode = this.got[0]! & 15, whole = (this.got[0]! & 128) !== 0;
    const payload = Buffer.from(this.got.subarray(at, at + n));
    this.got = this.got.subarray(at + n);
    if (opcode === PING) this.frame(PONG, payload);
    if (opcode === CLOSE) this.close();
    if (opcode > BINARY) return true;
    this.parts.push(payload);
    if (whole) {
      const message = new Uint8Array(Buffer.concat(this.parts)).buffer;
      this.parts = [];
      if (this.readyState === Link.OPEN) this.onmessage?.({ data: message });
    }
    return true;
  }
}

// ---- For tests of a core that breaks off ---- how much of its memory is something, and an import that fails at the next call

let memory: WebAssembly.Memory | undefined;
const { instantiate } = WebAssembly;
WebAssembly.instantiate = (async (module: WebAssembly.Module, imports: WebAssembly.Imports) => {
  const instance = await instantiate(module, imports);
  if ("web_open" in instance.exports) memory = instance.exports.memory as WebAssembly.Memory; // node itself has others
  return instance;
}) as unknown as typeof WebAssembly.instantiate;

function failNext(): void {
  const { now } = Date;
  Date.now = () => {
    Date.now = now;
    throw new Error("for a test");
  };
}

// ---- The page ---- a line is a call; an argument {"base64": ...} is a blob, {"bytes": ...} are bytes, a blob's answer is base64

const scope: any = globalThis;

function argument(arg: any): unknown {
  if (arg?.bytes !== undefined) return new Uint8Array(Buffer.from(arg.bytes, "base64"));
  return arg?.base64 === undefined ? arg : new Blob([Buffer.from(arg.base64, "base64")]);
}

async function plain(told: any): Promise<string> {
  if (told.answer instanceof Blob) told.answer = Buffer.from(await told.answer.arrayBuffer()).toString("base64");
  return JSON.stringify(told) + "\n";
}

let written: Promise<unknown> = Promise.resolve();
const define = (name: string, value: unknown) => Object.defineProperty(scope, name, { value, configurable: true, writable: true });
define("self", scope);
define("crypto", webcrypto);
define("location", { href: `${origin}/worker.js` });
define("navigator", { storage: { getDirectory: async () => new Folder(home!) } });
define("WebSocket", Link);
define("addEventListener", () => {});
define("fetch", async () => new Response(readFileSync(core!), { headers: { "content-type": "application/wasm" } }));
define("postMessage", (told: unknown) => {
  written = written.then(async () => writeSync(1, await plain(told)));
});

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const asked = JSON.parse(line);
    if (asked.name === "test-memory")
      return scope.postMessage({ call: asked.call, answer: new Uint8Array(memory!.buffer).filter((byte) => byte !== 0).length });
    if (asked.name === "test-trap") [asked.name, asked.args] = ["online", ["1"]], failNext();
    scope.onmessage({ data: { ...asked, args: asked.args.map(argument) } });
  })
  .on("close", () => process.exit(0));
