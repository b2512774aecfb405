// A conversation's history as people see it: what was said about a message stands with it and not where it came.

import type { Message, Reaction } from "../core/types";

export interface Reacted {
  text: string;
  by: Reaction[];
}

// The same reactions together, one of each person.
export function gather(reactions: readonly Reaction[]): Reacted[] {
  const gathered: Reacted[] = [];
  for (const one of reactions) {
    const text = one.text.trim();
    const same = gathered.find((r) => r.text === text);
    if (text === "") continue;
    if (same === undefined) gathered.push({ text, by: [one] });
    else if (!same.by.some((r) => r.sender === one.sender)) same.by.push(one);
  }
  return gathered;
}

function isEntry(m: Message): boolean {
  return m.kind !== "content" || !["reaction", "edit", "delete"].includes(m.shape);
}

export function fold(messages: readonly Message[]): Message[] {
  return messages.filter(isEntry);
}

// A new day begins before this entry. Days are those of the reader's own place.
export function beginsDay(entries: readonly Message[], row: number): boolean {
  if (row === 0) return true;
  const day = (i: number) => new Date(entries[i]!.time).toDateString();
  return day(row) !== day(row - 1);
}

// It follows something of the same person within five minutes: no name is needed.
export function continues(entries: readonly Message[], row: number): boolean {
  if (row === 0 || beginsDay(entries, row)) return false;
  const [one, two] = [entries[row - 1]!, entries[row]!];
  return (
    one.kind === "content" && two.kind === "content" && one.sender === two.sender && two.time - one.time < 300_000
  );
}
