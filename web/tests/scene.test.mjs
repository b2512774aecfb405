// A scene with all the parts that there are: a server, two people in two browsers with profiles that stay, and one in the
// terminal. One test after the other, each from where the last one ended. SOTTOD, SOTTO and PAGE say where the programs and
// the built page are. The first that fails leaves what the pages showed and what the server logged in a folder that it names.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { deflateSync } from "node:zlib";
import { chromium } from "playwright-core";
import { place } from "./serve.mjs";

const run = promisify(execFile);
const there = place();
const at = (...names) => join(there.folder, ...names);
const wrong = []; // what a page said that went wrong
const OTHERS = 47; // and three make fifty

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What comes to be true in a while.
async function until(what, holds, seconds = 40) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(100)) {
    const found = await holds();
    if (found) return found;
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

function begin(name, t) {
  const begun = Date.now();
  return (said) => t.diagnostic(`${name}: ${said} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
}

// ---- The server ----

const server = { listen: "127.0.0.1:0", http: "127.0.0.1:0", process: null };

async function startServer() {
  const out = at("server.out");
  const [said, log] = [openSync(out, "w"), openSync(at("server.log"), "a")];
  const settings = ["--set", `pages=${process.env.PAGE}`, "--set", "rate=0"];
  const places = ["--data", at("server"), "--listen", server.listen, "--http", server.http];
  server.process = spawn(process.env.SOTTOD, ["run", ...places, ...settings], { stdio: ["ignore", said, log] });
  closeSync(said);
  closeSync(log);
  const ready = await until("the server is ready", () => /ready on ([\d.:]+), http ([\d.:]+)/.exec(readFileSync(out, "utf8")));
  [, server.listen, server.http] = ready;
}

function children() {
  const { pid } = server.process;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
}

async function endServer(how) {
  const parts = children();
  const gone = new Promise((resolve) => server.process.once("exit", resolve));
  if (how === "SIGKILL") parts.forEach(kill);
  server.process.kill(how);
  await gone;
  await until("the server is gone", () => parts.every((pid) => !isAlive(pid)));
}

async function invites(count) {
  const { stdout } = await run(process.env.SOTTOD, ["invite", "--data", at("server"), "--count", `${count}`]);
  return stdout.trim().split("\n");
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it was quicker
  }
}

function isAlive(pid) {
  try {
    return !/[ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1][0]);
  } catch {
    return false;
  }
}

// ---- People ----

class Terminal {
  constructor(name) {
    this.name = name;
  }

  async run(...words) {
    const { stdout } = await run(process.env.SOTTO, ["--no-passphrase", "--home", at(this.name), ...words], { maxBuffer: 1 << 26 });
    return stdout;
  }

  async objects(...words) {
    return (await this.run(...words, "--json")).trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  async texts(conversation) {
    const all = await this.objects("read", conversation, "--last", "100000");
    return all.filter((m) => m.type === "message" && m.kind === "content").map((m) => m.text);
  }
}

class Browser {
  constructor(name, width) {
    Object.assign(this, { name, width, folder: at(name) });
    mkdirSync(this.folder);
  }

  async open(where) {
    this.browser = await chromium.launchPersistentContext(this.folder, {
      executablePath: "/usr/bin/chromium",
      args: ["--no-sandbox"],
      viewport: { width: this.width, height: 740 },
      locale: "en-GB",
      acceptDownloads: true,
    });
    this.browser.setDefaultTimeout(40_000);
    this.page = await this.browser.newPage();
    this.page.on("pageerror", (e) => wrong.push(`${this.name}: ${e.message}`));
    await this.go(where);
  }

  go(where) {
    return this.page.goto(`http://${server.http}/${where}`);
  }

  // As when somebody pulls the plug: all its processes at once.
  async kill() {
    const pids = () =>
      readdirSync("/proc").filter((pid) => {
        try {
          return /^\d+$/.test(pid) && isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.folder);
        } catch {
          return false;
        }
      });
    const found = pids();
    assert.ok(found.length > 0);
    for (const pid of found) kill(Number(pid));
    await until("the browser is gone", () => pids().length === 0);
    await this.browser.close().catch(() => {});
  }

  async enter(conversation) {
    await this.go("#/chats");
    await this.page.getByRole("link", { name: conversation }).first().click();
    await this.page.getByRole("heading", { name: conversation }).waitFor();
  }

  message(text) {
    return this.page.locator(".message", { hasText: text });
  }

  async write(text) {
    await this.page.getByRole("textbox", { name: "Write a message" }).fill(text);
    await this.page.getByRole("button", { name: "Send", exact: true }).click();
  }

  async add(link, name) {
    await this.go("#/add");
    await this.page.getByLabel("Their link").fill(link);
    await this.page.getByLabel("What you call them").first().fill(name);
    await this.page.getByRole("button", { name: "Add", exact: true }).click();
    await this.page.getByRole("heading", { name }).waitFor();
  }

  async link() {
    await this.go("#/link");
    await this.page.getByRole("button", { name: "Make a link" }).click();
    return this.page.locator(".made .code").textContent();
  }

  async accept() {
    await this.go("#/chats");
    await this.page.getByRole("button", { name: /ask/ }).click();
    await this.page.locator(".detail .row").first().click();
    await this.page.getByRole("button", { name: "Accept" }).click();
    await this.page.getByRole("textbox", { name: "Write a message" }).waitFor();
  }

  // Everything that its profile has on the disk, the browser's own files included.
  files() {
    return everything(this.folder);
  }
}

// What goes meanwhile is left out, and no link is followed: Node 18's own recursion stumbles over one to a socket.
function everything(path, entry = statSync(path)) {
  try {
    if (entry.isFile()) return [[path, readFileSync(path)]];
    if (!entry.isDirectory()) return [];
    return readdirSync(path, { withFileTypes: true }).flatMap((one) => everything(join(path, one.name), one));
  } catch (e) {
    if (e.code !== "ENOENT") throw e;
    return [];
  }
}

const holding = (files, bytes) => files.filter(([, content]) => content.includes(bytes)).map(([path]) => path);

let ada, ben, left;

async function leave() {
  const folder = mkdtempSync(join(tmpdir(), "sotto-scene-"));
  for (const name of ["server.log", "server.out"]) copyFileSync(at(name), join(folder, name));
  for (const person of [ada, ben])
    await person?.page?.screenshot({ path: join(folder, `${person.name}.png`), timeout: 5000 }).catch(() => {}); // a browser may be gone
  writeFileSync(join(folder, "pages.txt"), wrong.join("\n"));
  return folder;
}

function scene(name, work) {
  test(name, async (t) => {
    try {
      await work(t);
    } catch (e) {
      left ??= await leave();
      e.message += `\nleft in ${left}: what the pages showed, and the server's log`;
      throw e;
    }
  });
}

const tom = new Terminal("tom");

before(async () => {
  await startServer();
  ada = new Browser("ada", 1100);
  ben = new Browser("ben", 360);
});

after(async () => {
  for (const person of [ada, ben]) await person?.browser?.close().catch(() => {});
  if (server.process?.exitCode === null) await endServer("SIGTERM");
  there.remove();
});

scene("three people register by their links, two in browsers and one in the terminal", async (t) => {
  const tell = begin("registration", t);
  const [one, two, three] = await invites(3);
  for (const [person, name, link] of [
    [ada, "Ada", one],
    [ben, "Ben", two],
  ]) {
    await person.open(`#join=${encodeURIComponent(link)}`);
    await person.page.getByLabel("Your name").fill(name);
    await person.page.getByRole("button", { name: "Create account" }).click();
    await person.page.getByRole("heading", { name: "No conversations yet" }).waitFor();
  }
  await tom.run("init", three, "--name", "Tom");
  tell("three accounts");
});

scene("the three talk", async (t) => {
  const tell = begin("conversation", t);
  await ada.add(await ben.link(), "Ben");
  await ada.add((await tom.run("invite")).trim(), "Tom");
  await ada.go("#/new");
  await ada.page.getByRole("checkbox", { name: "Ben" }).check();
  await ada.page.getByRole("checkbox", { name: "Tom" }).check();
  await ada.page.getByLabel("Name of the conversation").fill("Three");
  await ada.page.getByRole("button", { name: "Begin" }).click();
  await ada.write("Ada is here");
  await ben.accept();
  await ben.message("Ada is here").waitFor();
  await ben.write("Ben is here");
  await until("a request", async () => (await tom.objects("requests")).some((r) => r.type === "request"));
  await tom.run("accept", "1");
  await tom.run("send", "Three", "Tom is here");
  for (const person of [ada, ben]) await person.message("Tom is here").waitFor();
  await ada.message("Ben is here").waitFor();
  const texts = await tom.texts("Three");
  assert.deepEqual(texts.slice().sort(), ["Ada is here", "Ben is here", "Tom is here"]);
  await ada.message("Ada is here").locator(".tick.twice, .tick.delivered, .tick.read").waitFor();
  tell("each sees what the others wrote");
});

scene("two who choose to see when the other writes", async (t) => {
  const tell = begin("writing", t);
  for (const person of [ada, ben]) {
    await person.go("#/settings/security");
    await person.page.getByRole("checkbox", { name: /^Others see that you write/ }).click();
    await person.page.locator("input[type=checkbox]:checked").waitFor();
    await person.enter("Three");
  }
  const writes = ada.page.locator(".bar-sub", { hasText: "writes…" });
  await ben.page.getByRole("textbox", { name: "Write a message" }).pressSequentially("Now or");
  await writes.waitFor();
  await ben.write("Now or never");
  await ada.message("Now or never").waitFor();
  await writes.waitFor({ state: "detached" });
  tell("seen until the message came");
});

scene("offline they write on, and catch up", async (t) => {
  const tell = begin("offline", t);
  await endServer("SIGKILL");
  await ada.browser.setOffline(true);
  await ada.write("Ada, offline");
  await ada.message("Ada, offline").locator(".tick.queued").waitFor();
  await ada.page.reload(); // from what the service worker keeps
  await ada.message("Ada, offline").locator(".tick.queued").waitFor();
  await ben.write("Ben, without a server");
  await startServer();
  await ada.browser.setOffline(false);
  for (const person of [ada, ben])
    for (const text of ["Ada, offline", "Ben, without a server"]) await person.message(text).waitFor();
  await ada.message("Ada, offline").locator(".tick:not(.queued)").waitFor();
  const texts = await tom.texts("Three");
  for (const text of ["Ada, offline", "Ben, without a server"])
    assert.equal(texts.filter((other) => other === text).length, 1, text);
  tell("the server was killed, and a page reloaded meanwhile");
});

scene("a browser killed in mid-send loses nothing that it said was sent, and doubles nothing", async (t) => {
  const tell = begin("killed", t);
  const sent = new Set();
  const look = async () => {
    const shown = await ada.page.$$eval(".message", (all) =>
      all.filter((m) => m.querySelector(".tick:not(.queued)")).map((m) => m.querySelector(".text")?.textContent ?? ""),
    );
    for (const text of shown) if (/^kill \d+$/.test(text)) sent.add(text);
  };
  let count = 0;
  const write = () => ada.write(`kill ${++count}`);
  while (count < 10) await write();
  await until("some are sent", async () => (await look(), sent.size > 0));
  // The server stands still: what goes to it now it takes, but who sent it does not hear of that.
  const parts = children();
  for (const pid of parts) process.kill(pid, "SIGSTOP");
  while (count < 20) await write();
  await look();
  await ada.kill();
  for (const pid of parts) process.kill(pid, "SIGCONT");
  assert.ok(sent.size < count, "not all were said to be sent");
  await ada.open("#/chats");
  await ada.enter("Three");
  const isKill = (text) => /^kill \d+$/.test(text);
  const history = await until("the outbox is empty", async () => {
    const all = await tom.texts("Three");
    const queued = await ada.page.locator(".tick.queued").count();
    return queued === 0 && [...sent].every((text) => all.includes(text)) ? all.filter(isKill) : null;
  });
  assert.equal(new Set(history).size, history.length, "something came twice");
  const numbers = history.map((text) => Number(text.slice(5)));
  assert.deepEqual(numbers, numbers.map((_, i) => i + 1), "they are in their order, and none is missing between");
  await ben.message(`kill ${numbers.length}`).waitFor();
  await ada.write("alive again");
  await ben.message("alive again").waitFor();
  tell(`${sent.size} were said to be sent, ${numbers.length} came, each once`);
});

// ---- A photo ----

const crcs = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

function chunk(type, bytes) {
  const whole = Buffer.concat([Buffer.alloc(4), Buffer.from(type), bytes, Buffer.alloc(4)]);
  let crc = ~0;
  for (let i = 4; i < whole.length - 4; i++) crc = (crc >>> 8) ^ crcs[(crc ^ whole[i]) & 255];
  whole.writeUInt32BE(bytes.length, 0);
  whole.writeUInt32BE(~crc >>> 0, whole.length - 4);
  return whole;
}

// A PNG of that size: nothing makes noise smaller.
function photo(megabytes) {
  const side = Math.ceil(Math.sqrt((megabytes * 1e6) / 3));
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 2], 8);
  const rows = randomBytes(side * (1 + 3 * side));
  for (let y = 0; y < side; y++) rows[y * (1 + 3 * side)] = 0;
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(rows, { level: 0 })), chunk("IEND", Buffer.alloc(0))]);
}

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");

scene("a photo of 20 MB goes each way, byte for byte", async (t) => {
  const tell = begin("photo", t);
  const [theirs, ours] = [photo(20), photo(20)];
  writeFileSync(at("ours.png"), ours);
  await ada.page.locator("input.picker").setInputFiles({ name: "theirs.png", mimeType: "image/png", buffer: theirs });
  const dialog = ada.page.getByRole("dialog");
  await dialog.locator(".preview img").waitFor();
  await dialog.getByRole("checkbox", { name: /original/ }).check();
  await dialog.getByLabel(/Say something with it/).fill("from a browser");
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  await ada.message("from a browser").locator(".tick:not(.queued)").waitFor();
  tell("sent from a browser");
  const file = await until("the photo", async () => (await tom.objects("read", "Three")).find((m) => m.text === "from a browser"));
  await tom.run("save", "Three", `${file.number}`, "--to", at("saved.png"));
  assert.equal(digest(readFileSync(at("saved.png"))), digest(theirs));
  tell("saved in the terminal");
  await tom.run("send", "Three", "--file", at("ours.png"), "from the terminal");
  for (const person of [ada, ben]) {
    await person.message("from the terminal").getByRole("button", { name: "Show photo" }).click();
    await person.message("from the terminal").locator(".photo img").click();
    const [download] = await Promise.all([
      person.page.waitForEvent("download"),
      person.page.getByRole("dialog").getByRole("link", { name: "Save" }).click(),
    ]);
    assert.equal(digest(readFileSync(await download.path())), digest(ours), person.name);
    await person.page.keyboard.press("Escape");
  }
  tell("fetched in both browsers");
});

// ---- Fifty ----

scene("in a conversation of fifty each hears the others", async (t) => {
  const tell = begin("fifty", t);
  const codes = await invites(OTHERS);
  const others = codes.map((_, i) => new Terminal(`p${i}`));
  const each = async (work) => {
    let next = 0;
    const worker = async () => {
      while (next < others.length) {
        const i = next++;
        await work(others[i], i);
      }
    };
    await Promise.all([worker(), worker()]);
  };
  const links = [];
  await each(async (one, i) => {
    await one.run("init", codes[i], "--name", one.name);
    links[i] = (await one.run("invite")).trim();
  });
  for (const [i, one] of others.entries()) await tom.run("invite", links[i], "--as", one.name);
  await tom.run("invite", await ada.link(), "--as", "ada");
  await tom.run("invite", await ben.link(), "--as", "ben");
  tell("47 more accounts");
  await tom.run("new", "ada", "ben", ...others.map((one) => one.name), "--title", "Fifty");
  await tom.run("send", "Fifty", "Tom to all");
  await ada.enter("Fifty");
  await ada.message("Tom to all").waitFor();
  await ada.write("Ada to all");
  await ben.accept();
  await ben.message("Ada to all").waitFor();
  const some = [others[0], others[23], others[46]];
  for (const one of some) {
    await until("a request", async () => (await one.objects("requests")).some((r) => r.type === "request"));
    await one.run("accept", "1");
    await one.run("send", "Fifty", `${one.name} to all`);
  }
  for (const one of some) for (const person of [ada, ben]) await person.message(`${one.name} to all`).waitFor();
  await ben.write("Ben to all");
  await until("all heard", async () => (await some[2].texts("Fifty")).includes("Ben to all"));
  const [conversation] = (await tom.objects("status", "Fifty")).filter((o) => o.type === "conversation");
  assert.equal(conversation.devices, 50);
  tell("fifty devices, and six of them talked");
});

// ---- What disappears ----

const LASTS = 20;

// The rows of the store of a page: those of the file and its log, as they are on the disk now.
async function rows(person) {
  const files = person.files().filter(([path]) => path.includes("File System"));
  const table = files.find(([, content]) => content.subarray(0, 16).equals(Buffer.from("SQLite format 3\0")));
  const log = files.find(([, content]) => content.length > 32 && (content.readUInt32BE(0) & ~1) === 0x377f0682);
  assert.ok(table !== undefined, "there is a table among the files");
  writeFileSync(at("copy.db"), table[1]);
  writeFileSync(at("copy.db-wal"), log?.[1] ?? "");
  const script =
    "import sqlite3, sys\n" +
    "db = sqlite3.connect(sys.argv[1])\n" +
    "for (table,) in db.execute(\"select name from sqlite_master where type = 'table'\").fetchall():\n" +
    "    for row in db.execute('select * from ' + table):\n" +
    "        print(max((v for v in row if isinstance(v, bytes)), key=len).hex())\n";
  const { stdout } = await run("python3", ["-c", script, at("copy.db")], { maxBuffer: 1 << 28 });
  return new Set(stdout.trim().split("\n"));
}

// Of bytes that may stand in pieces, some from the midst of every five hundred.
function samples(bytes) {
  const taken = [];
  for (let i = 100; i + 48 <= bytes.length; i += 500) taken.push(bytes.subarray(i, i + 48));
  return taken;
}

scene("what disappears is gone from the pages, the server and every file", async (t) => {
  const tell = begin("disappearing", t);
  await ada.enter("Three");
  await ben.enter("Three");
  await tom.run("timer", "Three", `${LASTS}s`);
  await ada.page.getByText(/20 seconds/).first().waitFor();
  await sleep(1000);
  await ben.browser.close(); // what is said now waits at the server
  const secret = `vanishing ${randomBytes(2000).toString("hex")}`;
  const clear = Buffer.from(secret.slice(0, 60));
  const [rowsBefore, serverBefore] = [await rows(ada), everything(at("server"))];
  await ada.write(secret);
  await ada.message("vanishing").locator(".tick:not(.queued)").waitFor();
  const said = Date.now();

  // The item in the server's log, and the sealed row in Ada's store.
  const old = new Map(serverBefore);
  const stored = everything(at("server"))
    .filter(([path]) => /\.log$/.test(path))
    .flatMap(([path, content]) => samples(content.subarray(old.get(path)?.length ?? 0)));
  const sealed = async (person, before) =>
    [...(await rows(person))].filter((row) => !before.has(row) && row.length / 2 > secret.length).map((row) => Buffer.from(row, "hex"));
  const [adas] = await until("a sealed row", async () => {
    const found = await sealed(ada, rowsBefore);
    return found.length > 0 ? [found] : null;
  });
  assert.ok(stored.length >= 4, `${stored.length} samples of what the server stored`);
  assert.ok(adas.every((row) => samples(row).every((part) => holding(ada.files(), part).length > 0)));

  const bensBefore = await rows(ben);
  await ben.open("#/chats");
  await ben.enter("Three");
  await ben.message("vanishing").waitFor();
  const bens = await until("a sealed row", async () => {
    const found = await sealed(ben, bensBefore);
    return found.length > 0 ? found : null;
  });
  assert.ok((await tom.texts("Three")).includes(secret));
  assert.ok(Date.now() < said + LASTS * 1000, "it was seen in time");
  for (const [name, files] of [
    ["Ada's profile", ada.files()],
    ["Ben's profile", ben.files()],
    ["the server", everything(at("server"))],
    ["Tom's home", everything(at("tom"))],
  ])
    assert.deepEqual(holding(files, clear), [], `in clear in ${name}`);
  tell("there, and nowhere in clear");

  for (const person of [ada, ben]) await person.message("vanishing").waitFor({ state: "detached" });
  await until("gone in the terminal", async () => !(await tom.texts("Three")).includes(secret));
  for (const [person, noted] of [
    [ada, adas],
    [ben, bens],
  ]) {
    const parts = noted.flatMap(samples);
    assert.ok(parts.length >= 4);
    await until(`nothing of it in the files of ${person.name}`, () => {
      const files = person.files();
      return parts.every((part) => holding(files, part).length === 0);
    });
  }
  // The server's log goes within an hour, or when it starts again.
  await endServer("SIGTERM");
  await startServer();
  await until("nothing of it at the server", () => {
    const files = everything(at("server"));
    return stored.every((part) => holding(files, part).length === 0);
  });
  tell("gone");
  assert.deepEqual(wrong, []);
});
