// What the page reckons without a browser: folding, the rows of the long list, merging, the exported text.

import assert from "node:assert/strict";
import { test } from "node:test";
import { event } from "../core/message";
import type { Conversation, Core, CoreEvent, Message, Reaction } from "../core/types";
import { lineOf } from "../page/chats";
import { drafts, sendDraft, unsent, type Draft } from "../page/drafts";
import { lines } from "../page/export";
import { beginsDay, continues, fold, gather } from "../page/fold";
import { merge } from "../page/history";
import { pieces } from "../page/links";
import { photoName, realType } from "../page/photo";
import { clean, type Home } from "../page/state";
import { fetchFile, watchTransfers } from "../page/transfers";
import { Heights } from "../page/virtual";

let numbers = 0;

function said(m: Partial<Message>): Message {
  numbers++;
  return {
    number: numbers,
    kind: "content",
    state: "received",
    refused: 0,
    time: 1_000_000 + numbers,
    sender: "aa",
    sender_name: "A",
    own: false,
    subject: "",
    subject_name: "",
    id: `id${numbers}`,
    shape: "text",
    markdown: false,
    in_reply_to: "",
    replaces: "",
    text: "text",
    file: null,
    edited: false,
    withdrawn: false,
    about: 0,
    expires: 0,
    delivered: 0,
    read: 0,
    reactions: [],
    ...m,
  };
}

function reaction(by: string, text: string, own = false): Reaction {
  numbers++;
  return { number: numbers, id: `id${numbers}`, sender: by, sender_name: by, own, text };
}

test("what is said about a message is no entry of its own", () => {
  const one = said({});
  const about = (["reaction", "edit", "delete"] as const).map((shape) => said({ shape }));
  const event = said({ kind: "joined" });
  assert.deepEqual(fold([one, ...about, event]), [one, event]);
});

test("a reaction counts once for each person", () => {
  const gathered = gather([reaction("bb", "👍"), reaction("bb", " 👍"), reaction("cc", "👍"), reaction("bb", "❤️"), reaction("bb", " ")]);
  assert.deepEqual(
    gathered.map((r) => [r.text, r.by.map((b) => b.sender)]),
    [
      ["👍", ["bb", "cc"]],
      ["❤️", ["bb"]],
    ],
  );
});

test("days and runs of one person", () => {
  const noon = new Date(2026, 4, 5, 12).getTime();
  const entries = fold([
    said({ time: noon }),
    said({ time: noon + 60_000 }),
    said({ time: noon + 600_000 }),
    said({ time: noon + 620_000, sender: "bb" }),
    said({ time: noon + 86_400_000, sender: "bb" }),
  ]);
  assert.deepEqual(entries.map((_, i) => beginsDay(entries, i)), [true, false, false, false, true]);
  assert.deepEqual(entries.map((_, i) => continues(entries, i)), [false, true, false, false, false]);
});

test("rows stand where their heights put them, guessed or measured", () => {
  const h = new Heights(50);
  h.setKeys([10, 11, 12, 13]);
  assert.equal(h.total, 200);
  assert.equal(h.set(1, 80), true);
  assert.equal(h.set(1, 80), false);
  assert.equal(h.top(2), 130);
  assert.equal(h.total, 230);
  assert.deepEqual([h.at(-5), h.at(0), h.at(49), h.at(50), h.at(129), h.at(130), h.at(9999)], [0, 0, 0, 1, 1, 2, 3]);
});

test("older rows in front move the others down by as much as they are high", () => {
  const h = new Heights(50);
  h.setKeys([10, 11]);
  h.set(0, 70);
  h.top(2);
  h.setKeys([8, 9, 10, 11]);
  assert.equal(h.rowOf(10), 2);
  assert.equal(h.top(2), 100);
  assert.equal(h.top(3), 170);
});

test("of ten thousand rows only those in sight are drawn", () => {
  const h = new Heights(50);
  h.setKeys(Array.from({ length: 10_000 }, (_, i) => i));
  const [first, last] = h.range(250_000, 800, 600);
  assert.equal(first, 4988);
  assert.equal(last, 5028);
  h.setKeys([]);
  assert.deepEqual(h.range(0, 800, 600), [0, -1]);
});

test("newer news replace, at either end and in the middle, and what is gone goes", () => {
  const list = (...numbers: number[]) => numbers.map((number) => said({ number, text: "old" }));
  const text = (messages: Message[]) => messages.map((m) => `${m.number}${m.text === "old" ? "" : "!"}`).join(" ");
  const fresh = (n: number) => said({ number: n, text: "new" });
  assert.equal(text(merge(list(3, 4), [fresh(5)], 5, Infinity)), "3 4 5!");
  assert.equal(text(merge(list(3, 4), [fresh(1), fresh(2)], 1, 2)), "1! 2! 3 4");
  assert.equal(text(merge(list(3, 4), [fresh(4), fresh(5)], 4, Infinity)), "3 4! 5!");
  assert.equal(text(merge(list(3, 4, 5), [fresh(4)], 4, 4)), "3 4! 5");
  assert.equal(text(merge(list(3, 4, 5), [], 4, 4)), "3 5");
});

test("a name has nothing in it that turns or hides text", () => {
  assert.equal(clean(" Mi\u202era\u200b\n\u2068"), "Mira");
  assert.equal(clean("A\u200cd\u200da\u3164"), "Ada");
  for (const kept of ["\u0645\u06cc\u200c\u0631\u0627", "\u0915\u094d\u200d\u0937", "\u{1f469}\u200d\u{1f680}", "\u{1f469}\u{1f3fd}\u200d\u{1f680}", "\u2764\ufe0f"])
    assert.equal(clean(kept), kept);
  for (const blank of ["\u3164", " \u2800\uffa0", "\u200d", "\ufe0f\u0301", "\u00a0\u3000"]) assert.equal(clean(blank), "");
});

test("an address is a link to what it shows, in ASCII alone", () => {
  const links = (text: string) => pieces(text).filter((p) => typeof p !== "string").map((p) => p.href);
  const shown = (text: string) => pieces(text).map((p) => (typeof p === "string" ? p : `<${p.href}>`)).join("");
  assert.equal(shown("See https://a.org/b?c=d#e, (or HTTP://B.org)."), "See <https://a.org/b?c=d#e>, (or <http://b.org/>).");
  assert.equal(shown("https://a.org/w_(x) https://a.org/y。"), "<https://a.org/w_(x)> <https://a.org/y>。");
  assert.deepEqual(links("https://\u0430pple.com/\u05d0"), ["https://xn--pple-43d.com/%D7%90"]);
  assert.deepEqual(links("https://%65vil.org https://a.org\u202e/gro.b"), ["https://evil.org/", "https://a.org/"]);
  for (const none of ["javascript:alert(1)", "data:text/html,x", "https://bank.org@evil.org/", "https://", "xhttps://a.org", "https://[a/", "a.org"])
    assert.equal(shown(none), none);
  assert.equal(links("http://a.org ".repeat(1000)).length, 100);
  assert.equal(links(`http://a.org/${".".repeat(200_000)}x`).length, 1);
});

test("a photo is saved under its stem, with the ending of what it is", () => {
  const saved = (name: string, ...head: number[]) => photoName(name, realType(Uint8Array.from(head)));
  const [jpeg, png] = [[0xff, 0xd8, 0xff, 0xe0], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]];
  const bytes = (text: string) => [...text].map((c) => c.charCodeAt(0));
  assert.equal(saved("photo.exe", ...jpeg), "photo.jpg");
  assert.equal(saved("../../a/b.html.png", ...bytes("RIFF1234WEBPVP8 ")), "abhtml.webp");
  assert.equal(saved(".desktop", ...png), "photo.png");
  assert.equal(saved("\u0645\u06cc.jpg", ...jpeg), "\u0645\u06cc.jpg");
  assert.equal(saved("a.jpg", ...bytes("<html>")), "a.file");
});

test("a file that was fetched stays for as long as its message", async () => {
  const asked: string[] = [];
  const listeners = new Set<(event: CoreEvent) => void>();
  const core = {
    call: async (name: string) => {
      asked.push(name);
      return name === "file-fetch" ? { command: 1 } : name === "messages" ? [] : new Blob(["photo"]);
    },
    done: async () => ({ error: "" }),
    on: (listener: (event: CoreEvent) => void) => (listeners.add(listener), () => void listeners.delete(listener)),
  } as unknown as Core;
  const message = said({ number: 7, shape: "file", file: { name: "a.jpg", type: "image/jpeg", description: "", size: 5, expires: 0 } });
  const off = watchTransfers(core);
  const fetches = async () => {
    await fetchFile(core, 3, message, true);
    return asked.filter((name) => name === "file-fetch").length;
  };
  assert.deepEqual([await fetches(), await fetches()], [1, 1]);
  for (const tell of listeners) tell({ ...event("changed"), conversation: 3, message: 7 });
  await new Promise((later) => setTimeout(later, 0));
  assert.equal(await fetches(), 2);
  off();
});

test("a file's name turns no line", () => {
  const home = { status: { id: "me" }, contacts: new Map() } as unknown as Home;
  const file = { name: "\u202egpj.exe", type: "a/b", description: "", size: 1, expires: 0 };
  for (const line of [lineOf(home, said({ text: "", file })), lines(home, said({ text: "", file }))]) {
    assert.ok(line.includes("gpj.exe"));
    assert.ok(!line.includes("\u202e"));
  }
});

test("no exported message looks like the beginning of another", () => {
  const home = { status: { id: "me" }, contacts: new Map() } as unknown as Home;
  const [entry] = fold([said({ text: "one\n1 May 2026 - you:\n    yes" })]);
  const [head, ...rest] = lines(home, entry!).split("\n");
  assert.match(head!, /A\? \(aa\):$/);
  assert.ok(rest.every((line) => line.startsWith("    ")));
});

const draft = (text: string, more: Partial<Draft> = {}): Draft => ({ text, reply: null, edit: null, before: "", ...more });

test("what could not be sent stands before what was begun since, and in no edit", () => {
  const edit = said({ text: "Old" });
  assert.deepEqual(unsent(draft("One"), draft("Two")), draft("One\nTwo"));
  assert.deepEqual(unsent(draft("One"), draft(" ")), draft("One"));
  const editing = unsent(draft("One"), draft("Old, mended", { edit, before: "Two" }));
  assert.deepEqual([editing.text, editing.before], ["Old, mended", "One\nTwo"]);
  assert.deepEqual(unsent(draft("Old, mended", { edit, before: "Two" }), draft("Two and three")), draft("Old, mended", { edit, before: "Two and three" }));
});

test("what a core took before it went is not sent again, and what it did not take is", async () => {
  const of = { number: 7, messages: 3 } as Conversation;
  for (const taken of [true, false]) {
    const sent: string[] = [];
    const kept: Draft[] = [];
    let there = false; // the core that answers
    const call = async (name: string, ...args: unknown[]) => {
      if (name === "messages") return args[1] === 4 ? sent.map((text) => said({ own: true, text })) : [];
      if (there || taken) sent.push(String(args[2]));
      if (!there) throw { error: "CLOSED" };
      return {};
    };
    const send = (what: Draft) => sendDraft({ call } as unknown as Core, of, what, (left) => kept.push(left));
    drafts.set(7, draft("More"));
    await assert.rejects(send(draft("Hello ")), (e: any) => e.reason === "SENDING");
    assert.equal(kept[0]!.text, "Hello \nMore");
    there = true;
    await send(kept[0]!);
    assert.deepEqual(sent, taken ? ["Hello", "More"] : ["Hello \nMore"]);
  }
  drafts.clear(); // it was locked meanwhile
  const refuses = { call: () => Promise.reject({ error: "CLOSED" }) } as unknown as Core;
  await assert.rejects(sendDraft(refuses, of, draft("Hello"), () => assert.fail()), (e: any) => e.error === "CLOSED");
});
