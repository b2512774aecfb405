// Contacts: who they are, how one comes by them, and the links that one gives away.

import { useEffect, useId, useState } from "preact/hooks";
import type { Blocked, Contact, ContactLink, Member } from "../core/types";
import { CopyButton, Digits, Face, Field, Icon, IconButton, Name, Qr, Sure, TaskLine, View } from "./parts";
import { called, calledText, clean, go, run, useCore, useHome, useTask, useView } from "./state";
import { dateText, w } from "./words";

function ContactRow({ of, chosen }: { of: Contact; chosen: boolean }) {
  return (
    <li>
      <a class="row" href={`#/person/${of.account}`} aria-current={chosen ? "true" : undefined}>
        <Face account={of.account} name={of.name} />
        <span class="row-text">
          <span class="row-title">
            <Name account={of.account} name={of.name} />
          </span>
          {of.verified && (
            <span class="row-bottom">
              <span class="row-line verified">
                <Icon name="check" /> {w().verified}
              </span>
            </span>
          )}
        </span>
      </a>
    </li>
  );
}

export function People({ chosen }: { chosen: string }) {
  const home = useHome();
  const collator = new Intl.Collator(w().tag);
  const name = (c: Contact) => called(home, c.account, c.name).name;
  const contacts = [...home.contacts.values()].sort((a, b) => collator.compare(name(a), name(b)));
  const ways = [
    ["link", w().myLink],
    ["add", w().addContact],
    ["blocked", w().blockedPeople],
  ] as const;
  return (
    <>
      <header class="list-head">
        <h1>{w().people}</h1>
        <IconButton icon="plus" label={w().addContact} onClick={() => go("add")} />
      </header>
      <div class="scroll">
        <ul class="rows plain">
          {ways.map(([place, text]) => (
            <li key={place}>
              <a class="row slim" href={`#/${place}`} aria-current={chosen === place ? "true" : undefined}>
                {text}
              </a>
            </li>
          ))}
        </ul>
        <h2 class="list-heading">{w().contacts}</h2>
        {contacts.length === 0 ? (
          <div class="empty">
            <h2>{w().noContacts}</h2>
            <p>{w().noContactsMore}</p>
          </div>
        ) : (
          <ul class="rows">
            {contacts.map((c) => (
              <ContactRow key={c.account} of={c} chosen={c.account === chosen} />
            ))}
          </ul>
        )}
      </div>
    </>
  );
}

const back = () => go("people");

// ---- A new contact ----

function ByLink() {
  const core = useCore();
  const task = useTask();
  const [link, setLink] = useState("");
  const [petname, setPetname] = useState("");
  return (
    <form
      class="part"
      onSubmit={(e) => {
        e.preventDefault();
        void task.start(async () => {
          const { account } = await core.call<{ account: string }>("contact-accept", link.trim(), petname.trim());
          go("person", account);
        });
      }}
    >
      <h2>{w().addByLink}</h2>
      <Field label={w().theirLink} hint={w().theirLinkHint} value={link} onValue={setLink} required dir="ltr" />
      <Field
        label={`${w().petname} (${w().optional})`}
        hint={w().petnameHint}
        value={petname}
        onValue={setPetname}
        maxLength={64}
      />
      <TaskLine task={task} />
      <button class="button main" disabled={task.busy || link.trim() === ""}>
        {w().add}
      </button>
    </form>
  );
}

function ByHandle() {
  const core = useCore();
  const task = useTask();
  const accept = useTask();
  const [handle, setHandle] = useState("");
  const [pin, setPin] = useState("");
  const [petname, setPetname] = useState("");
  const [found, setFound] = useState<Contact | null>(null);
  const [digits, setDigits] = useState("");
  const find = () =>
    task.start(async () => {
      setFound(null);
      await run(core, "handle-find", handle.trim(), pin.trim());
      const who = await core.call<Contact | null>("found");
      if (who === null) throw { error: "NOT_FOUND" };
      setDigits((await core.call<{ digits: string }>("safety", who.identity)).digits);
      setFound(who);
    });
  return (
    <section class="part">
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void find();
        }}
      >
        <h2>{w().findByHandle}</h2>
        <Field label={w().handle} value={handle} onValue={setHandle} required autocapitalize="off" />
        <Field label={`${w().pin} (${w().optional})`} hint={w().pinHint} value={pin} onValue={setPin} inputMode="numeric" />
        <TaskLine task={task} words={w().finding} />
        <button class="button" disabled={task.busy || handle.trim() === ""}>
          {w().find}
        </button>
      </form>
      {found !== null && (
        <form
          class="found"
          onSubmit={(e) => {
            e.preventDefault();
            void accept.start(async () => {
              const { account } = await core.call<{ account: string }>("found-accept", petname.trim());
              go("person", account);
            });
          }}
        >
          <h3>
            {w().foundSomebody}: <Name account={found.account} name={found.name} />
          </h3>
          <p>{w().compareFirst}</p>
          <Digits digits={digits} />
          <Field label={`${w().petname} (${w().optional})`} value={petname} onValue={setPetname} maxLength={64} />
          <TaskLine task={accept} />
          <button class="button main" disabled={accept.busy}>
            {w().addToContacts}
          </button>
        </form>
      )}
    </section>
  );
}

export function AddContact() {
  return (
    <View title={w().addContact} back={back}>
      <ByLink />
      <ByHandle />
    </View>
  );
}

// ---- My own links ----

export function MyLink() {
  const core = useCore();
  const task = useTask();
  const links = useView<ContactLink[]>((e) => e.type === "done" || e.type === "conversation", "links") ?? [];
  const [once, setOnce] = useState(true);
  const [days, setDays] = useState("30");
  const [link, setLink] = useState("");
  const make = () =>
    task.start(async () => setLink((await run(core, "contact-link", once, Number(days))).text));
  return (
    <View title={w().myLink} back={back}>
      <form
        class="part"
        onSubmit={(e) => {
          e.preventDefault();
          void make();
        }}
      >
        <p>{w().myLinkHow}</p>
        <label class="check">
          <input type="checkbox" checked={once} onChange={(e) => setOnce(e.currentTarget.checked)} />
          <span>{w().linkOnce}</span>
        </label>
        <Select
          label={w().linkDays}
          value={days}
          onValue={setDays}
          options={[1, 7, 30, 180].map((d) => [String(d), w().days(d)])}
        />
        <TaskLine task={task} words={w().makingLink} />
        <button class="button main" disabled={task.busy}>
          {w().makeLink}
        </button>
        {link !== "" && (
          <div class="made">
            <Qr text={link} label={w().linkAsQr} />
            <p class="code" dir="ltr">
              {link}
            </p>
            <div class="buttons">
              <CopyButton text={link} />
              {"share" in navigator && (
                <button type="button" class="button" onClick={() => void navigator.share({ text: link }).catch(() => {})}>
                  {w().share}
                </button>
              )}
            </div>
          </div>
        )}
      </form>
      {links.length > 0 && (
        <section class="part">
          <h2>{w().givenLinks}</h2>
          <ul class="items">
            {links.map((l) => (
              <li key={l.number}>
                <span>
                  {w().linkOf(dateText(l.made))}
                  <span class="hint">
                    {[
                      l.once ? w().linkForOne : w().linkForAll,
                      l.used ? w().linkUsed : l.over ? w().linkOver : w().linkUntil(dateText(l.expires)),
                    ].join(", ")}
                  </span>
                </span>
                <button
                  type="button"
                  class="button"
                  onClick={() => void task.start(() => core.call("link-revoke", l.number))}
                >
                  {w().revoke}
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </View>
  );
}

export function Select(props: {
  label: string;
  value: string;
  onValue: (value: string) => void;
  options: [string, string][];
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(e) => props.onValue(e.currentTarget.value)}>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

// ---- One person ----

// The conversation with them alone, or a new one.
export function useWriteTo() {
  const core = useCore();
  const home = useHome();
  return async (account: string) => {
    const there = home.conversations.find((c) => c.with === account && ["active", "new"].includes(c.state) && c.name === "");
    if (there !== undefined) return go("c", there.number);
    const { conversation } = await core.call<{ conversation: number }>("new", "", account);
    go("c", conversation);
  };
}

// A member that is no contact is found in the conversation that one came from.
function usePerson(account: string, from: number): { contact?: Contact; name: string; identity: string } {
  const home = useHome();
  const core = useCore();
  const contact = home.contacts.get(account);
  const [member, setMember] = useState<Member>();
  useEffect(() => {
    if (from > 0)
      void core
        .call<Member[]>("members", from)
        .then((all) => setMember(all.find((m) => m.account === account)))
        .catch(() => {});
  }, [account, from]);
  return { contact, name: contact?.name ?? member?.name ?? "", identity: contact?.identity ?? member?.identity ?? "" };
}

function Petname({ of, from }: { of: { account: string; contact?: Contact; name: string }; from: number }) {
  const core = useCore();
  const task = useTask();
  const [petname, setPetname] = useState(of.contact?.petname ?? "");
  const [saved, setSaved] = useState(false);
  const isNew = of.contact === undefined;
  return (
    <form
      class="part"
      onSubmit={(e) => {
        e.preventDefault();
        void task
          .start(() =>
            isNew
              ? core.call("meet", from, of.account, petname.trim())
              : core.call("contact-rename", of.account, petname.trim()),
          )
          .then(setSaved);
      }}
    >
      <Field
        label={`${w().petname} (${w().optional})`}
        hint={w().petnameHint}
        value={petname}
        onValue={(v) => (setSaved(false), setPetname(v))}
        maxLength={64}
      />
      {saved && !task.busy ? (
        <p class="task" role="status">
          {w().saved}
        </p>
      ) : (
        <TaskLine task={task} />
      )}
      <button class="button" disabled={task.busy || (!isNew && petname.trim() === of.contact!.petname)}>
        {isNew ? w().addToContacts : w().save}
      </button>
    </form>
  );
}

export function SafetyNumber({ identity }: { identity: string }) {
  const safety = useView<{ digits: string }>(() => false, "safety", identity);
  if (safety === undefined) return null;
  return (
    <>
      <p>{w().safetyHow}</p>
      <Digits digits={safety.digits} />
      <Qr text={safety.digits} label={w().safetyQr} />
    </>
  );
}

export function Person({ account, from }: { account: string; from: number }) {
  const core = useCore();
  const home = useHome();
  const task = useTask();
  const writeTo = useWriteTo();
  const [sure, setSure] = useState(false);
  const who = usePerson(account, from);
  const blocked = useView<Blocked[]>((e) => e.type === "conversation" || e.type === "synced", "blocked") ?? [];
  const isBlocked = blocked.some((b) => b.account === account);
  const own = clean(who.name);
  const title = called(home, account, who.name);
  return (
    <View title={title.name || title.id} back={() => (from > 0 ? go("c", from, "about") : back())}>
      <div class="person">
        <Face account={account} name={who.name} conversation={from} />
        <p class="person-name">
          <Name account={account} name={who.name} />
        </p>
        {who.contact !== undefined && who.contact.petname !== "" && own !== "" && own !== clean(who.contact.petname) && (
          <p class="hint">
            <bdi>{w().callsItself(`\u2068${own}\u2069`)}</bdi>
          </p>
        )}
        {who.contact === undefined && <p class="hint">{w().notAContact}</p>}
        {who.contact !== undefined && !isBlocked && (
          <button
            type="button"
            class="button main"
            disabled={task.busy}
            onClick={() => void task.start(() => writeTo(account))}
          >
            {w().message}
          </button>
        )}
        <TaskLine task={task} />
      </div>
      {(who.contact !== undefined || from > 0) && (
        <Petname key={who.contact === undefined ? "new" : "known"} of={{ account, ...who }} from={from} />
      )}
      {who.identity !== "" && (
        <section class="part">
          <h2>
            {w().safety} {who.contact?.verified && <span class="tag">{w().verified}</span>}
          </h2>
          <SafetyNumber identity={who.identity} />
          {who.contact !== undefined && (
            <button
              type="button"
              class="button"
              onClick={() => void task.start(() => core.call("verified", account, !who.contact!.verified))}
            >
              {who.contact.verified ? w().unmarkVerified : w().markVerified}
            </button>
          )}
        </section>
      )}
      <section class="part">
        <h2>{w().accountId}</h2>
        <p class="code" dir="ltr">
          {account}
        </p>
        <button
          type="button"
          class="button danger"
          onClick={() => (isBlocked ? void task.start(() => core.call("unblock", account)) : setSure(true))}
        >
          {isBlocked ? w().unblock : w().block}
        </button>
      </section>
      {sure && (
        <Sure
          title={w().block}
          text={w().blockSure(calledText(home, account, who.name))}
          action={w().block}
          onNo={() => setSure(false)}
          onYes={() => {
            setSure(false);
            return task.start(() => core.call("block", account));
          }}
        />
      )}
    </View>
  );
}

export function BlockedPeople() {
  const core = useCore();
  const task = useTask();
  const blocked = useView<Blocked[]>((e) => e.type === "conversation" || e.type === "synced", "blocked");
  return (
    <View title={w().blockedPeople} back={back}>
      {blocked?.length === 0 && <p class="empty">{w().noBlocked}</p>}
      <ul class="items">
        {blocked?.map((b) => (
          <li key={b.account}>
            <span>
              <Name account={b.account} name={b.name} />
              <span class="hint">{w().blockedSince(dateText(b.time))}</span>
            </span>
            <button
              type="button"
              class="button"
              onClick={() => void task.start(() => core.call("unblock", b.account))}
            >
              {w().unblock}
            </button>
          </li>
        ))}
      </ul>
      <TaskLine task={task} />
    </View>
  );
}

// ---- A new conversation ----

export function PickPeople(props: { chosen: string[]; onChosen: (accounts: string[]) => void; without?: Set<string> }) {
  const home = useHome();
  const contacts = [...home.contacts.values()].filter((c) => !props.without?.has(c.account));
  if (contacts.length === 0) return <p class="empty">{props.without ? w().noOneToAdd : w().noContactsMore}</p>;
  return (
    <ul class="rows picks">
      {contacts.map((c) => {
        const on = props.chosen.includes(c.account);
        return (
          <li key={c.account}>
            <label class="row">
              <input
                type="checkbox"
                checked={on}
                onChange={() =>
                  props.onChosen(on ? props.chosen.filter((a) => a !== c.account) : [...props.chosen, c.account])
                }
              />
              <Face account={c.account} name={c.name} />
              <span class="row-title">
                <Name account={c.account} name={c.name} />
              </span>
            </label>
          </li>
        );
      })}
    </ul>
  );
}

export function NewChat() {
  const core = useCore();
  const home = useHome();
  const task = useTask();
  const writeTo = useWriteTo();
  const [chosen, setChosen] = useState<string[]>([]);
  const [name, setName] = useState("");
  const begin = () =>
    task.start(async () => {
      if (chosen.length === 1 && name.trim() === "") return writeTo(chosen[0]!);
      const { conversation } = await core.call<{ conversation: number }>("new", name.trim(), ...chosen);
      go("c", conversation);
    });
  return (
    <View title={w().newChat} back={() => go("chats")}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void begin();
        }}
      >
        <h2>{w().newGroup}</h2>
        <PickPeople chosen={chosen} onChosen={setChosen} />
        {home.contacts.size === 0 && (
          <div class="buttons">
            <a class="button main" href="#/link">
              {w().myLink}
            </a>
            <a class="button" href="#/add">
              {w().addContact}
            </a>
          </div>
        )}
        {chosen.length > 0 && (
          <Field
            label={`${w().groupName} (${w().optional})`}
            hint={w().groupNameHint}
            value={name}
            onValue={setName}
            maxLength={64}
          />
        )}
        <TaskLine task={task} />
        {home.contacts.size > 0 && (
          <button class="button main wide" disabled={task.busy || chosen.length === 0}>
            {w().begin}
          </button>
        )}
      </form>
    </View>
  );
}
