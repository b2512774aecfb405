import type { Message } from "../core/types";
import { calledText, clean, type Home } from "./state";
import { w } from "./words";

// What happened, as one line.
export function eventText(home: Home, m: Message): string {
  const words = w().events;
  const who = calledText(home, m.sender, m.sender_name);
  const whom = calledText(home, m.subject, m.subject_name);
  switch (m.kind) {
    case "created":
      return words.created(who);
    case "joined":
      return words.joined(who);
    case "added":
      return words.added(who, whom);
    case "removed":
      return words.removed(who, whom);
    case "left":
      return words.left(whom);
    case "updated":
      return words.updated(whom);
    case "renamed":
      return clean(m.text) === "" ? words.renamedNot(who) : words.renamed(who, `\u2068${clean(m.text)}\u2069`);
    case "linked":
      return words.linked(whom);
    case "unlinked":
      return words.unlinked(whom);
    case "content":
      return m.text;
  }
}
