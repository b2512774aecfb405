// `make bench-web`: what the page costs, over a server, with the core, in Debian's Chromium. What is measured, and how far to
// trust it, stands in bench/RESULTS.md.
//
//   node web/tests/bench.mjs SOTTOD PAGE [--messages N] [--json FILE]
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { chromium } from "playwright-core";
import { place } from "./serve.mjs";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { messages: { type: "string", default: "10000" }, json: { type: "string", default: "build/bench/web.json" } },
});
const [SOTTOD, PAGE] = positionals;
const MESSAGES = Number(options.messages);
const SLOWER = 4; // a phone's processor
const PHONE_LINE = { delay: 75, down: 204_800, up: 96_000 }; // ms each way, bytes a second
const ROUNDS = { fast: 5, phone: 3 };
const SIZE = { fast: { width: 1100, height: 740 }, phone: { width: 360, height: 740 } };

const there = place();
const at = (...names) => join(there.folder, ...names);
const begun = Date.now();
const say = (text) => console.error(`${((Date.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${text}`);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, holds, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(20)) {
    const found = await holds();
    if (found) return found;
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

// ---- What was measured ----

const rows = []; // { part, what, unit, rounds }

function add(part, what, unit, value) {
  let row = rows.find((r) => r.part === part && r.what === what);
  if (row === undefined) rows.push((row = { part, what, unit, rounds: [] }));
  row.rounds.push(value);
}

function median(values) {
  const sorted = values.slice().sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

const figure = (n) => (n >= 100 || Number.isInteger(n) ? Math.round(n).toLocaleString("en") : n.toFixed(n < 10 ? 2 : 1));

// A table for each part; what stands behind a colon is a column.
function report() {
  for (const part of new Set(rows.map((r) => r.part))) {
    const cells = rows.filter((r) => r.part === part).map((row) => {
      const [subject, column = ""] = row.what.split(": ");
      return { ...row, subject, column: [column, row.unit].filter(Boolean).join(", ") };
    });
    const columns = [...new Set(cells.map((c) => c.column))];
    console.log(`### ${part}\n\n| | ${columns.join(" | ")} |\n|---${"|---".repeat(columns.length)}|`);
    for (const subject of new Set(cells.map((c) => c.subject))) {
      const line = columns.map((column) => {
        const rounds = cells.find((c) => c.subject === subject && c.column === column)?.rounds;
        if (rounds === undefined) return "";
        return figure(median(rounds)) + (rounds.length > 1 ? ` (${figure(Math.min(...rounds))} to ${figure(Math.max(...rounds))})` : "");
      });
      console.log(`| ${subject} | ${line.join(" | ")} |`);
    }
    console.log("");
  }
}

// ---- The server, and the line to it ----

let server;

async function startServer() {
  let said = "";
  const addresses = ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"];
  const settings = ["--set", `pages=${at("page")}`, "--set", "rate=0"];
  server = spawn(SOTTOD, ["run", "--data", at("server"), ...addresses, ...settings], { stdio: ["ignore", "pipe", "ignore"] });
  server.stdout.on("data", (bytes) => (said += bytes));
  const [, port] = await until("the server is ready", () => /ready on .*http [\d.]+:(\d+)/.exec(said));
  return Number(port);
}

// All that a browser says to the server goes through here: it counts each path's bytes, whoever asks, the page or one of its
// workers, and is as slow as it is told to be. DevTools' own emulation does not reach WebSockets, nor what workers fetch.
class Line {
  slow = null;
  counts = new Map(); // path: { up, down, times }

  async open(port) {
    this.server = createServer((browser) => {
      const server = connect(port, "127.0.0.1");
      const path = { now: "" };
      const first = Date.now() + (this.slow ? 2 * this.slow.delay : 0); // a connection takes a way there and back
      this.carry(browser, server, "up", path, first);
      this.carry(server, browser, "down", path, first);
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}/`;
  }

  carry(from, to, way, path, first) {
    let last = Promise.resolve();
    const end = () => (last = last.then(() => to.destroy()));
    from.setNoDelay();
    from.on("error", end).on("close", end);
    from.on("data", (bytes) => {
      if (way === "up") path.now = /^GET (\S+) HTTP/.exec(bytes.subarray(0, 200).toString("latin1"))?.[1] ?? path.now;
      this.count(path.now, way, bytes.length);
      const piece = this.slow ? 4096 : bytes.length;
      for (let i = 0; i < bytes.length; i += piece) {
        const part = bytes.subarray(i, i + piece);
        const due = this.due(way, part.length, first);
        last = last.then(() => due && sleep(due - Date.now())).then(() => to.write(part));
      }
    });
  }

  count(path, way, n) {
    const one = this.counts.get(path) ?? { up: 0, down: 0 };
    this.counts.set(path, one);
    one[way] += n;
  }

  // When so many bytes are through, which all connections share.
  due(way, n, first) {
    if (!this.slow) return 0;
    this.free ??= { up: 0, down: 0 };
    this.free[way] = Math.max(this.free[way], Date.now(), first) + (1000 * n) / this.slow[way];
    return this.free[way] + this.slow.delay;
  }

  // What went since, by kind.
  take() {
    const kinds = {};
    for (const [path, { up, down }] of this.counts) {
      const kind = kindOf(path);
      kinds[kind] ??= { up: 0, down: 0 };
      kinds[kind].up += up;
      kinds[kind].down += down;
    }
    this.counts.clear();
    return kinds;
  }
}

const KINDS = ["page (HTML)", "script", "style", "worker", "core (wasm)", "service worker", "pictures, manifest, licences", "session (WebSocket)"];

function kindOf(path) {
  if (path === "/" || path.endsWith(".html")) return KINDS[0];
  if (path.startsWith("/main")) return KINDS[1];
  if (path.endsWith(".css")) return KINDS[2];
  if (path.startsWith("/worker")) return KINDS[3];
  if (path.endsWith(".wasm")) return KINDS[4];
  if (path === "/sw.js") return KINDS[5];
  return path.startsWith("/session") ? KINDS[7] : KINDS[6];
}

const line = new Line();

// ---- A slow processor ----

// The whole browser, each process and thread of it, stands still for three quarters of the time, in turns of 8 ms: what
// DevTools slows is the page's own thread, and the core runs in another.
const TURNS = `
  const { parentPort, workerData: { group, slower, stop } } = require("node:worker_threads");
  const say = (signal) => { try { process.kill(-group, signal); } catch {} };
  parentPort.postMessage("begun");
  while (!Atomics.load(stop, 0)) {
    say("SIGSTOP");
    Atomics.wait(stop, 0, 0, 8 - 8 / slower);
    say("SIGCONT");
    Atomics.wait(stop, 0, 0, 8 / slower);
  }
  say("SIGCONT");`;

async function slowly(browser, work) {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const turns = new Worker(TURNS, { eval: true, workerData: { group: browser.group(), slower: SLOWER, stop } });
  await new Promise((resolve) => turns.once("message", resolve));
  try {
    return await work();
  } finally {
    Atomics.store(stop, 0, 1);
    Atomics.notify(stop, 0);
    await new Promise((resolve) => turns.once("exit", resolve));
  }
}

// ---- Browsers ----

// In each page, from its first moment: when something is painted for the first time, and what goes to the worker.
function watch() {
  const bench = (globalThis.bench = { marks: {}, asked: {}, presses: [] });
  const wanted = {
    use: "main.first .ways button, main.first input",
    list: ".side a.row",
    message: ".chat .message",
    text: "textarea, pre",
  };
  const painted = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => then(performance.now());
    port2.postMessage(0);
  });
  bench.painted = painted;
  new MutationObserver(() => {
    for (const name in wanted)
      if (!(name in bench.marks) && document.querySelector(wanted[name])) {
        bench.marks[name] = 0;
        painted((now) => (bench.marks[name] = now));
      }
  }).observe(document, { childList: true, subtree: true });
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...more) {
    bench.asked[message?.name] = (bench.asked[message?.name] ?? 0) + 1;
    return post.call(this, message, ...more);
  };
  addEventListener("keydown", ({ timeStamp }) => painted((now) => bench.presses.push(now - timeStamp)), true);
}

class Browser {
  constructor(name) {
    this.folder = at(name);
    mkdirSync(this.folder, { recursive: true });
  }

  static all = new Set();

  async open(kind = "fast") {
    Browser.all.add(this);
    this.context = await chromium.launchPersistentContext(this.folder, {
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox", "--enable-blink-features=ForceEagerMeasureMemory"],
      viewport: SIZE[kind],
      locale: "en-GB",
    });
    this.context.setDefaultTimeout(60_000);
    await this.context.addInitScript(watch);
    [this.page] = this.context.pages();
    return this;
  }

  async close() {
    Browser.all.delete(this);
    await this.context?.close();
  }

  pids(type) {
    return readdirSync("/proc").filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
        return words.includes(`--user-data-dir=${this.folder} `) && words.includes(`--type=${type} `);
      } catch {
        return false; // no number, or gone
      }
    });
  }

  group() {
    return Number(readFileSync(`/proc/${this.pids("gpu-process")[0]}/stat`, "latin1").split(") ")[1].split(" ")[2]);
  }

  // When it was painted, after the navigation began.
  async mark(name, page = this.page) {
    return (await page.waitForFunction((n) => globalThis.bench?.marks[n] || null, name, { polling: 100 })).jsonValue();
  }

  async go(where, page = this.page) {
    if (page.url().startsWith(line.url)) await page.goto("about:blank"); // or another part of an address is no navigation
    await page.goto(line.url + where, { waitUntil: "commit" });
  }

  // A call to the core, by the way that other tabs go.
  ask(name, ...args) {
    return this.page.evaluate(
      ([name, args]) =>
        new Promise((resolve, reject) => {
          const channel = new BroadcastChannel("sotto-core");
          channel.onmessage = ({ data: { to, answered } }) => {
            if (to !== "bench") return;
            channel.close();
            if ("failed" in answered) reject(new Error(answered.failed.error));
            else resolve(answered.answer);
          };
          channel.postMessage({ to: "writer", from: "bench", asked: { call: 1, name, args } });
        }),
      [name, args],
    );
  }

  async register(name) {
    const link = execFileSync(SOTTOD, ["invite", "--data", at("server")], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    await this.go(`#join=${encodeURIComponent(link)}`);
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByRole("button", { name: "Create account" }).click();
    await this.page.getByRole("heading", { name: "No conversations yet" }).waitFor();
  }

  // Sends so many, of the size of what people write, with some under way, until there are as many as `all`. By the core alone, without
  // the page, which would show each.
  async send(conversation, count, all) {
    await this.page.goto(line.url + "empty.html");
    const worker = readdirSync(PAGE).find((name) => /^worker-.*\.js$/.test(name));
    await this.page.evaluate(
      ([file, conversation, count, all]) =>
        new Promise((resolve, reject) => {
          const policy = trustedTypes.createPolicy("sotto", { createScriptURL: (url) => url });
          const worker = new Worker(policy.createScriptURL(file), { type: "module" });
          const text = "the quick brown fox jumps over a lazy dog and then writes of it at some length to all who want to read";
          const ask = (call, name, ...args) => worker.postMessage({ call, name, args });
          const FLIGHT = 32;
          let sent = 0;
          let done = 0;
          const next = () => sent < count && ask(++sent, "send", conversation, "plain", `${sent} ${text.slice(0, 20 + ((sent * 37) % 80))}`, "");
          worker.onmessage = ({ data }) => {
            if ("failed" in data) reject(new Error(data.failed.error));
            else if (data.call === "open") for (let i = 0; i < FLIGHT; i++) next();
            else if (data.call === "look" && data.answer.messages >= all && done === count) ask("end", "lock");
            else if (data.call === "end") resolve(worker.terminate());
            else if (data.event?.type === "done") next(++done);
          };
          ask("open", "open", "", false);
          setInterval(() => sent === count && ask("look", "conversation", conversation), 200);
        }),
      [worker, conversation, count, all],
    );
  }

  // Has the worker count what enters the core, and what the core asks for, from now on: it is closed and opened anew, with that between.
  async countCore() {
    await this.ask("lock");
    const worker = this.page.workers().find((one) => one.url().includes("/worker-"));
    await worker.evaluate(() => {
      const make = WebAssembly.instantiate;
      const count = (self.bench = { calls: {}, ms: {}, memory: null });
      if (make.counts) return;
      const counting = (functions) => {
        const counted = {};
        for (const [name, value] of Object.entries(functions))
          counted[name] =
            typeof value !== "function"
              ? value
              : (...given) => {
                  const from = performance.now();
                  const result = value(...given);
                  count.calls[name] = (count.calls[name] ?? 0) + 1;
                  count.ms[name] = (count.ms[name] ?? 0) + performance.now() - from;
                  return result;
                };
        return counted;
      };
      WebAssembly.instantiate = async (module, imports) => {
        const { exports } = await make(module, { ...imports, host: counting(imports.host) });
        count.memory = exports.memory;
        return { exports: counting(exports) };
      };
      WebAssembly.instantiate.counts = true;
    });
    const from = Date.now();
    await this.ask("open", "", false);
    const took = Date.now() - from;
    this.worker = worker;
    // What the page asked meanwhile was refused: it asks anew, as when another tab took over.
    await this.page.evaluate(() => new BroadcastChannel("sotto-core").postMessage({ event: { type: "writer" } }));
    return took;
  }

  counted() {
    return this.worker.evaluate(() => ({ calls: { ...self.bench.calls }, ms: { ...self.bench.ms }, bytes: self.bench.memory.buffer.byteLength }));
  }
}

// The private memory of the page's process: of the renderers the one with most.
function privateBytes(browser) {
  const sizes = browser.pids("renderer").map((pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
    return [...text.matchAll(/^Private_\w+: +(\d+) kB$/gm)].reduce((sum, [, kib]) => sum + Number(kib), 0) * 1024;
  });
  return Math.max(...sizes);
}

const MIB = 1 << 20;

async function memory(browser, what) {
  const part = "Memory";
  const { breakdown } = await browser.page.evaluate(() => performance.measureUserAgentSpecificMemory());
  const heap = (scope) =>
    breakdown.filter((b) => b.types.includes("JavaScript") && b.attribution[0]?.scope.includes(scope)).reduce((n, b) => n + b.bytes, 0);
  add(part, `${what}: the page's JavaScript`, "MiB", heap("Window") / MIB);
  add(part, `${what}: the worker's JavaScript`, "MiB", heap("Worker") / MIB);
  add(part, `${what}: the renderer's private memory`, "MiB", privateBytes(browser) / MIB);
  add(part, `${what}: nodes of the document`, "", await browser.page.evaluate(() => document.querySelectorAll("*").length));
}

// ---- The parts ----

// How the browser is for the work: as it is, or as a phone's.
async function as(kind, browser, work) {
  line.slow = kind === "phone" ? PHONE_LINE : null;
  try {
    return kind === "phone" ? await slowly(browser, work) : await work();
  } finally {
    line.slow = null;
  }
}

const named = { fast: "as it is", phone: "phone" };

async function calibrate() {
  const browser = await new Browser("calibrate").open();
  await browser.page.goto(line.url + "empty.html");
  const loop = (page) =>
    page.evaluate(() => {
      const from = performance.now();
      let x = 0;
      for (let i = 0; i < 1e8; i++) x = (x * 31 + i) | 0;
      return performance.now() - from + (x & 0);
    });
  await loop(browser.page);
  for (let i = 0; i < 3; i++) {
    const quick = await loop(browser.page);
    add("The phone", "a loop takes so many times as long", "", (await as("phone", browser, () => loop(browser.page))) / quick);
  }
  await browser.close();
}

// The page of a browser that never was here, until there is something to press; and one that is empty.
async function firstVisits(kind) {
  const part = "First visit, until it is painted";
  for (let round = 0; round < ROUNDS[kind]; round++) {
    for (const [what, path, name] of [["an empty page of the same server", "empty.html", "text"], ["the first screen", "", "use"]]) {
      const browser = await new Browser(`first-${kind}-${round}-${name}`).open(kind);
      line.take();
      await as(kind, browser, async () => {
        await browser.go(path);
        add(part, `${what}: ${named[kind]}`, "ms", await browser.mark(name));
      });
      if (kind === "fast" && name === "use" && round === 0) await bytes(browser);
      await browser.close();
    }
    say(`first visit, ${named[kind]}: round ${round + 1}`);
  }
}

// What went over the line until the service worker had all, and when the page was opened again.
async function bytes(browser) {
  await browser.page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
  await sleep(500);
  const size = (end) => {
    const sizes = {};
    for (const name of readdirSync(PAGE))
      if (end === "" ? !/\.(br|gz)$/.test(name) && name !== "manifest.txt" : name.endsWith(end)) {
        const kind = kindOf("/" + name.slice(0, name.length - end.length));
        sizes[kind] = (sizes[kind] ?? 0) + statSync(join(PAGE, name)).size;
      }
    return sizes;
  };
  const [first, whole, packed] = [line.take(), size(""), size(".br")];
  await browser.page.reload();
  await browser.mark("use");
  await sleep(500);
  const second = line.take();
  const all = (kinds, of) => Object.values(kinds).reduce((n, kind) => n + of(kind), 0);
  for (const kind of KINDS) {
    add("Bytes", `${kind}: first visit`, "bytes", first[kind]?.down ?? 0);
    if (whole[kind]) add("Bytes", `${kind}: its files`, "bytes", whole[kind]);
    if (packed[kind]) add("Bytes", `${kind}: its files by Brotli`, "bytes", packed[kind]);
    add("Bytes", `${kind}: second visit`, "bytes", second[kind]?.down ?? 0);
  }
  add("Bytes", "all: first visit", "bytes", all(first, (k) => k.down));
  add("Bytes", "all: its files", "bytes", all(whole, (n) => n));
  add("Bytes", "all: first visit, what the browser says", "bytes", all(first, (k) => k.up));
  add("Bytes", "all: second visit", "bytes", all(second, (k) => k.down));
}

// Until a conversation is painted, by somebody who has an account here.
async function visits(kind, folder, conversation, what) {
  const part = "Until a conversation is painted";
  const where = `#/c/${conversation}`;
  for (let round = 0; round < ROUNDS[kind]; round++) {
    const browser = await new Browser(folder).open(kind);
    const visit = (how, page) =>
      as(kind, browser, async () => {
        await browser.go(where, page);
        add(part, `${what}, ${how}: ${named[kind]}`, "ms", await browser.mark("message", page));
      });
    await visit("a browser just started");
    await visit("opened again");
    const second = await browser.context.newPage();
    await visit("a second tab", second);
    await second.close();
    const cdp = await browser.context.newCDPSession(browser.page);
    await browser.page.goto("about:blank");
    await cdp.send("Storage.clearDataForOrigin", { origin: line.url.slice(0, -1), storageTypes: "service_workers,cache_storage" });
    await cdp.send("Network.clearBrowserCache");
    await visit("nothing of the page kept");
    await browser.close();
    say(`a conversation, ${what}, ${named[kind]}: round ${round + 1}`);
  }
}

// What the same browser takes for the parts alone.
async function parts(kind) {
  const part = "Parts alone";
  const wasm = readdirSync(PAGE).find((name) => name.endsWith(".wasm"));
  for (let round = 0; round < ROUNDS[kind]; round++) {
    const browser = await new Browser(`parts-${kind}-${round}`).open(kind);
    await browser.page.goto(line.url + "empty.html");
    const took = await as(kind, browser, () =>
      browser.page.evaluate(async (wasm) => {
        const time = async (work) => {
          const from = performance.now();
          await work();
          return performance.now() - from;
        };
        return {
          "the wasm fetched": await time(async () => (await fetch(wasm, { cache: "no-store" })).arrayBuffer()),
          "fetched and compiled (compileStreaming)": await time(() => WebAssembly.compileStreaming(fetch(wasm, { cache: "reload" }))),
          "the same, from the HTTP cache": await time(() => WebAssembly.compileStreaming(fetch(wasm))),
        };
      }, wasm),
    );
    for (const [what, ms] of Object.entries(took)) add(part, `${what}: ${named[kind]}`, "ms", ms);
    await browser.close();
  }
  say(`parts alone, ${named[kind]}`);
}

const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);

// Keys into the field of a conversation: what they ask of the core, and when they are seen.
async function keys(browser, kind, what, count, pause) {
  const part = `A key, ${named[kind]}`;
  await browser.page.locator("textarea").first().focus();
  await sleep(1000);
  await browser.page.evaluate(() => Object.assign(bench, { asked: {}, presses: [] }));
  const before = browser.worker && (await browser.counted());
  await as(kind, browser, async () => {
    for (let i = 0; i < count; i++) {
      await browser.page.keyboard.press("abcdefgh "[i % 9]);
      await sleep(pause);
    }
    await sleep(1000);
  });
  const { asked, presses } = await browser.page.evaluate(() => bench);
  for (const ms of presses) add(part, `${what}: seen after`, "ms", ms);
  if (!browser.worker) return;
  const after = await browser.counted();
  add(part, `${what}: calls to the worker, each`, "", sum(asked) / count);
  const grown = (which, names) => names.reduce((n, name) => n + (after[which][name] ?? 0) - (before[which][name] ?? 0), 0) / count;
  const entries = Object.keys(after.calls).filter((name) => name.startsWith("web_"));
  add(part, `${what}: entries into the wasm, each`, "", grown("calls", entries));
  add(part, `${what}: in the wasm, each`, "ms", grown("ms", entries));
  add(part, `${what}: of that in writes and syncs of files, each`, "ms", grown("ms", ["file_write", "file_sync"]));
}

// With the core open that counts: memory, then keys.
async function lookInto(folder, conversation, what) {
  const browser = await new Browser(folder).open();
  await browser.go(`#/c/${conversation}`);
  await browser.mark("message");
  await sleep(1000);
  await memory(browser, what);
  add("Opening the store", `${what}: \`open\``, "ms", await browser.countCore());
  const opened = await browser.counted();
  add("Opening the store", `${what}: in \`web_open\``, "ms", opened.ms.web_open);
  add("Opening the store", `${what}: reads of its files until then`, "", opened.calls.file_read);
  add("Opening the store", `${what}: in these reads`, "ms", opened.ms.file_read);
  await browser.ask("conversations");
  await sleep(1000);
  add("Memory", `${what}: the wasm's memory`, "MiB", (await browser.counted()).bytes / MIB);
  await keys(browser, "fast", `${what}, 8 a second`, 40, 125);
  await keys(browser, "fast", `${what}, one a second, each kept as a draft`, 8, 1000);
  await keys(browser, "phone", `${what}, 8 a second`, 40, 125);
  await browser.ask("typing-set", true);
  await keys(browser, "fast", `${what}, 8 a second, and the other sees that one writes`, 40, 125);
  await browser.ask("typing-set", false);
  await browser.close();
  say(`memory and keys, ${what}`);
}

async function emptyPage() {
  const browser = await new Browser("empty").open();
  await browser.page.goto(line.url + "empty.html");
  await sleep(1000);
  await memory(browser, "an empty page");
  await keys(browser, "fast", "a field on an empty page", 40, 125);
  await keys(browser, "phone", "a field on an empty page", 40, 125);
  await browser.close();
}

// From the newest to the oldest, as fast as it goes.
async function scroll(folder, conversation, kind, remember) {
  const part = `A conversation of ${MESSAGES.toLocaleString("en")} messages`;
  const what = (text) => `${text}: ${named[kind]}`;
  const browser = await new Browser(folder).open(kind);
  await browser.go("#/chats");
  await browser.mark("list");
  await sleep(1000);
  const took = await as(kind, browser, () =>
    browser.page.evaluate(async (conversation) => {
      const row = document.querySelector(`a.row[href="#/c/${conversation}"]`);
      const from = performance.now();
      const seen = (holds) =>
        new Promise((resolve) => {
          const look = () => (holds() ? bench.painted(resolve) : requestAnimationFrame(look));
          look();
        });
      row.click();
      const opened = (await seen(() => document.querySelector(".chat .message"))) - from;
      const box = document.querySelector(".list-box");
      let most = 0;
      const began = performance.now();
      const oldest = await seen(() => {
        box.scrollTop = 0;
        most = Math.max(most, document.querySelectorAll("*").length);
        const first = document.querySelector(".list-rows > li");
        return document.querySelector(".list-box > p") === null && first?.getAttribute("aria-posinset") === "1" && first.getBoundingClientRect().bottom > 0;
      });
      return { opened, oldest: oldest - began, most, rows: Number(document.querySelector(".list-rows > li").getAttribute("aria-setsize")) };
    }, conversation),
  );
  add(part, what("opened from the list, ms"), "", took.opened);
  add(part, what("scrolled to its oldest message, ms"), "", took.oldest);
  add(part, what("rows that are loaded then"), "", took.rows);
  add(part, what("nodes of the document, at most"), "", took.most);
  if (kind === "fast" && remember) await memory(browser, `${MESSAGES.toLocaleString("en")} messages, all loaded`);
  await browser.close();
  say(`${part}, ${named[kind]}: scrolled`);
}

// SQLite alone, natively, over a copy of the store that the browser keeps.
function sqliteAlone(folder, what) {
  const files = execFileSync("find", [join(folder, "Default", "File System"), "-type", "f"], { encoding: "utf8" }).trim().split("\n");
  const store = files.find((path) => readFileSync(path).subarray(0, 15).toString("latin1") === "SQLite format 3");
  if (store === undefined) return;
  const script =
    "import sqlite3, sys, time\n" +
    "t = time.perf_counter()\n" +
    "db = sqlite3.connect(f'file:{sys.argv[1]}?immutable=1', uri=True)\n" +
    "tables = [t for (t,) in db.execute(\"select name from sqlite_master where type = 'table'\")]\n" +
    "opened = time.perf_counter() - t\n" +
    "n = sum(1 for t in tables for _ in db.execute('select * from ' + t))\n" +
    "print(1000 * opened, 1000 * (time.perf_counter() - t), n)\n";
  const [opened, read, count] = execFileSync("python3", ["-c", script, store], { encoding: "utf8" }).split(" ").map(Number);
  add("Opening the store", `${what}: SQLite alone, natively, opens it`, "ms", opened);
  add("Opening the store", `${what}: and reads all rows`, "ms", read);
  add("Opening the store", `${what}: rows`, "", count);
  add("Opening the store", `${what}: the file`, "MiB", statSync(store).size / MIB);
}

async function main() {
  cpSync(PAGE, at("page"), { recursive: true });
  writeFileSync(at("page", "empty.html"), "<!doctype html><title>Empty</title><body><textarea></textarea></body>\n");
  await line.open(await startServer());
  say("the server is ready");
  await calibrate();
  await emptyPage();
  for (const kind of ["fast", "phone"]) {
    await firstVisits(kind);
    await parts(kind);
  }

  const [ada, ben] = [await new Browser("ada").open(), await new Browser("ben").open()];
  await ada.register("Ada");
  await ben.register("Ben");
  await memory(ada, "an empty account");
  const { conversation } = await meet(ada, ben);
  await fill(ada, ben, conversation, 20);
  await Promise.all([ada.close(), ben.close()]);
  say("two accounts, and 20 messages");
  await lookInto("ada", conversation.ada, "20 messages");
  sqliteAlone(at("ada"), "20 messages");
  for (const kind of ["fast", "phone"]) await visits(kind, "ada", conversation.ada, "20 messages");

  await Promise.all([ada.open(), ben.open()]);
  await ada.go("#/settings");
  await ada.page.getByRole("heading").first().waitFor();
  const from = Date.now();
  await fill(ada, ben, conversation, MESSAGES - 20);
  add("Filling", "messages that two cores on this machine send each other", "a second", (1000 * (MESSAGES - 20)) / (Date.now() - from));
  await Promise.all([ada.close(), ben.close()]);
  say(`${MESSAGES} messages`);
  const many = `${MESSAGES.toLocaleString("en")} messages`;
  await lookInto("ada", conversation.ada, many);
  sqliteAlone(at("ada"), many);
  for (const kind of ["fast", "phone"]) {
    await visits(kind, "ada", conversation.ada, many);
    for (let round = 0; round < ROUNDS[kind]; round++) await scroll("ada", conversation.ada, kind, round === 0);
  }
}

// One asks the other by its link, and is accepted; the numbers of their conversation.
async function meet(ada, ben) {
  await ada.page.goto(`${line.url}#/link`);
  await ada.page.getByRole("button", { name: "Make a link" }).click();
  const link = await ada.page.locator(".made .code").textContent();
  await ben.page.goto(`${line.url}#/add`);
  await ben.page.getByLabel("Their link").fill(link);
  await ben.page.getByLabel("What you call them").first().fill("Ada");
  await ben.page.getByRole("button", { name: "Add", exact: true }).click();
  await ben.page.getByRole("button", { name: "Write" }).click();
  await ben.page.getByRole("textbox", { name: "Write a message" }).fill("Hello");
  await ben.page.getByRole("button", { name: "Send", exact: true }).click();
  await ada.page.goto(`${line.url}#/chats`);
  await ada.page.getByRole("button", { name: /asks to talk/ }).click();
  await ada.page.locator(".detail .row").click();
  await ada.page.getByRole("button", { name: "Accept" }).click();
  await ada.page.getByRole("textbox", { name: "Write a message" }).waitFor();
  const number = async (one) => (await one.ask("conversations"))[0].number;
  return { conversation: { ada: await number(ada), ben: await number(ben) } };
}

// Each sends half, and both have all.
async function fill(ada, ben, conversation, count) {
  const all = (await ada.ask("conversation", conversation.ada)).messages + count;
  await Promise.all([ada.send(conversation.ada, count / 2, all), ben.send(conversation.ben, count / 2, all)]);
}

let failed = null;
try {
  await main();
} catch (e) {
  failed = e;
}
for (const browser of Browser.all) await browser.close().catch(() => {});
server?.kill("SIGTERM");
there.remove();
mkdirSync(dirname(options.json), { recursive: true });
writeFileSync(options.json, JSON.stringify({ date: new Date().toISOString().slice(0, 10), rows }, null, 1));
report();
if (failed) console.error(failed);
process.exit(failed ? 1 : 0);
