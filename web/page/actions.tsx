// What one can do with a message.

import { useState } from "preact/hooks";
import type { Conversation, Message } from "../core/types";
import { Field, Sheet, Sure, TaskLine } from "./parts";
import { toggleReaction } from "./message";
import { copyText, useCore, useTask } from "./state";
import { w } from "./words";

const usual = ["👍", "❤️", "😂", "😮", "😢", "🙏"];

// One emoji, or what else a keyboard gives as one sign.
function firstSign(text: string): string {
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text.trim())) return segment;
  return "";
}

export function Actions(props: {
  of: Conversation;
  message: Message;
  onReply: (message: Message) => void;
  onEdit: (message: Message) => void;
  onClose: () => void;
}) {
  const { of, message: m, onClose } = props;
  const core = useCore();
  const task = useTask();
  const [other, setOther] = useState("");
  const [sure, setSure] = useState(false);
  const editable = m.own && m.file === null && m.shape === "text" && !m.withdrawn;
  const react = (emoji: string) => {
    onClose();
    toggleReaction(core, of, m, emoji);
  };
  const withdraw = () => task.start(() => core.call("delete", of.number, m.id)).then((ok) => ok && onClose());
  if (sure)
    return (
      <Sure title={w().withdraw} text={w().withdrawSure} action={w().withdraw} onYes={withdraw} onNo={onClose} />
    );
  const then = (what: (message: Message) => void) => () => {
    onClose();
    what(m);
  };
  return (
    <Sheet title={w().actions} onClose={onClose}>
      <ul class="emoji">
        {usual.map((emoji) => {
          const on = m.reactions.some((r) => r.own && r.text.trim() === emoji);
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
        {m.text !== "" && (
          <button type="button" onClick={() => void copyText(m.text).then(onClose)}>
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
