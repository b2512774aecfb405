// What one can do with a message.

import { useState } from "preact/hooks";
import type { Conversation } from "../core/types";
import type { Entry } from "./fold";
import { Field, Sheet, Sure, TaskLine } from "./parts";
import { copyText, run, useCore, useTask } from "./state";
import { w } from "./words";

const usual = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

// One emoji, or what else a keyboard gives as one sign.
function firstSign(text: string): string {
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text.trim())) return segment;
  return "";
}

export function Actions(props: {
  of: Conversation;
  entry: Entry;
  onReply: (entry: Entry) => void;
  onEdit: (entry: Entry) => void;
  onClose: () => void;
}) {
  const { of, entry, onClose } = props;
  const core = useCore();
  const task = useTask();
  const [other, setOther] = useState("");
  const [sure, setSure] = useState(false);
  const m = entry.message;
  const editable = m.own && m.file === null && m.shape === "text" && !entry.withdrawn;
  const react = (emoji: string) => {
    const own = entry.reactions.find((r) => r.text === emoji)?.by.find((r) => r.own);
    onClose();
    if (own !== undefined) void run(core, "delete", of.number, own.id).catch(() => {});
    else void run(core, "send", of.number, "reaction", emoji, m.id).catch(() => {});
  };
  const withdraw = () => task.start(() => core.call("delete", of.number, m.id)).then((ok) => ok && onClose());
  if (sure)
    return (
      <Sure title={w().withdraw} text={w().withdrawSure} action={w().withdraw} onYes={withdraw} onNo={onClose} />
    );
  const then = (what: (entry: Entry) => void) => () => {
    onClose();
    what(entry);
  };
  return (
    <Sheet title={w().actions} onClose={onClose}>
      <ul class="emoji">
        {usual.map((emoji) => {
          const on = entry.reactions.some((r) => r.text === emoji && r.by.some((b) => b.own));
          return (
            <li key={emoji}>
              <button
                type="button"
                aria-pressed={on}
                aria-label={on ? w().takeReactionBack(emoji) : w().addReaction(emoji)}
                onClick={() => react(emoji)}
              >
                {emoji}
              </button>
            </li>
          );
        })}
      </ul>
      <form
        class="other-emoji"
        onSubmit={(e) => {
          e.preventDefault();
          if (firstSign(other) !== "") react(firstSign(other));
        }}
      >
        <Field label={w().otherReaction} value={other} onValue={setOther} />
        <button class="button" disabled={firstSign(other) === ""}>
          {w().react}
        </button>
      </form>
      <div class="choices">
        <button type="button" onClick={then(props.onReply)}>
          {w().reply}
        </button>
        {entry.text !== "" && (
          <button type="button" onClick={() => void copyText(entry.text).then(onClose)}>
            {w().copyText}
          </button>
        )}
        {editable && (
          <button type="button" onClick={then(props.onEdit)}>
            {w().edit}
          </button>
        )}
        {m.own && (
          <button type="button" class="danger" onClick={() => setSure(true)}>
            {w().withdraw}
          </button>
        )}
      </div>
      <TaskLine task={task} />
    </Sheet>
  );
}
