// Runs one unit test program in WebAssembly: node tests/wasm/run.mjs PROGRAM.wasm [filter]
//
// Just enough of WASI for the test frame: output, the clock, randomness and arguments; and the host's
// files (src/store/file_host.c), in memory. What is published as JSON is read here. Whatever else a program imports answers "not supported".
import { randomFillSync } from 'node:crypto';
import { existsSync, readFileSync, writeSync } from 'node:fs';

const ESUCCESS = 0, EBADF = 8, ENOSYS = 52, CHARACTER_DEVICE = 2;
const args = process.argv.slice(2);
let instance;

class Exit extends Error {
  constructor(code) { super('exit'); this.code = code; }
}
class Leave extends Error {}

const view = () => new DataView(instance.exports.memory.buffer);
const bytes = (at, n) => new Uint8Array(instance.exports.memory.buffer, at, n);
const set32 = (at, value) => view().setUint32(at, value, true);
const set64 = (at, value) => view().setBigUint64(at, BigInt(value), true);

// A block of arguments: pointers at `table`, the strings themselves at `at`.
function putStrings(strings, table, at) {
  for (const s of strings) {
    const encoded = new TextEncoder().encode(s + '\0');
    set32(table, at);
    bytes(at, encoded.length).set(encoded);
    table += 4;
    at += encoded.length;
  }
  return ESUCCESS;
}
function putSizes(strings, count, size) {
  set32(count, strings.length);
  set32(size, strings.reduce((n, s) => n + new TextEncoder().encode(s).length + 1, 0));
  return ESUCCESS;
}

function* buffers(iovs, count) {
  for (let i = 0; i < count; i++)
    yield bytes(view().getUint32(iovs + 8 * i, true), view().getUint32(iovs + 8 * i + 4, true));
}

const wasi = {
  args_sizes_get: (count, size) => putSizes(args, count, size),
  args_get: (table, at) => putStrings(args, table, at),
  environ_sizes_get: (count, size) => putSizes([], count, size),
  environ_get: () => ESUCCESS,
  proc_exit: (code) => { throw new Exit(code); },
  random_get: (at, n) => {
    randomFillSync(bytes(at, n));
    return ESUCCESS;
  },
  clock_time_get: (id, precision, at) => {
    set64(at, id === 0 ? BigInt(Date.now()) * 1000000n : process.hrtime.bigint());
    return ESUCCESS;
  },
  fd_write: (fd, iovs, count, written) => {
    if (fd !== 1 && fd !== 2) return EBADF;
    let total = 0;
    for (const part of buffers(iovs, count)) {
      for (let done = 0; done < part.length;) done += writeSync(fd, part, done);
      total += part.length;
    }
    set32(written, total);
    return ESUCCESS;
  },
  fd_fdstat_get: (fd, at) => {
    if (fd > 2) return EBADF;
    bytes(at, 24).fill(0);
    view().setUint8(at, CHARACTER_DEVICE);
    return ESUCCESS;
  },
  fd_close: () => ESUCCESS,
  fd_prestat_get: () => EBADF,
};

// A check that fails leaves its test from any depth: the frame runs each test through here.
const frame = {
  run: (index) => {
    const stack = instance.exports.__stack_pointer.value;
    try {
      instance.exports.__indirect_function_table.get(index)();
    } catch (e) {
      if (!(e instanceof Leave)) throw e;
      instance.exports.__stack_pointer.value = stack;
    }
  },
  leave: () => { throw new Leave(); },
};

// ---- Files ----
// Each has the content that a sync made durable, and what was done since, in order. All calls see
// both; when the power goes, any part of what was done is done in fact.
const IO = 1, NOT_FOUND = 2, BUSY = 3, CREATE = 1, LOCK = 2, SECTOR = 512;
const files = new Map(); // by name: {now, durable, since, locked}
const opened = [];
let untilCut = Infinity, isCut = false, random = 1;

const chance = () => (random = (Math.imul(random, 1664525) + 1013904223) >>> 0) / 2 ** 32;

class Content {
  constructor(from) {
    this.bytes = from ? from.bytes.slice() : new Uint8Array(8192);
    this.size = from ? from.size : 0;
  }
  resize(size) {
    while (this.bytes.length < size) {
      const grown = new Uint8Array(2 * this.bytes.length);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.bytes.fill(0, Math.min(this.size, size), Math.max(this.size, size));
    this.size = size;
  }
  write(offset, data) {
    this.resize(Math.max(this.size, offset + data.length));
    this.bytes.set(data, offset);
  }
}

// False once the power is gone.
function works() {
  if (--untilCut > 0) return !isCut;
  if (!isCut) for (const file of files.values()) tear(file);
  isCut = true;
  return false;
}

function tear(file) {
  const left = new Content(file.durable);
  for (const { size, offset, data } of file.since) {
    if (size !== undefined) {
      if (chance() < 0.5) left.resize(size);
      continue;
    }
    for (let at = 0; at < data.length; at += SECTOR)
      if (chance() < 0.5) left.write(offset + at, data.subarray(at, at + SECTOR));
  }
  file.now = left;
}

const text = (at, n) => new TextDecoder().decode(bytes(at, n));

const host = {
  file_open: (at, n, flags) => {
    const name = text(at, n);
    let file = files.get(name);
    if (!file && !(flags & CREATE)) return -NOT_FOUND;
    if (!file && isCut) return -IO;
    if (!file) files.set(name, file = { now: new Content(), durable: new Content(), since: [] });
    if (flags & LOCK && file.locked) return -BUSY;
    file.locked ||= (flags & LOCK) !== 0;
    return opened.push({ file, locks: flags & LOCK }) - 1;
  },
  file_read: (fd, offset, at, n) => {
    const { now } = opened[fd].file;
    const got = Math.max(0, Math.min(n, now.size - offset));
    bytes(at, got).set(now.bytes.subarray(offset, offset + got));
    return isCut ? -IO : got;
  },
  file_write: (fd, offset, at, n) => {
    const { file } = opened[fd];
    if (isCut) return -IO;
    const data = bytes(at, n).slice();
    file.since.push({ offset, data });
    if (!works()) return -IO;
    file.now.write(offset, data);
    return 0;
  },
  file_sync: (fd) => {
    const { file } = opened[fd];
    if (!works()) return -IO;
    file.durable = new Content(file.now);
    file.since = [];
    return 0;
  },
  file_size: (fd) => opened[fd].file.now.size,
  file_truncate: (fd, size) => {
    const { file } = opened[fd];
    if (isCut) return -IO;
    file.since.push({ size });
    if (!works()) return -IO;
    file.now.resize(size);
    return 0;
  },
  file_close: (fd) => {
    if (opened[fd].locks) opened[fd].file.locked = false;
    opened[fd] = null;
  },
  file_remove: (at, n) => {
    if (!works()) return -IO;
    return files.delete(text(at, n)) ? 0 : -NOT_FOUND;
  },
};

Object.assign(frame, {
  files_remove: (at, n) => {
    for (const name of files.keys())
      if (name.startsWith(text(at, n) + '/')) files.delete(name);
  },
  files_hold: (at, n, word, wordN) => {
    const wanted = Buffer.from(bytes(word, wordN));
    for (const [name, { now }] of files)
      if (name.startsWith(text(at, n) + '/') && Buffer.from(now.bytes.subarray(0, now.size)).includes(wanted)) return 1;
    return 0;
  },
  files_cut: (count, seed) => {
    [untilCut, random] = [count, seed];
  },
  files_restore: () => {
    const was = isCut;
    for (const file of files.values())
      [file.durable, file.since, file.locked] = [new Content(file.now), [], false];
    [untilCut, isCut] = [Infinity, false];
    return was ? 1 : 0;
  },
});

// ---- Published vectors ---- (tests/wasm/json.c): each value that was asked for has a number
let values = [null];

const value = (v) => (v === null || v === undefined ? 0 : values.push(v) - 1);
const TYPES = { boolean: 1, number: 2, string: 4, object: 5 };

const json = {
  load: (at, n) => {
    for (const folder of [process.env.SOTTO_VECTORS || '../shared/vectors', '../../shared/vectors'])
      if (existsSync(`${folder}/${text(at, n)}`))
        return value(JSON.parse(readFileSync(`${folder}/${text(at, n)}`, 'utf8')));
    return 0;
  },
  drop: () => { values = [null]; },
  type: (v) => (v === 0 ? 0 : Array.isArray(values[v]) ? 3 : TYPES[typeof values[v]]),
  field: (v, at, n) => {
    const key = text(at, n), of = values[v];
    return of !== null && typeof of === 'object' && Object.hasOwn(of, key) ? value(of[key]) : -1;
  },
  length: (v) => values[v].length,
  at: (v, i) => value(values[v][i]),
  number: (v) => Number(values[v]),
  text: (v, at) => bytes(at, values[v].length).set(new TextEncoder().encode(values[v])),
};

const module = new WebAssembly.Module(readFileSync(args[0]));
const imports = { test: frame, host, json, wasi_snapshot_preview1: {} };
for (const { module: from, name } of WebAssembly.Module.imports(module))
  if (from === 'wasi_snapshot_preview1')
    imports[from][name] = wasi[name] ?? (() => ENOSYS);
instance = new WebAssembly.Instance(module, imports);
try {
  instance.exports._start();
} catch (e) {
  if (!(e instanceof Exit)) throw e;
  process.exitCode = e.code;
}
