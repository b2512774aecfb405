// One message. What others wrote is text, and links that are shown whole, and nothing else.

import type { Conversation, Core, Message } from "../core/types";
import { FileView } from "./files";
import { gather } from "./fold";
import { pieces } from "./links";
import { Face, Icon, IconButton, Name } from "./parts";
import { calledText, clean, run, useCore, useHome } from "./state";
import { fullTime, numberText, timeText, w } from "./words";

interface Props {
  message: Message;
  of: Conversation;
  quoted: Message | "missing" | null;
  alone: boolean; // it begins what one person says
  active: boolean;
  flash: boolean;
  onActions: (() => void) | null;
  onGo: (number: number) => void;
}

// tab: 0 in the row that has the keyboard, else -1.
function Quote({ quoted, tab, onGo }: { quoted: Message | "missing"; tab: number; onGo: (number: number) => void }) {
  if (quoted === "missing") return <p class="quote missing">{w().quoteMissing}</p>;
  return (
    <button type="button" class="quote" tabIndex={tab} title={w().goToQuoted} onClick={() => onGo(quoted.number)}>
      <span class="quote-name">
        <Name account={quoted.sender} name={quoted.sender_name} />
      </span>
      <span class="quote-text" dir="auto">
        {quoted.withdrawn ? w().withdrawn : (quoted.text || clean(quoted.file?.name ?? "") || w().file).slice(0, 200)}
      </span>
    </button>
  );
}

// One's own is taken back.
export function toggleReaction(core: Core, of: Conversation, message: Message, text: string): void {
  const own = message.reactions.find((r) => r.own && r.text.trim() === text);
  if (own !== undefined) void run(core, "delete", of.number, own.id).catch(() => {});
  else void run(core, "send", of.number, "reaction", text, message.id).catch(() => {});
}

function Reactions({ message, of, tab }: { message: Message; of: Conversation; tab: number }) {
  const core = useCore();
  const home = useHome();
  return (
    <ul class="reactions">
      {gather(message.reactions).map((r) => {
        const names = r.by.map((m) => calledText(home, m.sender, m.sender_name)).join(", ");
        return (
          <li key={r.text}>
            <button
              type="button"
              tabIndex={tab}
              aria-pressed={r.by.some((m) => m.own)}
              title={names}
              disabled={of.state !== "active"}
              onClick={() => toggleReaction(core, of, message, r.text)}
            >
              <bdi>{[...r.text].slice(0, 12).join("")}</bdi>
              {r.by.length > 1 && <span>{numberText(r.by.length)}</span>}
              <span class="unseen">: {names}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

const ticks = { queued: "queued", sent: "sent", failed: "failed", delivered: "twice", read: "twice" } as const;

export function Tick({ message }: { message: Message }) {
  const { state, refused, delivered, read } = message;
  if (state === "received") return null;
  let shown: keyof typeof ticks = state;
  if (state === "sent" && read > 0) shown = "read";
  else if (state === "sent" && delivered > 0) shown = "delivered";
  const text = shown === "sent" && refused > 0 ? w().tick.refused(refused) : w().tick[shown];
  return (
    <span class={`tick ${shown}`} title={text}>
      <Icon name={ticks[shown]} />
      <span class="unseen">{text}</span>
    </span>
  );
}

export function MessageView({ message: m, of, quoted, alone, active, flash, onActions, onGo }: Props) {
  const group = of.with === "";
  const tab = active ? 0 : -1;
  return (
    <article class={`message ${m.own ? "own" : ""} ${alone ? "alone" : ""} ${flash ? "flash" : ""}`}>
      {group && !m.own && (alone ? <Face account={m.sender} name={m.sender_name} conversation={of.number} /> : <span class="face-room" />)}
      <div class="said">
        <div class="bubble">
          {alone && !m.own && group ? (
            <p class="sender">
              <Name account={m.sender} name={m.sender_name} />
            </p>
          ) : (
            <span class="unseen">
              <Name account={m.sender} name={m.sender_name} />:
            </span>
          )}
          {quoted !== null && !m.withdrawn && <Quote quoted={quoted} tab={tab} onGo={onGo} />}
          {m.withdrawn ? (
            <p class="withdrawn">{w().withdrawn}</p>
          ) : (
            <>
              {m.file !== null && <FileView of={of} message={m} tab={tab} />}
              {m.text !== "" && (
                <p class="text" dir="auto">
                  {pieces(m.text).map((piece) =>
                    typeof piece === "string" ? (
                      piece
                    ) : (
                      <a href={piece.href} dir="ltr" target="_blank" rel="noopener noreferrer" tabIndex={tab}>
                        {piece.href}
                      </a>
                    ),
                  )}
                </p>
              )}
              {m.shape === "other" && <p class="hint">{w().cantShow}</p>}
            </>
          )}
          <p class="meta">
            {m.edited && <span>{w().edited}</span>}
            <time dateTime={new Date(m.time).toISOString()} title={fullTime(m.time)}>
              {timeText(m.time)}
            </time>
            <Tick message={m} />
          </p>
        </div>
        {m.reactions.length > 0 && <Reactions message={m} of={of} tab={tab} />}
      </div>
      {onActions !== null && (
        <IconButton icon="more" label={w().actions} class="message-more" tabIndex={tab} onClick={onActions} />
      )}
    </article>
  );
}
