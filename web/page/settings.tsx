// The settings: a list of parts, and each part as a view of its own.

import { useEffect, useState } from "preact/hooks";
import type { Desk, Device, Handle, Notice, Profile } from "../core/types";
import { LinkDigits, LockFields, useLinking, WipeSure } from "./first";
import { notifies, setNotifies } from "./notify";
import { CopyButton, Face, Field, Icon, Sure, TaskLine, View } from "./parts";
import { Select } from "./people";
import { canUsePasskeys, forgetPasskey, hasPasskey, makePasskey } from "./passkey";
import { profilePicture } from "./photo";
import { clean, run, useCore, useHome, useTask, useView } from "./state";
import { dateText, languages, look, setLanguage, setLook, sizeText, numberText, w, type Look } from "./words";

const PICTURE_MAX = 65536;

const parts = ["profile", "handle", "devices", "notices", "look", "security", "install", "promise"] as const;
type Part = (typeof parts)[number];

function partTitle(part: Part): string {
  const words = w();
  const titles: Record<Part, string> = {
    profile: words.profile,
    handle: words.myHandle,
    devices: words.devices,
    notices: words.notices,
    look: `${words.look}, ${words.language}`,
    security: words.security,
    install: words.install,
    promise: words.promise,
  };
  return titles[part];
}

export function Settings({ chosen }: { chosen: string }) {
  const { status } = useHome();
  return (
    <>
      <header class="list-head">
        <h1>{w().settings}</h1>
      </header>
      <div class="scroll">
        <a class="row me" href="#/settings/profile">
          <Face account={status.id} name={status.name} />
          <span class="row-text">
            <span class="row-title">
              <bdi class="name">{clean(status.name) || w().noName}</bdi>
            </span>
            <span class="row-bottom">
              <span class="row-line id" dir="ltr">
                {status.id.slice(0, 8)}
              </span>
            </span>
          </span>
        </a>
        <ul class="rows plain">
          {parts.map((part) => (
            <li key={part}>
              <a class="row slim" href={`#/settings/${part}`} aria-current={chosen === part ? "true" : undefined}>
                {partTitle(part)}
                {part === "notices" && status.notices > 0 && <span class="count">{numberText(status.notices)}</span>}
              </a>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

interface PartProps {
  part: string;
  back: () => void;
}

export function SettingsPart({ part, back }: PartProps) {
  if (!parts.includes(part as Part)) return null;
  return (
    <View title={partTitle(part as Part)} back={back}>
      {part === "profile" && <ProfilePart />}
      {part === "handle" && <HandlePart />}
      {part === "devices" && <DevicesPart />}
      {part === "notices" && <NoticesPart />}
      {part === "look" && <LookPart />}
      {part === "security" && <SecurityPart />}
      {part === "install" && <InstallPart />}
      {part === "promise" && w().promiseText.map((text, i) => <p key={i}>{text}</p>)}
    </View>
  );
}

// ---- Profile ----

function ProfileForm({ profile }: { profile: Profile }) {
  const core = useCore();
  const { status } = useHome();
  const task = useTask();
  const [name, setName] = useState(profile.name);
  const [saved, setSaved] = useState(false);
  const set = (what: () => Promise<unknown>) => void task.start(what).then(setSaved);
  return (
    <form
      class="part"
      onSubmit={(e) => {
        e.preventDefault();
        set(() => core.call("profile-set", 0, name.trim(), "-"));
      }}
    >
      <p>{w().profileHow}</p>
      <div class="person">
        <Face account={status.id} name={status.name} />
      </div>
      <div class="buttons">
        <label class="button">
          {w().choosePicture}
          <input
            type="file"
            class="unseen"
            accept="image/*"
            onChange={(e) => {
              const file = e.currentTarget.files?.[0];
              if (file)
                set(async () => core.call("profile-set", 0, "-", await profilePicture(file, PICTURE_MAX)));
            }}
          />
        </label>
        {profile.picture !== "" && (
          <button type="button" class="button" onClick={() => set(() => core.call("profile-set", 0, "-", ""))}>
            {w().removePicture}
          </button>
        )}
      </div>
      <Field
        label={w().yourName}
        hint={w().yourNameHint}
        value={name}
        onValue={(v) => (setSaved(false), setName(v))}
        maxLength={64}
      />
      {saved && !task.busy && task.failed === "" ? (
        <p class="task" role="status">
          {w().saved}
        </p>
      ) : (
        <TaskLine task={task} />
      )}
      <button class="button main" disabled={task.busy || name.trim() === profile.name}>
        {w().save}
      </button>
      <h2>{w().accountId}</h2>
      <p class="code" dir="ltr">
        {status.id}
      </p>
    </form>
  );
}

function ProfilePart() {
  const profile = useView<Profile>((e) => e.type === "conversation" || e.type === "synced", "profile", 0);
  return profile === undefined ? null : <ProfileForm profile={profile} />;
}

// ---- Handle ----

function HandlePart() {
  const core = useCore();
  const task = useTask();
  const handle = useView<Handle | null>((e) => e.type === "done" || e.type === "synced", "handle");
  const [name, setName] = useState("");
  const [pin, setPin] = useState("");
  return (
    <form
      class="part"
      onSubmit={(e) => {
        e.preventDefault();
        void task.start(() => run(core, "handle-claim", name.trim(), pin.trim()));
      }}
    >
      <p>{w().handleHow}</p>
      {handle && (
        <p class="standing">
          <bdi>
            {handle.state === "held"
              ? w().handleHeld(`\u2068${handle.name}\u2069`)
              : handle.state === "wanted"
                ? w().handleWanted(`\u2068${handle.name}\u2069`)
                : w().handleUnwanted(`\u2068${handle.name}\u2069`)}
          </bdi>
          {handle.state === "held" && (
            <button
              type="button"
              class="button"
              disabled={task.busy}
              onClick={() => void task.start(() => run(core, "handle-drop"))}
            >
              {w().giveUp}
            </button>
          )}
        </p>
      )}
      <Field label={w().handle} hint={w().handleHint} value={name} onValue={setName} required autocapitalize="off" />
      <Field
        label={`${w().pin} (${w().optional})`}
        hint={w().handlePinHint}
        value={pin}
        onValue={setPin}
        inputMode="numeric"
      />
      <TaskLine task={task} words={w().claiming} />
      <button class="button main" disabled={task.busy || name.trim() === ""}>
        {w().claim}
      </button>
    </form>
  );
}

// ---- Devices ----

function LinkADevice() {
  const core = useCore();
  const task = useTask();
  const answer = useTask();
  const linking = useLinking();
  const [code, setCode] = useState("");
  return (
    <form
      class="part"
      onSubmit={(e) => {
        e.preventDefault();
        void task.start(() => run(core, "link-take", code.trim())).then((ok) => ok && setCode(""));
      }}
    >
      <h2>{w().linkDevice}</h2>
      {linking?.state === "digits" && !linking.is_new ? (
        <LinkDigits digits={linking.digits} task={answer} />
      ) : (
        <>
          <Field label={w().linkCodeNew} hint={w().linkDeviceHow} value={code} onValue={setCode} required dir="ltr" />
          <button class="button main" disabled={task.busy || code.trim() === ""}>
            {w().take}
          </button>
        </>
      )}
      <TaskLine task={task} />
    </form>
  );
}

function DevicesPart() {
  const core = useCore();
  const { status } = useHome();
  const task = useTask();
  const devices = useView<Device[]>((e) => e.type === "done" || e.type === "synced", "devices") ?? [];
  const [leaving, setLeaving] = useState("");
  return (
    <>
      <section class="part">
        <ul class="items">
          {devices.map((d) => (
            <li key={d.device}>
              <span>
                <bdi>{w().deviceOf(d.device.slice(0, 8))}</bdi>
                <span class="hint">
                  {[d.us ? w().thisDevice : "", d.has_identity ? w().firstDevice : ""].filter(Boolean).join(", ")}
                </span>
              </span>
              {status.has_identity && !d.us && (
                <button type="button" class="button" onClick={() => setLeaving(d.device)}>
                  {w().signOff}
                </button>
              )}
            </li>
          ))}
        </ul>
        <TaskLine task={task} />
      </section>
      {status.has_identity ? <LinkADevice /> : <p>{w().linkDeviceNot}</p>}
      {leaving !== "" && (
        <Sure
          title={w().signOff}
          text={w().signOffSure}
          action={w().signOff}
          onNo={() => setLeaving("")}
          onYes={() => {
            setLeaving("");
            return task.start(() => run(core, "unlink", leaving));
          }}
        />
      )}
    </>
  );
}

// ---- Notices ----

function NoticesPart() {
  const core = useCore();
  const { status } = useHome();
  const task = useTask();
  const notices = useView<Notice[]>((e) => e.type === "desk", "notices");
  const desk = useView<Desk | null>((e) => e.type === "desk" || e.type === "connection", "desk");
  // What was new when the view was opened stays marked as long as it is open.
  const [fresh, setFresh] = useState<Set<number>>();
  useEffect(() => {
    if (notices === undefined) return;
    const unread = notices.filter((n) => !n.read).map((n) => n.number);
    setFresh((old) => new Set([...(old ?? []), ...unread]));
    for (const number of unread) void core.call("notice-read", number).catch(() => {});
  }, [notices]);
  return (
    <>
      <p>{w().noticesHow}</p>
      {desk && status.desk_changed && (
        <section class="part">
          <p class="warning">{w().deskChanged}</p>
          <p class="code" dir="ltr">
            {desk.offered}
          </p>
          <button type="button" class="button" onClick={() => void task.start(() => core.call("desk-accept", desk.offered))}>
            {w().deskAccept}
          </button>
          <TaskLine task={task} />
        </section>
      )}
      {notices !== undefined && notices.length === 0 && <p class="empty">{w().noNotices}</p>}
      {[...(notices ?? [])].reverse().map((n) => (
        <article key={n.number} class="part notice">
          <h2>
            <bdi>{w().noticeCase(n.case_id)}</bdi> {fresh?.has(n.number) && <span class="tag">{w().noticeNew}</span>}
          </h2>
          <p class="hint">{dateText(n.time)}</p>
          <p class="text" dir="auto">
            {n.wording}
          </p>
          <p class="hint">{w().noticeReference}</p>
          <p class="code" dir="ltr">
            {n.reference}
          </p>
          <CopyButton text={n.reference} />
        </article>
      ))}
      {desk && (
        <p class="hint">
          {w().desk}: <bdi>{desk.name}</bdi>, <bdi>{desk.origin}</bdi>
        </p>
      )}
    </>
  );
}

// ---- Look and language ----

function LookPart() {
  const [now, setNow] = useState<Look>(look());
  return (
    <section class="part">
      <Select
        label={w().language}
        value={w().tag}
        onValue={setLanguage}
        options={Object.entries(languages).map(([tag, words]) => [tag, words.languageName])}
      />
      <Select
        label={w().look}
        value={now}
        onValue={(value) => {
          setLook(value as Look);
          setNow(value as Look);
        }}
        options={[
          ["auto", w().lookAuto],
          ["light", w().lookLight],
          ["dark", w().lookDark],
        ]}
      />
      <Notifying />
    </section>
  );
}

function Notifying() {
  const [on, setOn] = useState(notifies());
  const [refused, setRefused] = useState(false);
  const choose = async (wanted: boolean) => {
    const done = await setNotifies(wanted);
    setRefused(!done);
    setOn(notifies());
  };
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={on} onChange={(e) => void choose(e.currentTarget.checked)} />
        <span>{w().notify}</span>
      </label>
      <p class="hint">{w().notifyHow}</p>
      <p class="task bad" role="alert">
        {refused && w().notifyRefused}
      </p>
    </>
  );
}

// ---- Safety ----

function RecoveryWords() {
  const core = useCore();
  const { status } = useHome();
  const task = useTask();
  const [words, setWords] = useState("");
  return (
    <section class="part">
      <h2>{w().recoveryWords}</h2>
      <p>{status.has_identity ? w().recoveryHow : w().wordsElsewhere}</p>
      {words !== "" && (
        <ol class="recovery" dir="ltr" translate={false}>
          {words.split(" ").map((word, i) => (
            <li key={i}>{word}</li>
          ))}
        </ol>
      )}
      {status.has_identity && (
        <button
          type="button"
          class="button"
          onClick={() =>
            words !== ""
              ? setWords("")
              : void task.start(async () => setWords((await core.call<{ words: string }>("words")).words))
          }
        >
          {words !== "" ? w().hideWords : w().showWords}
        </button>
      )}
      <TaskLine task={task} />
    </section>
  );
}

interface Held {
  name: string;
  count: number;
  bytes: number;
}

interface ServerRecord {
  created_week: number;
  seen_week: number;
  devices: number;
  items: number;
  bytes: number;
  beside: Held[];
}

// Weeks count from Monday 1970-01-05.
function weekText(week: number): string {
  return w().weekOf(dateText((Math.min(week, 1e6) * 7 + 4) * 86_400_000)); // whatever a server says
}

function RecordOfServer() {
  const core = useCore();
  const task = useTask();
  const [record, setRecord] = useState<ServerRecord>();
  return (
    <section class="part">
      <h2>{w().record}</h2>
      <p>{w().recordHow}</p>
      {record !== undefined && (
        <dl class="facts">
          {(
            [
              [w().recordCreated, weekText(record.created_week)],
              [w().recordSeen, weekText(record.seen_week)],
              [w().devices, numberText(record.devices)],
              [w().recordItems, `${numberText(record.items)}, ${sizeText(record.bytes)}`],
            ] as const
          ).map(([what, value]) => (
            <div key={what}>
              <dt>{what}</dt>
              <dd>{value}</dd>
            </div>
          ))}
          {record.beside.map((held) => (
            <div key={held.name}>
              <dt>{held.name}</dt>
              <dd>
                {numberText(held.count)}, {sizeText(held.bytes)}
              </dd>
            </div>
          ))}
        </dl>
      )}
      <button
        type="button"
        class="button"
        disabled={task.busy}
        onClick={() =>
          void task.start(async () => {
            await run(core, "record");
            setRecord(await core.call<ServerRecord>("record-get"));
          })
        }
      >
        {w().recordAsk}
      </button>
      <TaskLine task={task} />
    </section>
  );
}

type Level = "off" | "delivered" | "read";

function Receipts() {
  const core = useCore();
  const task = useTask();
  const level = useView<{ level: Level }>((e) => e.type === "synced" || e.type === "conversation", "receipts")?.level;
  if (level === undefined) return null;
  return (
    <section class="part">
      <Select
        label={w().receipts}
        value={level}
        onValue={(chosen) => void task.start(() => core.call("receipts-set", chosen))}
        options={(["off", "delivered", "read"] as const).map((l) => [l, w().receiptsLevel[l]])}
      />
      <p class="hint">{w().receiptsHow}</p>
      <TaskLine task={task} />
    </section>
  );
}

function Typing() {
  const core = useCore();
  const task = useTask();
  const on = useView<{ on: boolean }>((e) => e.type === "synced" || e.type === "conversation", "typing")?.on;
  if (on === undefined) return null;
  return (
    <section class="part">
      <label class="check">
        <input
          type="checkbox"
          checked={on}
          onChange={(e) => {
            const wanted = e.currentTarget.checked;
            void task.start(() => core.call("typing-set", wanted));
          }}
        />
        <span>{w().typing}</span>
      </label>
      <p class="hint">{w().typingHow}</p>
      <TaskLine task={task} />
    </section>
  );
}

function Passphrase() {
  const core = useCore();
  const task = useTask();
  const [locked, setLocked] = useState<boolean>();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState({ one: "", two: "" });
  const [saved, setSaved] = useState(false);
  const [passkeys, setPasskeys] = useState(false);
  useEffect(() => {
    void canUsePasskeys().then(setPasskeys);
    void core.call<{ passphrase: boolean }>("locked").then((answer) => setLocked(answer.passphrase), () => {});
  }, []);
  const change = (to: string) =>
    done(async () => {
      setLocked((await core.call<{ passphrase: boolean }>("passphrase", old, to)).passphrase);
      if (to === "") forgetPasskey();
    });
  const addPasskey = () =>
    done(async () => {
      await core.call("secret", old, ""); // the passphrase is the right one
      try {
        await core.call("secret", old, await makePasskey());
      } catch (e) {
        forgetPasskey();
        throw e;
      }
    });
  const removePasskey = () =>
    done(async () => {
      await core.call("secret", old, "");
      forgetPasskey();
    });
  const done = (work: () => Promise<void>) =>
    void task.start(work).then((ok) => {
        setSaved(ok);
        if (!ok) return;
        setOld("");
        setFresh({ one: "", two: "" });
      });
  const passkey = hasPasskey();
  if (locked === undefined) return null;
  return (
    <form
      class="part"
      onSubmit={(e) => {
        e.preventDefault();
        change(fresh.one);
      }}
    >
      <h2>{w().passphrase}</h2>
      <p>{locked ? w().passphraseSet : w().passphraseNone}</p>
      {locked && (
        <Field
          label={w().passphraseNow}
          type="password"
          autocomplete="current-password"
          value={old}
          onValue={(text) => (setSaved(false), setOld(text))}
          required
        />
      )}
      <LockFields label={w().passphraseNew} lock={fresh} onLock={(lock) => (setSaved(false), setFresh(lock))} />
      {saved ? (
        <p class="task" role="status">
          {w().saved}
        </p>
      ) : (
        <TaskLine task={task} words={w().preparing} />
      )}
      <div class="buttons">
        <button class="button" disabled={task.busy || fresh.one === "" || fresh.one !== fresh.two}>
          {locked ? w().passphraseChange : w().passphraseChoose}
        </button>
        {locked && (
          <button type="button" class="button danger" disabled={task.busy || old === ""} onClick={() => change("")}>
            {w().passphraseRemove}
          </button>
        )}
      </div>
      {locked && (passkeys || passkey) && (
        <>
          <p>{passkey ? w().passkeySet : w().passkeyHow}</p>
          <button
            type="button"
            class="button"
            disabled={task.busy || old === ""}
            onClick={passkey ? removePasskey : addPasskey}
          >
            {passkey ? w().passkeyRemove : w().passkeyAdd}
          </button>
        </>
      )}
    </form>
  );
}

function SecurityPart() {
  const core = useCore();
  const task = useTask();
  const [sure, setSure] = useState<"" | "wipe" | "delete">("");
  return (
    <>
      <Receipts />
      <Typing />
      <section class="part">
        <h2>{w().lockNow}</h2>
        <p>{w().lockHow}</p>
        <button
          type="button"
          class="button main"
          onClick={() => void task.start(() => core.call("lock"))}
        >
          {w().lockNow}
        </button>
        <TaskLine task={task} />
      </section>
      <Passphrase />
      <RecoveryWords />
      <RecordOfServer />
      <section class="part">
        <h2>{w().wipe}</h2>
        <p>{w().wipeHow}</p>
        <button type="button" class="button danger" onClick={() => setSure("wipe")}>
          {w().wipe}
        </button>
      </section>
      <section class="part">
        <h2>{w().deleteAccount}</h2>
        <p>{w().deleteHow}</p>
        <button type="button" class="button danger" onClick={() => setSure("delete")}>
          {w().deleteAccount}
        </button>
      </section>
      {sure === "wipe" && (
        <WipeSure onNo={() => setSure("")} />
      )}
      {sure === "delete" && (
        <Sure
          title={w().deleteAccount}
          text={w().deleteSure}
          action={w().deleteAccount}
          word={w().deleteWord}
          onNo={() => setSure("")}
          onYes={() => {
            setSure("");
            return task.start(() => run(core, "delete-account"));
          }}
        />
      )}
    </>
  );
}

// ---- Install ----

function InstallPart() {
  const core = useCore();
  const task = useTask();
  const [kept, setKept] = useState<boolean>();
  return (
    <section class="part">
      <p>{w().installHow}</p>
      <button
        type="button"
        class="button"
        disabled={task.busy}
        onClick={() => void task.start(async () => setKept(await core.call<boolean>("persist")))}
      >
        {w().persist}
      </button>
      {kept !== undefined && (
        <p role="status">
          <Icon name={kept ? "check" : "info"} /> {kept ? w().persisted : w().notPersisted}
        </p>
      )}
      <TaskLine task={task} />
    </section>
  );
}
