// Runs one unit test program in WebAssembly: node tests/wasm/run.mjs PROGRAM.wasm [filter]
//
// Just enough of WASI for the test frame: output, the clock, randomness and arguments. There are no
// files. Whatever else a program imports answers "not supported".
import { randomFillSync } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';

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

const module = new WebAssembly.Module(readFileSync(args[0]));
const imports = { test: frame, wasi_snapshot_preview1: {} };
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
