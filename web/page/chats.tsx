// The list of conversations, how the connection is, and the search.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Conversation, Message, Status } from "../core/types";
import { draftOf } from "./drafts";
import { eventText } from "./events";
import { Tick } from "./message";
import { GroupFace, Icon, IconButton, Title } from "./parts";
import { useSearch, type Found } from "./search";
import { called, calledText, clean, go, useCore, useHome, type Home } from "./state";
import { numberText, shortTime, w } from "./words";

// One line on how it is, said aloud when it changes. A short "connecting" is not worth a word.
export function Connection() {
  const { status } = useHome();
  const core = useCore();
  const [slow, setSlow] = useState(false);
  const words = connectionWords(status);
  const transient = status.session === "connecting" || (status.session === "ready" && !status.caught_up);
  useEffect(() => {
    setSlow(false);
    if (!transient) return;
    const timer = setTimeout(() => setSlow(true), 400);
    return () => clearTimeout(timer);
  }, [transient, words]);
  const shown = words !== "" && (!transient || slow);
  return (
    <div class={`connection ${shown ? "" : "quiet"}`} role="status">
      {shown && <p>{words}</p>}
      {shown && status.replaced && (
        <button type="button" class="button" onClick={() => void core.call("online", true)}>
          {w().connection.goOn}
        </button>
      )}
    </div>
  );
}

function connectionWords(status: Status): string {
  const words = w().connection;
  if (status.deleted) return words.deleted;
  if (status.out) return words.out;
  if (status.replaced) return words.replaced;
  if (status.error === "IDENTITY") return words.identity;
  switch (status.session) {
    case "off":
      return words.off;
    case "waiting":
      return words.waiting;
    case "connecting":
      return words.connecting;
    case "ready":
      return status.caught_up ? "" : words.catching;
  }
}

// What a message comes to in one line.
export function lineOf(home: Home, m: Message): string {
  if (m.kind !== "content") return eventText(home, m);
  const who = m.own ? w().You : calledText(home, m.sender, m.sender_name);
  if (m.shape === "delete") return w().withdrawn;
  if (m.shape === "reaction") return w().reactedWith(m.text, who);
  if (m.file !== null && m.text === "")
    return w().said(who, m.file.type.startsWith("image/") ? w().photo : `\u2068${clean(m.file.name)}\u2069`);
  return w().said(who, `\u2068${m.text.slice(0, 200)}\u2069`);
}

// Between two people the other's name says nothing new.
function preview(home: Home, c: Conversation): string {
  const m = c.last;
  if (c.state !== "active" && w().state[c.state] !== "") return w().state[c.state];
  if (m === null) return "";
  if (m.kind === "content" && !m.own && c.with !== "" && m.file === null && ["text", "edit", "other"].includes(m.shape))
    return m.text.slice(0, 200);
  return lineOf(home, m);
}

function Row({ of, chosen }: { of: Conversation; chosen: boolean }) {
  const home = useHome();
  const unread = of.messages - of.read;
  const begun = draftOf(of);
  const draft = chosen ? "" : begun.edit !== null ? begun.before : begun.text;
  return (
    <li>
      <a class="row" href={`#/c/${of.number}`} aria-current={chosen ? "true" : undefined}>
        <GroupFace of={of} />
        <span class="row-text">
          <span class="row-top">
            <span class="row-title">
              <Title of={of} />
            </span>
            {of.last && <time dateTime={new Date(of.last.time).toISOString()}>{shortTime(of.last.time)}</time>}
          </span>
          <span class="row-bottom">
            {of.last?.own && draft === "" && <Tick message={of.last} />}
            <span class="row-line" dir="auto">
              {draft !== "" ? (
                <>
                  <span class="draft">{w().draft}</span> {draft}
                </>
              ) : (
                preview(home, of)
              )}
            </span>
            {of.muted && <span class="tag">{w().muted}</span>}
            {unread > 0 && (
              <span class={of.muted ? "count quiet" : "count"}>
                <span aria-hidden="true">{unread > 99 ? "99+" : numberText(unread)}</span>
                <span class="unseen">{w().unread(unread)}</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
}

function Archive({ listed, chosen }: { listed: Conversation[]; chosen: number }) {
  const [open, setOpen] = useState(false);
  if (listed.length === 0) return null;
  return (
    <>
      <button type="button" class="waiting" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="file" /> {w().archive(listed.length)}
      </button>
      {open && (
        <ul class="rows" aria-label={w().archived}>
          {listed.map((c) => (
            <Row key={c.number} of={c} chosen={c.number === chosen} />
          ))}
        </ul>
      )}
    </>
  );
}

// ---- Search ----

function Results({ found, chosen }: { found: Found; chosen: number }) {
  const home = useHome();
  const count = found.conversations.length + found.messages.length;
  return (
    <>
      <p class="unseen" role="status">
        {found.ended ? w().found(count) : w().searching}
      </p>
      {count === 0 && <p class="empty">{found.ended ? w().nothingFound : w().searching}</p>}
      <ul class="rows">
        {found.conversations.map((c) => (
          <Row key={c.number} of={c} chosen={c.number === chosen} />
        ))}
      </ul>
      {found.messages.length > 0 && (
        <>
          <h2 class="list-heading">{w().inMessages}</h2>
          <ul class="rows">
            {found.messages.map(({ of, message }) => (
              <li key={`${of.number}.${message.number}`}>
                <a class="row" href={`#/c/${of.number}/${message.number}`}>
                  <span class="row-text">
                    <span class="row-top">
                      <span class="row-title">
                        <Title of={of} />
                      </span>
                      <time>{shortTime(message.time)}</time>
                    </span>
                    <span class="row-bottom">
                      <span class="row-line" dir="auto">
                        {called(home, message.sender, message.sender_name).name}:{" "}
                        {(message.text || clean(message.file?.name ?? "")).slice(0, 200)}
                      </span>
                    </span>
                  </span>
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function Waiting({ count, text, place }: { count: number; text: string; place: string[] }) {
  if (count === 0) return null;
  return (
    <button type="button" class="waiting" onClick={() => go(...place)}>
      <Icon name="info" /> {text}
    </button>
  );
}

export function Chats({ chosen }: { chosen: number }) {
  const home = useHome();
  const [query, setQuery] = useState("");
  const listed = useMemo(() => home.conversations.filter((c) => c.state !== "request"), [home]);
  const found = useSearch(home, listed, query);
  return (
    <>
      <header class="list-head">
        <h1 class="wordmark" translate={false}>
          <span class="mark" aria-hidden="true">
            p
          </span>
          sotto<span class="unseen">, {w().chats}</span>
        </h1>
        <IconButton icon="plus" label={w().newChat} onClick={() => go("new")} />
      </header>
      <label class="search">
        <Icon name="search" />
        <span class="unseen">{w().search}</span>
        <input
          type="search"
          placeholder={w().searchHint}
          value={query}
          dir="auto"
          autocomplete="off"
          onInput={(e) => setQuery(e.currentTarget.value)}
        />
      </label>
      <Connection />
      <Waiting count={home.status.requests} text={w().requestsWaiting(home.status.requests)} place={["requests"]} />
      <Waiting count={home.status.notices} text={w().noticesWaiting(home.status.notices)} place={["settings", "notices"]} />
      <div class="scroll">
        {found !== null ? (
          <Results found={found} chosen={chosen} />
        ) : listed.length === 0 ? (
          <div class="empty">
            <h2>{w().noChats}</h2>
            <p>{w().noChatsMore}</p>
            <div class="buttons stack">
              <a class="button main" href="#/link">
                {w().myLink}
              </a>
              <a class="button" href="#/add">
                {w().addContact}
              </a>
            </div>
          </div>
        ) : (
          <>
            <ul class="rows" aria-label={w().chats}>
              {listed.map((c) => !c.archived && <Row key={c.number} of={c} chosen={c.number === chosen} />)}
            </ul>
            <Archive listed={listed.filter((c) => c.archived)} chosen={chosen} />
          </>
        )}
      </div>
    </>
  );
}
