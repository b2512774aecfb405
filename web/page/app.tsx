// The whole: what is open, and which view stands beside the list.

import { useEffect, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { Contact, Conversation, Core, Status } from "../core/types";
import { Chat } from "./chat";
import { Chats } from "./chats";
import { forgetDrafts, watchDrafts } from "./drafts";
import { forgetTransfers, useTransfers, watchTransfers } from "./transfers";
import { About } from "./about";
import { Broken, FirstSteps, isSettled, Opening, Unlock } from "./first";
import { AddContact, MyLink, NewChat, People, Person, BlockedPeople } from "./people";
import { Requests, RequestView } from "./requests";
import { SettingsPart, Settings } from "./settings";
import { useNotify } from "./notify";
import { Icon, IconButton } from "./parts";
import { clean, CoreContext, explain, go, HomeContext, isCoreError, useCore, useRoute, useView, type Home } from "./state";
import { onLanguage, w } from "./words";

type Stage = "starting" | "locked" | "none" | "open" | "broken";

export function App({ core, keep }: { core: Core; keep: (newer: (use: () => void) => void) => void }) {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const [newer, setNewer] = useState<{ use: () => void }>();
  useEffect(() => onLanguage(() => again(0)), []);
  useEffect(() => keep((use) => setNewer({ use })), []);
  return (
    <CoreContext.Provider value={core}>
      {newer !== undefined && <Newer use={newer.use} />}
      <Gate />
    </CoreContext.Provider>
  );
}

function Newer({ use }: { use: () => void }) {
  const busy = useTransfers().some((t) => t.failed === null && t.done < t.total);
  return (
    <aside class="newer" aria-label={w().newer}>
      <p>
        {w().newer} {busy && w().newerBusy}
      </p>
      <button type="button" class="button" onClick={use}>
        {w().useNewer}
      </button>
    </aside>
  );
}

// A store without a passphrase opens by itself.
function Gate() {
  const core = useCore();
  const [stage, setStage] = useState<Stage>("starting");
  const [why, setWhy] = useState("");
  const look = async () => {
    try {
      if (!(await core.call<boolean>("exists"))) return setStage("none");
      await core.call("open", "", false);
      setStage("open");
    } catch (e) {
      if (isCoreError(e) && e.error === "PASSPHRASE") return setStage("locked");
      if (isCoreError(e) && e.error === "NOT_FOUND") return setStage("none"); // it was cut off before it had a lock
      broken(e);
    }
  };
  const broken = (e: unknown) => {
    setWhy(explain(e));
    setStage("broken");
  };
  const close = async (failure: string) => {
    setStage("starting"); // what is shown goes at once
    forgetDrafts();
    forgetTransfers();
    setWhy(failure === "" ? "" : explain({ error: failure }));
    const exists = await core.call<boolean>("exists").catch(() => true);
    if (!exists && location.hash.startsWith("#/")) history.replaceState(null, "", location.pathname + location.search);
    setStage(exists ? "locked" : "none");
  };
  // Another tab took over, or this one did: the store is opened anew. Or one of them locked it.
  useEffect(() => {
    void look();
    return core.on((e) => {
      if (e.type === "writer") void look();
      if (e.type === "locked") void close(e.error);
      if (e.type === "opened") setStage((now) => (now === "locked" ? "open" : now));
      if (e.type === "trouble" && e.error === "BUG") broken(e);
    });
  }, []);
  switch (stage) {
    case "starting":
      return <Opening />;
    case "broken":
      return <Broken text={why} />;
    case "locked":
      return <Unlock why={why} onOpen={() => setStage("open")} />;
    default:
      return (
        <Opened
          made={stage === "open"}
          onMade={() => setStage("open")}
        />
      );
  }
}

interface OpenedProps {
  made: boolean;
  onMade: () => void;
}

function Opened(props: OpenedProps) {
  const status = useView<Status>(() => true, "status");
  const [first, setFirst] = useState(!props.made);
  useEffect(() => {
    if (!props.made) setFirst(true);
  }, [props.made]);
  if (first || !props.made || (status !== undefined && !isSettled(status)))
    return <FirstSteps made={props.made} onMade={props.onMade} onDone={() => setFirst(false)} />;
  return status === undefined ? <Opening /> : <Main status={status} />;
}

function Main({ status }: { status: Status }) {
  const core = useCore();
  useEffect(() => watchDrafts(core), [core]);
  useEffect(() => watchTransfers(core), [core]);
  const conversations = useView<Conversation[]>(
    (e) => ["message", "changed", "conversation", "sent", "done", "synced", "caught_up", "petname"].includes(e.type),
    "conversations",
  );
  const contacts = useView<Contact[]>(
    (e) => ["conversation", "done", "synced", "petname"].includes(e.type),
    "contacts",
  );
  const home = useMemo<Home | undefined>(
    () =>
      conversations &&
      contacts && { status, conversations, contacts: new Map(contacts.map((c) => [c.account, c])) },
    [status, conversations, contacts],
  );
  if (home === undefined) return <Opening />;
  return (
    <HomeContext.Provider value={home}>
      <Frame home={home} />
    </HomeContext.Provider>
  );
}

const tabs = ["chats", "people", "settings"] as const;
type Tab = (typeof tabs)[number];

function tabOf(place: string): Tab {
  if (["people", "person", "add", "link", "blocked"].includes(place)) return "people";
  return place === "settings" ? "settings" : "chats";
}

function Tabs({ now, home }: { now: Tab; home: Home }) {
  const badge = { chats: home.status.requests, people: 0, settings: home.status.notices };
  return (
    <nav class="tabs" aria-label={w().navigation}>
      {tabs.map((tab) => (
        <a key={tab} href={`#/${tab}`} aria-current={tab === now ? "page" : undefined}>
          <Icon name={tab} />
          <span>{w().tabs[tab]}</span>
          {badge[tab] > 0 && <span class="badge" aria-hidden="true" />}
        </a>
      ))}
    </nav>
  );
}

// What went wrong by itself, until it was read.
function Trouble() {
  const core = useCore();
  const [text, setText] = useState("");
  useEffect(
    () =>
      core.on((e) => {
        if (e.type === "gaps") setText(w().connection.behind);
        else if (e.type === "trouble" && e.error !== "IDENTITY") setText(explain({ error: e.error, reason: e.reason }));
        else if (e.type === "petname") setText(w().petnameTwice(`\u2068${clean(e.text)}\u2069`));
      }),
    [core],
  );
  return (
    <div role="alert">
      {text !== "" && (
        <div class="warning trouble">
          <p>{text}</p>
          <IconButton icon="close" label={w().close} onClick={() => setText("")} />
        </div>
      )}
    </div>
  );
}

// On a phone the list gives way to a view and comes back: the focus goes along.
function useReturn(detail: boolean, place: string): void {
  const from = useRef("");
  useEffect(() => {
    if (detail) from.current = place;
    else if (from.current !== "" && document.activeElement === document.body) {
      const links = [...document.querySelectorAll<HTMLElement>(".side a")];
      (links.find((a) => a.getAttribute("href") === from.current) ?? links[0])?.focus();
    }
  });
}

function Frame({ home }: { home: Home }) {
  const [place = "chats", one = "", two = ""] = useRoute();
  const tab = tabOf(place);
  const unread = home.conversations.reduce((n, c) => n + (c.state === "request" || c.muted ? 0 : c.messages - c.read), 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Sotto` : "Sotto";
    return () => void (document.title = "Sotto");
  }, [unread]);
  useNotify(unread, home.status.requests);
  const detail = detailOf(place, one, two, home);
  useReturn(detail !== null, `#/${place}/${one}`.replace(/\/$/, ""));
  return (
    <>
    <Trouble />
    <main class={`frame ${detail ? "with-detail" : ""}`}>
      <div class="side">
        <div class="side-inside">
          {tab === "chats" && <Chats chosen={place === "c" ? Number(one) : 0} />}
          {tab === "people" && <People chosen={place === "person" ? one : place} />}
          {tab === "settings" && <Settings chosen={one} />}
        </div>
        <Tabs now={tab} home={home} />
      </div>
      <div class="detail">
        {detail ?? (
          <div class="nothing">
            <p>{w().choose}</p>
          </div>
        )}
      </div>
    </main>
    </>
  );
}

function detailOf(place: string, one: string, two: string, home: Home) {
  switch (place) {
    case "c": {
      const c = home.conversations.find((x) => x.number === Number(one));
      if (c === undefined) return null;
      if (c.state === "request") return <RequestView key={one} of={c} />;
      if (two === "about") return <About key={one} of={c} />;
      return <Chat key={one} of={c} />;
    }
    case "new":
      return <NewChat key={place} />;
    case "requests":
      return <Requests key={place} />;
    case "person":
      return <Person key={one} account={one} from={Number(two)} />;
    case "add":
      return <AddContact key={place} />;
    case "link":
      return <MyLink key={place} />;
    case "blocked":
      return <BlockedPeople key={place} />;
    case "settings":
      return one === "" ? null : (
        <SettingsPart key={one} part={one} back={() => go("settings")} />
      );
    default:
      return null;
  }
}
