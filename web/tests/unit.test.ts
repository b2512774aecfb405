// What the page reckons without a browser: folding, the rows of the long list, merging, the exported text.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "../core/types";
import { lines } from "../page/export";
import { beginsDay, continues, fold } from "../page/fold";
import { merge } from "../page/history";
import { clean, type Home } from "../page/state";
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
    ...m,
  };
}

test("an edit changes the text, and is no entry of its own", () => {
  const one = said({ text: "stil" });
  const [entry, ...more] = fold([one, said({ shape: "edit", replaces: one.id, text: "still" })]);
  assert.equal(more.length, 0);
  assert.equal(entry!.text, "still");
  assert.equal(entry!.edited, true);
});

test("an edit of an edit counts, and names the first", () => {
  const one = said({ text: "a" });
  const two = said({ shape: "edit", replaces: one.id, text: "b" });
  const [entry] = fold([one, two, said({ shape: "edit", replaces: two.id, text: "c" })]);
  assert.equal(entry!.text, "c");
});

test("nobody edits or withdraws what another said", () => {
  const one = said({ text: "mine" });
  const edit = said({ shape: "edit", replaces: one.id, text: "theirs", sender: "bb" });
  const [entry] = fold([
    one,
    edit,
    said({ shape: "delete", replaces: one.id, sender: "bb" }),
    said({ shape: "delete", replaces: edit.id, sender: "bb" }),
  ]);
  assert.equal(entry!.text, "mine");
  assert.equal(entry!.edited, false);
  assert.equal(entry!.withdrawn, false);
});

test("what was withdrawn stays so, without its text and reactions", () => {
  const one = said({ text: "secret" });
  const [entry] = fold([
    one,
    said({ shape: "reaction", in_reply_to: one.id, text: "👍", sender: "bb" }),
    said({ shape: "delete", replaces: one.id }),
    said({ shape: "edit", replaces: one.id, text: "again" }),
    said({ shape: "reaction", in_reply_to: one.id, text: "👍", sender: "cc" }),
  ]);
  assert.deepEqual([entry!.withdrawn, entry!.text, entry!.reactions.length], [true, "", 0]);
});

test("a reaction counts once for each person, and can be taken back by its sender alone", () => {
  const one = said({});
  const thumb = said({ shape: "reaction", in_reply_to: one.id, text: "👍", sender: "bb" });
  const again = said({ shape: "reaction", in_reply_to: one.id, text: "👍", sender: "bb" });
  const other = said({ shape: "reaction", in_reply_to: one.id, text: "👍", sender: "cc" });
  assert.equal(fold([one, thumb, again, other])[0]!.reactions[0]!.by.length, 2);
  const notTheirs = said({ shape: "delete", replaces: thumb.id, sender: "cc" });
  assert.equal(fold([one, thumb, other, notTheirs])[0]!.reactions[0]!.by.length, 2);
  const back = said({ shape: "delete", replaces: thumb.id, sender: "bb" });
  assert.equal(fold([one, thumb, other, back])[0]!.reactions[0]!.by.length, 1);
  assert.equal(fold([one, thumb, back])[0]!.reactions.length, 0);
});

test("a change of what is not here is left out", () => {
  assert.equal(fold([said({ shape: "edit", replaces: "gone", text: "x" })]).length, 0);
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
});

test("no exported message looks like the beginning of another", () => {
  const home = { status: { id: "me" }, contacts: new Map() } as unknown as Home;
  const [entry] = fold([said({ text: "one\n1 May 2026 - you:\n    yes" })]);
  const [head, ...rest] = lines(home, entry!).split("\n");
  assert.match(head!, /A\? \(aa\):$/);
  assert.ok(rest.every((line) => line.startsWith("    ")));
});
