/* The one script of the desk's pages. Reading needs none of it: it signs, opens what is sealed,
 * enrols, and does the work of a filing. Pages say by data attributes what is to be done; whatever is
 * signed is the text that the page shows. */

import { Bytes, base64, fromBase64, hex, sha256, text, utf8 } from "./bytes";
import * as hpke from "./hpke";
import * as keys from "./keys";
import * as passkey from "./passkey";
import { work } from "./work";

const all = <T extends HTMLElement>(selector: string, within: ParentNode = document): T[] =>
  Array.from(within.querySelectorAll<T>(selector));
const one = <T extends HTMLElement>(selector: string, within: ParentNode = document): T | null =>
  within.querySelector<T>(selector);

/** Words in the page's language: they stand in the page. */
const say = (what: string): string => one(`[data-say="${what}"]`)?.textContent ?? what;

function tell(within: HTMLElement, message: string): void {
  const place = one("[data-status]", within);
  if (place !== null) place.textContent = message;
}

function button(within: HTMLElement, selector: string, press: () => Promise<void>): void {
  for (const b of all<HTMLButtonElement>(selector, within)) {
    b.disabled = false;
    b.addEventListener("click", async (event) => {
      event.preventDefault();
      b.disabled = true;
      try {
        await press();
      } catch (e) {
        tell(within, `${say("failed")} ${e instanceof Error ? e.message : String(e)}`);
      } finally {
        b.disabled = false;
      }
    });
  }
}

/* ---- Who signs ---- */

interface Person {
  id: string;
  seal: Bytes;
  rp: string;
  credentials: Bytes[];
}

/** As the nearest element that names one has it. */
function personOf(element: HTMLElement): Person {
  const d = element.closest<HTMLElement>("[data-person]")?.dataset;
  if (d?.person === undefined) throw new Error("nobody is signed in");
  return {
    id: d.person,
    seal: fromBase64(d.seal ?? ""),
    rp: d.rp ?? "",
    credentials: (d.credentials ?? "").split(" ").filter((c) => c !== "").map(fromBase64),
  };
}

const ACTS_AS = "sotto-desk acts as";

const softKey = async (person: string): Promise<passkey.SoftKey | undefined> => {
  if (sessionStorage.getItem(ACTS_AS) !== person) return undefined;
  const bytes = await keys.fetchBytes(`/act-as/${person}`);
  return bytes === undefined ? undefined : passkey.readSoftKey(text(bytes));
};

async function assert(person: Person, challenge: Bytes): Promise<{ made: passkey.Assertion; soft?: passkey.SoftKey }> {
  const soft = await softKey(person.id);
  const authenticator = soft === undefined
    ? new passkey.Hardware(person.rp, person.credentials)
    : new passkey.Soft(person.rp, soft);
  return { made: await authenticator.assert(challenge), soft };
}

/** Asks for a passkey if the session's key isn't kept. */
async function ownKey(person: Person): Promise<hpke.KeyPair> {
  const kept = await keys.kept(person.id);
  if (kept !== undefined) return kept;
  const { made, soft } = await assert(person, crypto.getRandomValues(new Uint8Array(32)));
  return keepKey(person, made, soft, Date.now() + 15 * 60 * 1000);
}

async function keepKey(person: Person, made: passkey.Assertion, soft: passkey.SoftKey | undefined,
  until: number): Promise<hpke.KeyPair> {
  if (made.prf === undefined) throw new Error(say("no-prf"));
  const pair = await keys.personKey(person.id, person.seal, made.credential, made.prf,
    soft?.seal);
  if (pair === undefined) throw new Error(say("no-key"));
  await keys.keep(person.id, pair, until);
  return pair;
}

/* ---- Cases ---- */

/** Keys of cases that were opened on this page. */
const opened = new Map<string, keys.CaseKey>();

async function caseKey(id: string, publicKey: Bytes, person: Person): Promise<keys.CaseKey> {
  const found = opened.get(id);
  if (found !== undefined) return found;
  const own = await ownKey(person);
  const wrap = await keys.fetchBytes(`/case/${id}/key`);
  if (wrap === undefined) throw new Error(say("no-wrap"));
  const key = await keys.CaseKey.open(id, publicKey, own, wrap).catch(async () => {
    await keys.postForm(`/case/${id}/key`, {});
    throw new Error(say("bad-wrap"));
  });
  opened.set(id, key);
  return key;
}

async function keyFor(element: HTMLElement): Promise<keys.CaseKey> {
  const d = element.closest<HTMLElement>("[data-case]")?.dataset;
  if (d?.case === undefined) throw new Error("no case");
  return caseKey(d.case, fromBase64(d.caseKey ?? ""), personOf(element));
}

/** Nothing, if it isn't there, or is not to be seen yet. */
async function unsealed(element: HTMLElement, kind: string, number: string): Promise<Bytes | undefined> {
  const id = element.closest<HTMLElement>("[data-case]")?.dataset.case;
  const key = await keyFor(element);
  const sealed = await keys.fetchBytes(`/case/${id}/sealed/${kind}/${number}`);
  return sealed === undefined ? undefined : key.unseal(kind, number, sealed);
}

function showText(element: HTMLElement, body: string): void {
  const pre = document.createElement("pre");
  pre.className = "text";
  pre.tabIndex = 0;
  pre.textContent = body;
  element.replaceChildren(pre);
}

function saveLink(bytes: Bytes, name: string): HTMLAnchorElement {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  a.download = name;
  a.textContent = say("save");
  return a;
}

/** A picture that the desk made, of points alone, on a canvas. */
async function picture(bytes: Bytes): Promise<HTMLCanvasElement> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = document.createElement("canvas");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", say("picture"));
  return canvas;
}

/** A file that somebody filed: its name, and the file only to be saved. Nothing here decodes it. */
function showFile(element: HTMLElement, object: Bytes, number: string): void {
  const { name, bytes } = keys.namedBytes(object);
  const title = document.createElement("p");
  title.textContent = new TextDecoder().decode(name).slice(0, 200);
  element.replaceChildren(title, saveLink(bytes, `attachment-${number}.untrusted`));
}

/** A page of such a file, or what the desk says of it. */
async function showPicture(element: HTMLElement, object: Bytes): Promise<void> {
  const { name, bytes } = keys.namedBytes(object);
  if (name.length > 0) showText(element, text(name));
  else element.replaceChildren(await picture(bytes));
}

async function openSealed(element: HTMLElement): Promise<void> {
  const { kind = "", number = "" } = element.dataset;
  const plain = await unsealed(element, kind, number);
  if (plain === undefined) throw new Error(say("gone"));
  if (kind === "attachment") return showFile(element, plain, number);
  if (kind === "picture") return showPicture(element, plain);
  showText(element, text(kind === "filing" ? keys.namedBytes(plain).bytes : plain));
  element.append(saveLink(kind === "filing" ? keys.namedBytes(plain).bytes : plain, `${kind}-${number}.txt`));
}

function pageOfCase(section: HTMLElement): void {
  button(section, "[data-open]", async () => {
    tell(section, say("opening"));
    for (const element of all("[data-sealed]")) {
      await openSealed(element).catch((e: Error) => {
        element.textContent = `${say("failed")} ${e.message}`;
      });
    }
    tell(section, say("opened"));
  });
}

/* ---- Signing ---- */

const field = (form: HTMLElement, name: string): HTMLTextAreaElement | HTMLInputElement => {
  const found = one<HTMLTextAreaElement>(`[name="${name}"]`, form);
  if (found === null) throw new Error(`the form has no ${name}`);
  return found;
};

const linesOf = (lines: string): string[] => lines.split("\n").filter((l) => l !== "");

/** Puts the text of an order, which is sealed, where the page left room for it: only if it is the one
 * whose hash the page names. Lines of others are taken along if the page asks for them. */
async function fillOrder(form: HTMLElement, paper: HTMLElement): Promise<void> {
  const { numbers = "", hash = "", name = "order" } = paper.dataset;
  // Those that were made on a machine of one's own stay.
  const collect = paper.dataset.collect !== undefined;
  const lines = new Set(collect ? linesOf(field(form, `${name}-lines`).value) : []);
  let body: string | undefined;
  for (const number of numbers.split(" ").filter((n) => n !== "")) {
    // Others' signatures stay hidden while their verdicts do.
    const plain = await unsealed(paper, "order", number);
    if (plain === undefined) continue;
    const [order, signatures] = passkey.splitDocument(text(plain));
    if (hex(await sha256(utf8(order))) !== hash) continue;
    body = order;
    for (const line of linesOf(signatures)) lines.add(line);
  }
  if (body === undefined) throw new Error(say("other-order"));
  const pre = one("pre", paper);
  if (pre !== null) pre.textContent = body;
  field(form, name).value = body;
  if (collect)
    field(form, `${name}-lines`).value = Array.from(lines, (line) => `${line}\n`).join("");
  one("[data-save]", paper)?.replaceChildren(saveLink(utf8(body), `${name}.txt`));
}

const fillOrders = async (form: HTMLElement): Promise<void> => {
  for (const paper of all("[data-numbers]", form)) await fillOrder(form, paper);
};

/** Sends the form once that is done. */
function beforeSending(form: HTMLFormElement, first: () => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    first().then(() => form.submit(), (e: Error) => tell(form, `${say("failed")} ${e.message}`));
  });
}

/** Signs each text that the form shows as to be signed, unless there is a line of this person's under it
 * already, and sends it. */
function formToSign(form: HTMLFormElement): void {
  const papers = all("[data-sign]", form);
  for (const paper of all(".paper", form)) {
    const pre = one("pre", paper);
    if (pre !== null && pre.textContent !== "" && paper.dataset.numbers === undefined)
      one("[data-save]", paper)?.replaceChildren(saveLink(utf8(pre.textContent ?? ""), `${paper.dataset.name}.txt`));
  }
  button(form, "[data-press=fill]", async () => {
    await fillOrders(form);
    tell(form, say("opened"));
  });
  if (papers.length === 0) beforeSending(form, () => fillOrders(form));
  button(form, "[data-press=sign]", async () => {
    tell(form, say("signing"));
    await fillOrders(form);
    const person = personOf(form);
    for (const paper of papers) {
      const body = one("pre", paper)?.textContent ?? "";
      if (body === "") throw new Error(say("other-order"));
      const name = paper.dataset.name ?? "";
      const lines = field(form, `${name}-lines`);
      field(form, name).value = body;
      if (linesOf(lines.value).some((l) => l.startsWith(`\u2014 ${person.id} `))) continue;
      const { made } = await assert(person, await sha256(utf8(body)));
      lines.value = linesOf(lines.value).map((l) => `${l}\n`).join("") + passkey.signatureLine(person.id, made);
    }
    form.submit();
  });
}

/** Begins a session: the same, and the person's key is kept for it. */
function login(form: HTMLFormElement): void {
  const enter = async (actsAs: boolean): Promise<void> => {
    const person = personOf(form);
    if (actsAs) sessionStorage.setItem(ACTS_AS, person.id);
    else sessionStorage.removeItem(ACTS_AS);
    const body = one("pre", form)?.textContent ?? "";
    const { made, soft } = await assert(person, await sha256(utf8(body)));
    const answer = await fetch("/login", {
      method: "POST",
      credentials: "same-origin",
      body: new URLSearchParams({ text: body, "text-lines": passkey.signatureLine(person.id, made) }),
    });
    if (!answer.ok) throw new Error(say("refused"));
    // What is sealed stays shut without it; the rest of the desk works.
    await keepKey(person, made, soft, Date.now() + 15 * 60 * 1000).catch(() => undefined);
    location.assign("/queue");
  };
  button(form, "[data-press=login]", () => enter(false));
  button(form, "[data-press=act-as]", () => enter(true));
}

/* ---- What is carried to the server ---- */

/** Saves the order, byte for byte as the case has it. */
function carry(order: HTMLElement): void {
  button(order, "[data-press=save]", async () => {
    const { number = "", file = "order" } = order.dataset;
    const plain = await unsealed(order, "order", number);
    if (plain === undefined) throw new Error(say("gone"));
    saveLink(plain, file).click();
    tell(order, say("opened"));
  });
}

/* ---- Keys of cases for who lacks them ---- */

function rewrap(form: HTMLElement): void {
  button(form, "[data-press=wrap]", async () => {
    let done = 0;
    for (const row of all("[data-wrap]", form)) {
      const { toSeal: seal = "", to = "" } = row.dataset;
      const key = await keyFor(row);
      const wrap = await key.wrapFor(fromBase64(seal));
      await keys.postForm(`/case/${row.dataset.case}/wrap`, { person: to, wrap: base64(wrap) });
      row.remove();
      done++;
    }
    tell(form, `${say("wrapped")} ${done}`);
  });
}

/* ---- Enrolment ---- */

function enrol(form: HTMLFormElement): void {
  // Without an office file it is the host's, and so will be the first office file's.
  const { rp = location.hostname, service = location.hostname, id = "" } = form.dataset;
  let key: Bytes | undefined;
  const made: passkey.NewPasskey[] = [];
  button(form, "[data-press=passkey]", async () => {
    if (key === undefined) {
      const generated = await hpke.generate();
      key = generated.privateBytes;
      field(form, "seal").value = base64(generated.pair.publicKey);
    }
    const one_more = await passkey.createPasskey(rp, service, id, made.map((p) => p.credential));
    made.push(one_more);
    const wrapped = await keys.wrapPersonKey(one_more.prf, id, key);
    field(form, "passkeys").value += `passkey ${one_more.line}\n`;
    field(form, "wrapped").value += `${base64(one_more.credential)} ${base64(wrapped)}\n`;
    tell(form, `${say("passkeys")} ${made.length}`);
    for (const b of all<HTMLButtonElement>("[data-press=enrol]", form)) b.disabled = made.length < 2;
  });
}

/* ---- The public's form ---- */

/** What it costs by now: more while much waits, and for large files. */
async function price(form: HTMLFormElement): Promise<number> {
  const files = all<HTMLInputElement>("input[type=file]", form).flatMap((input) => Array.from(input.files ?? []));
  const fields = 512 * 1024;
  const answer = await fetch(`/file/price?length=${files.reduce((n, file) => n + file.size + 1024, fields)}`);
  if (!answer.ok) throw new Error(String(answer.status));
  return Number(await answer.text());
}

function filing(form: HTMLFormElement): void {
  const { ticket = "" } = form.dataset;
  const to = form.action;
  beforeSending(form, async () => {
    tell(form, say("working"));
    const bits = await price(form);
    const number = await work(ticket, bits, (tried) => tell(form, `${say("working")} ${tried}`));
    form.action = `${to}&work=${number}`;
  });
}

/* ---- */

const begin: Record<string, (element: never) => void> = { login, sign: formToSign, case: pageOfCase, carry, rewrap, enrol, filing };

for (const element of all("[data-script]")) begin[element.dataset.script ?? ""]?.(element as never);
for (const form of all<HTMLFormElement>("form[action='/logout']"))
  form.addEventListener("submit", () => {
    sessionStorage.removeItem(ACTS_AS);
    void keys.forget();
  });
document.documentElement.dataset.scripted = "";
