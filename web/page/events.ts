import type { Message } from "../core/types";
import { calledText, clean, type Home } from "./state";
import { durationText, w } from "./words";

// What happened, as one line.
export function eventText(home: Home, m: Message): string {
  const words = w().events;
  const us = home.status.id;
  const who = m.sender === us ? w().You : calledText(home, m.sender, m.sender_name);
  const whom = calledText(home, m.subject, m.subject_name);
  const they = m.subject === us ? w().You : whom; // whoever did it themselves
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
      return words.left(they);
    case "updated":
      return words.updated(whom);
    case "renamed":
      return clean(m.text) === "" ? words.renamedNot(who) : words.renamed(who, `\u2068${clean(m.text)}\u2069`);
    case "linked":
      return words.linked(they);
    case "unlinked":
      return words.unlinked(they);
    case "timer":
      return Number(m.text) === 0 ? words.timerOff(who) : words.timer(who, durationText(Number(m.text)));
    case "promoted":
      return m.sender === "" ? words.handedOn(they) : words.promoted(who, whom);
    case "demoted":
      return words.demoted(who, whom);
    case "content":
      return m.text;
  }
}
