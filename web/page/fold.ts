// A conversation's history as people see it: reactions, edits and withdrawals are folded into the message that they name.

import type { Message } from "../core/types";

export interface Reaction {
  text: string;
  by: Message[]; // one of each person
}

export interface Entry {
  message: Message;
  text: string; // the newest
  edited: boolean;
  withdrawn: boolean;
  reactions: Reaction[];
}

interface Change {
  message: Message;
  target: string;
}

// What may be reacted to, edited or withdrawn: something said, and for the last two by its own sender alone.
function applies(change: Message, entry: Entry): boolean {
  return change.shape === "reaction" || change.sender === entry.message.sender;
}

function react(entry: Entry, change: Message): void {
  const text = change.text.trim();
  if (text === "" || entry.withdrawn) return;
  const reaction = entry.reactions.find((r) => r.text === text);
  if (reaction === undefined) entry.reactions.push({ text, by: [change] });
  else if (!reaction.by.some((m) => m.sender === change.sender)) reaction.by.push(change);
}

// A withdrawal that names a reaction takes that back.
function takeBack(entry: Entry, change: Message): void {
  for (const reaction of entry.reactions)
    reaction.by = reaction.by.filter((m) => m.id !== change.replaces || m.sender !== change.sender);
  entry.reactions = entry.reactions.filter((r) => r.by.length > 0);
}

function apply(entry: Entry, change: Message): void {
  if (!applies(change, entry)) return;
  if (change.shape === "reaction") {
    react(entry, change);
  } else if (change.shape === "delete") {
    entry.withdrawn = true;
    entry.text = "";
    entry.reactions = [];
  } else if (!entry.withdrawn) {
    entry.edited = true;
    entry.text = change.text;
  }
}

function changed(message: Message): string {
  if (message.kind !== "content") return "";
  if (message.shape === "reaction") return message.in_reply_to;
  return message.shape === "edit" || message.shape === "delete" ? message.replaces : "";
}

// `messages` in the order of their numbers. A change may name an edit: it then counts for what that one names. One whose message
// is not among these is left out; since changes come after what they name, a list that has all newer ones misses none.
export function fold(messages: readonly Message[]): Entry[] {
  const entries: Entry[] = [];
  const byId = new Map<string, Entry>();
  const changes: Change[] = [];
  for (const message of messages) {
    const target = changed(message);
    if (target !== "") {
      changes.push({ message, target });
      continue;
    }
    const { text, edited = false, withdrawn = false } = message;
    const entry: Entry = { message, text, edited, withdrawn, reactions: [] };
    entries.push(entry);
    if (message.id !== "") byId.set(message.id, entry);
  }
  const reacted = new Map<string, Entry>();
  for (const { message, target } of changes) {
    const entry = byId.get(target);
    if (entry === undefined) {
      const other = reacted.get(target);
      if (other !== undefined && message.shape === "delete") takeBack(other, message);
      continue;
    }
    if (message.shape === "reaction") reacted.set(message.id, entry);
    // An edit's id leads to what it edits, but only if it counts.
    if (message.shape === "edit" && applies(message, entry) && message.id !== "") byId.set(message.id, entry);
    apply(entry, message);
  }
  return entries;
}

// A new day begins before this entry. Days are those of the reader's own place.
export function beginsDay(entries: readonly Entry[], row: number): boolean {
  if (row === 0) return true;
  const day = (i: number) => new Date(entries[i]!.message.time).toDateString();
  return day(row) !== day(row - 1);
}

// It follows something of the same person within five minutes: no name is needed.
export function continues(entries: readonly Entry[], row: number): boolean {
  if (row === 0 || beginsDay(entries, row)) return false;
  const [one, two] = [entries[row - 1]!.message, entries[row]!.message];
  return (
    one.kind === "content" && two.kind === "content" && one.sender === two.sender && two.time - one.time < 300_000
  );
}
