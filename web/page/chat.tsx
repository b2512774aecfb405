// A conversation: what was said, and where one writes.

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Conversation, Message, Writer } from "../core/types";
import { Actions } from "./actions";
import { Connection } from "./chats";
import { Composer } from "./composer";
import { begun, draftOf, onDraft, setDraft as keepDraft, settle, type Draft } from "./drafts";
import { eventText } from "./events";
import { beginsDay, continues } from "./fold";
import { useHistory } from "./history";
import { List, type ListHandle } from "./list";
import { MessageView } from "./message";
import { GroupFace, Icon, IconButton, Title } from "./parts";
import { calledText, clean, go, useCore, useHome, useRoute, useView, type Home } from "./state";
import { useTransfers } from "./transfers";
import { TransferRow } from "./files";
import { dayText, w } from "./words";

// Why nobody can write here, or what they should know before they do.
function Warning({ of }: { of: Conversation }) {
  let text = "";
  if (of.spoiled) text = w().spoiled;
  else if (of.behind) text = w().behind;
  else if (of.refused > 0) text = w().refused(of.refused);
  else if (of.unheard > 0 && of.state === "active") text = w().unheard(of.unheard);
  return text === "" ? null : <p class="warning">{text}</p>;
}

function subtitle(home: Home, of: Conversation): string {
  if (of.state !== "active") return w().state[of.state];
  if (of.with !== "") return home.contacts.get(of.with)?.verified ? w().verified : "";
  return w().devicesCount(of.members);
}

// New messages are read out once, when they come while the conversation is open.
function useAnnouncement(entries: Message[], ready: boolean): string {
  const home = useHome();
  const newest = useRef(0);
  const [said, setSaid] = useState(0);
  useEffect(() => {
    const last = entries[entries.length - 1];
    if (last === undefined || !ready) return;
    if (newest.current > 0 && last.number > newest.current && !last.own)
      setSaid(last.number);
    newest.current = last.number;
  }, [entries, ready]);
  const m = entries.find((e) => e.number === said); // for as long as it is there
  if (m === undefined || m.withdrawn) return "";
  return m.kind === "content"
    ? w().said(calledText(home, m.sender, m.sender_name), m.text || w().file)
    : eventText(home, m);
}

// Who writes just now; and what a screen reader says of it: not each time that somebody begins.
const SAID_EVERY = 60_000;

function useWriting(of: Conversation): { shown: string; said: string } {
  const home = useHome();
  const writers = useView<Writer[]>((e) => e.type === "writing" && e.conversation === of.number, "writing", of.number) ?? [];
  const names = writers.map((x) => calledText(home, x.account, x.name));
  const shown = names.length === 0 ? "" : w().writes(names);
  const last = useRef(0);
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (shown === "" || Date.now() - last.current < SAID_EVERY) return setSaid("");
    last.current = Date.now();
    setSaid(shown);
  }, [shown]);
  return { shown, said };
}

export function Chat({ of }: { of: Conversation }) {
  const core = useCore();
  const home = useHome();
  const [, , jump = ""] = useRoute();
  const history = useHistory(of.number);
  const { entries } = history;
  const handle = useRef<ListHandle | null>(null);
  const composer = useRef<HTMLTextAreaElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [before] = useState(of); // as it was when it was opened
  const [acting, setActing] = useState(0); // a message's number
  const [flash, setFlash] = useState(0);
  const [draft, setDraftNow] = useState<Draft>(() => draftOf(of));
  const transfers = useTransfers().filter((t) => t.conversation === of.number && t.message === 0);
  const announcement = useAnnouncement(entries, history.ready);
  const writing = useWriting(of);
  const acted = entries.find((e) => e.number === acting);
  const may = of.state === "active" || of.state === "new";

  const setDraft = useCallback(
    (next: Draft) => {
      keepDraft(core, of.number, next);
      setDraftNow(next);
    },
    [core, of.number],
  );

  // What the core before was sending may have been taken.
  useEffect(() => {
    const look = async () => {
      const left = await settle(core, of.number, draft);
      if (left !== draft && now.current === draft) setDraft(left);
    };
    void look().catch(() => {});
  }, []);

  useEffect(() => onDraft((n) => n === of.number && setDraftNow(draftOf(of))), [of]);

  const keys = useMemo(() => entries.map((e) => e.number), [entries]);
  const byId = useMemo(() => new Map(entries.map((e) => [e.id, e])), [entries]);
  const firstNew = entries.findIndex(
    (m) => m.number > before.read && m.number <= before.messages && !m.own,
  );

  // Read is what was in sight at the end of an open page.
  const newest = entries[entries.length - 1]?.number ?? 0;
  useEffect(() => {
    const read = () => {
      if (atEnd && history.ready && document.visibilityState === "visible" && of.messages > of.read)
        void core.call("read", of.number, of.messages).catch(() => {});
    };
    read();
    document.addEventListener("visibilitychange", read);
    return () => document.removeEventListener("visibilitychange", read);
  }, [atEnd, newest, history.ready, of.messages, of.read]);

  const show = useCallback(
    async (number: number) => {
      await history.until(number);
      requestAnimationFrame(() => handle.current?.show(number));
      setFlash(number);
      setTimeout(() => setFlash(0), 1600);
    },
    [history.until],
  );
  useEffect(() => {
    if (history.ready && /^\d+$/.test(jump)) void show(Number(jump));
  }, [history.ready, jump]);

  // Where there is a keyboard the composer takes the focus.
  useEffect(() => {
    if (document.activeElement !== composer.current) heading.current?.focus({ preventScroll: true });
  }, []);

  useEffect(() => {
    const onEscape = (e: KeyboardEvent) => {
      if (e.key === "Escape" && !e.defaultPrevented && document.querySelector("dialog[open]") === null) go("chats");
    };
    addEventListener("keydown", onEscape);
    return () => removeEventListener("keydown", onEscape);
  }, []);

  const now = useRef(draft); // what is drawn may be of a moment ago
  now.current = draft;
  const begin = (next: (was: Draft) => Draft) => {
    setDraft(next(now.current));
    requestAnimationFrame(() => composer.current?.focus());
  };
  const reply = (entry: Message) =>
    begin((was) => ({ text: begun(was), reply: entry, edit: null, before: "", unsure: was.unsure }));
  const edit = (entry: Message) =>
    begin((was) => ({
      text: entry.text,
      reply: null,
      edit: entry,
      before: begun(was),
      unsure: was.unsure,
    }));

  const onKey = (index: number, e: KeyboardEvent) => {
    const entry = entries[index];
    if (entry === undefined || entry.kind !== "content" || entry.withdrawn || !may) return;
    if ((e.target as HTMLElement).closest("button, a, input") || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "Enter" || e.key === "ContextMenu") setActing(entry.number);
    else if (e.key === "r") reply(entry);
    else if (e.key === "e" && entry.own) edit(entry);
    else return;
    e.preventDefault();
  };

  const row = (i: number, active: boolean) => {
    const m = entries[i]!;
    return (
      <>
        {beginsDay(entries, i) && (
          <p class="day">
            <span>{dayText(m.time)}</span>
          </p>
        )}
        {i === firstNew && i > 0 && (
          <p class="new-since">
            <span>{w().newSince}</span>
          </p>
        )}
        {m.kind !== "content" ? (
          <p class="event">
            <bdi>{eventText(home, m)}</bdi>
          </p>
        ) : (
          <MessageView
            message={m}
            of={of}
            quoted={m.in_reply_to === "" ? null : (byId.get(m.in_reply_to) ?? "missing")}
            alone={!continues(entries, i)}
            active={active}
            flash={flash === m.number}
            onActions={may && !m.withdrawn ? () => setActing(m.number) : null}
            onGo={(n) => void show(n)}
          />
        )}
      </>
    );
  };

  return (
    <section class="chat">
      <header class="bar">
        <IconButton icon="back" label={w().back} class="back" onClick={() => go("chats")} />
        <a class="bar-title" href={`#/c/${of.number}/about`}>
          <GroupFace of={of} />
          <span>
            <h1 ref={heading} tabIndex={-1}>
              <Title of={of} />
            </h1>
            <span class="bar-sub">{writing.shown || subtitle(home, of)}</span>
          </span>
          <span class="unseen">, {w().about}</span>
        </a>
      </header>
      <div class="chat-connection">
        <Connection />
      </div>
      <Warning of={of} />
      <p class="unseen" role="status">
        {announcement}
      </p>
      <p class="unseen" role="status">
        {writing.said}
      </p>
      {!history.ready ? (
        <p class="list-box loading" role="status">
          {w().loading}
        </p>
      ) : (
        <List
          label={w().messages}
          keys={keys}
          row={row}
          begin={firstNew > 0 && entries.length - firstNew > 3 ? (keys[firstNew] ?? 0) : 0}
          handle={handle}
          onNearTop={() => void history.older()}
          onAtEnd={setAtEnd}
          onKey={onKey}
          top={
            history.more ? (
              <p class="event">{w().loadingOlder}</p>
            ) : entries.length === 0 ? (
              <p class="event">{w().noMessages}</p>
            ) : null
          }
        />
      )}
      {!atEnd && (
        <div class="to-end">
          <IconButton icon="down" label={w().toNewest} onClick={() => handle.current?.toEnd()} />
          {of.messages > of.read && <span class="badge" aria-hidden="true" />}
        </div>
      )}
      {transfers.length > 0 && (
        <ul class="transfers">
          {transfers.map((t) => (
            <TransferRow key={t.name + t.command} transfer={t} words={w().sending(clean(t.name))} />
          ))}
        </ul>
      )}
      {may ? (
        <Composer of={of} draft={draft} setDraft={setDraft} input={composer} onSent={() => handle.current?.toEnd()} lastOwn={() => {
          for (let i = entries.length - 1; i >= 0; i--) {
            const e = entries[i]!;
            if (e.own && e.kind === "content" && e.file === null && !e.withdrawn) return edit(e);
          }
        }} />
      ) : (
        <p class="composer closed">
          <Icon name="info" /> {w().state[of.state] || w().cantWrite}
        </p>
      )}
      {acted !== undefined && !acted.withdrawn && (
        <Actions
          of={of}
          message={acted}
          onReply={reply}
          onEdit={edit}
          onClose={() => setActing(0)}
        />
      )}
    </section>
  );
}
