// A conversation as a text file that the reader keeps.

import type { Conversation, Core, Message } from "../core/types";
import { eventText } from "./events";
import { fold, gather } from "./fold";
import { everything } from "./history";
import { calledText, clean, titleText, type Home } from "./state";
import { fullTime, w } from "./words";

const ISOLATES = /[\u2066-\u2069]/g;

// A line that somebody wrote can't look like the beginning of a message: all but the first are moved in.
export function lines(home: Home, m: Message): string {
  if (m.kind !== "content") return `* ${eventText(home, m)} (${fullTime(m.time)})`.replace(ISOLATES, "");
  const who = calledText(home, m.sender, m.sender_name);
  const parts = [
    m.withdrawn ? w().withdrawn : m.text,
    m.file !== null && !m.withdrawn ? `[${w().file}: ${clean(m.file.name)}]` : "",
    m.edited && !m.withdrawn ? `(${w().edited})` : "",
    ...gather(m.reactions).map((r) =>
      w().reactedWith(r.text, r.by.map((b) => calledText(home, b.sender, b.sender_name)).join(", ")),
    ),
  ];
  const said = parts.filter(Boolean).join("\n").replace(/\r\n?|[\n\v\f\u0085\u2028\u2029]/g, "\n    ");
  return `${fullTime(m.time)} - ${who.replace(ISOLATES, "")}:\n    ${said}`;
}

export async function exportText(core: Core, home: Home, of: Conversation): Promise<void> {
  const title = titleText(home, of).replace(ISOLATES, "");
  const entries = fold(await everything(core, of.number));
  const text = [w().exportTitle(title), ...entries.map((e) => lines(home, e))].join("\n\n") + "\n";
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const a = document.createElement("a");
  a.href = url;
  a.download = `${title.replace(/[^\p{L}\p{N} _-]/gu, "").trim() || "sotto"}.txt`;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
