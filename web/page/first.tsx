// Before there is an account here: create one, link this browser to one, take one back; and unlocking what is here.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Linking, Status } from "../core/types";
import { CopyButton, Digits, Field, Icon, IconButton, Qr, Sheet, Sure, TaskLine } from "./parts";
import { forgetPasskey, hasPasskey, passkeySecret } from "./passkey";
import { run, useCore, useTask, useView, type Task } from "./state";
import { w } from "./words";

// The link that the page's address brought.
export function joinLink(): string {
  if (!location.hash.startsWith("#join=")) return "";
  try {
    return decodeURIComponent(location.hash.slice(6));
  } catch {
    return location.hash.slice(6);
  }
}

function Wordmark() {
  return (
    <p class="wordmark" translate={false}>
      <span aria-hidden="true" class="mark">
        p
      </span>
      sotto
    </p>
  );
}

function Step(props: { title: string; back?: () => void; children: preact.ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <main class="first">
      <div class="card">
        <div class="card-head">
          {props.back && <IconButton icon="back" label={w().back} onClick={props.back} />}
          <Wordmark />
        </div>
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.children}
      </div>
    </main>
  );
}

// ---- The passphrase of a store that is yet to be made ----

interface Lock {
  one: string;
  two: string;
}

export function LockFields({ lock, onLock, label }: { lock: Lock; onLock: (lock: Lock) => void; label: string }) {
  return (
    <>
      <Field
        label={label}
        hint={w().passphraseHint}
        type="password"
        autocomplete="new-password"
        value={lock.one}
        onValue={(one) => onLock({ ...lock, one })}
      />
      {lock.one !== "" && (
        <Field
          label={w().passphraseAgain}
          type="password"
          autocomplete="new-password"
          value={lock.two}
          onValue={(two) => onLock({ ...lock, two })}
        />
      )}
      {lock.two !== "" && lock.one !== lock.two && (
        <p class="task bad" role="alert">
          {w().passphraseDiffers}
        </p>
      )}
    </>
  );
}

// Each of the three ways makes the store first, unless an earlier try has.
function useWay(made: boolean, onMade: () => void) {
  const core = useCore();
  const task = useTask();
  const [lock, setLock] = useState<Lock>({ one: "", two: "" });
  const [words, setWords] = useState("");
  const start = (say: string, work: () => Promise<unknown>) =>
    task.start(async () => {
      if (!made) {
        setWords(w().preparing);
        await core.call("open", lock.one, true);
        onMade();
      }
      setWords(say);
      await work();
    });
  const fits = made || lock.one === "" || lock.one === lock.two;
  const fields = made ? null : <LockFields lock={lock} onLock={setLock} label={`${w().passphrase} (${w().optional})`} />;
  return { core, task, words, start, fits, fields };
}

interface WayProps {
  made: boolean; // there is a store, and it is open
  onMade: () => void;
  onDone: () => void;
  back: () => void;
}

function Create(props: WayProps & { link: string }) {
  const { core, task, words, start, fits, fields } = useWay(props.made, props.onMade);
  const [link, setLink] = useState(props.link);
  const [name, setName] = useState("");
  return (
    <Step title={w().inviteTitle} back={props.back}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void start(w().creating, () => run(core, "create", link.trim(), name.trim())).then((ok) => ok && props.onDone());
        }}
      >
        <Field label={w().inviteLink} hint={w().inviteHint} value={link} onValue={setLink} required dir="ltr" />
        <Field
          label={`${w().yourName} (${w().optional})`}
          hint={w().yourNameHint}
          value={name}
          onValue={setName}
          maxLength={64}
        />
        {fields}
        <TaskLine task={task} words={words} />
        <button class="button main wide" disabled={task.busy || !fits || link.trim() === ""}>
          {w().create}
        </button>
      </form>
    </Step>
  );
}

function Take(props: WayProps) {
  const { core, task, words, start, fits, fields } = useWay(props.made, props.onMade);
  const [link, setLink] = useState("");
  const [secret, setSecret] = useState("");
  const [name, setName] = useState("");
  const tidy = secret.trim().toLowerCase().split(/\s+/).join(" ");
  return (
    <Step title={w().wordsTitle} back={props.back}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void start(w().creating, () => run(core, "take", link.trim(), tidy, name.trim())).then((ok) => ok && props.onDone());
        }}
      >
        <p>{w().wordsHow}</p>
        <Field label={w().words24} value={secret} onValue={setSecret} rows={4} required autocapitalize="off" dir="ltr" />
        <Field label={w().wordsLink} hint={w().wordsLinkHint} value={link} onValue={setLink} required dir="ltr" />
        <Field label={`${w().yourName} (${w().optional})`} value={name} onValue={setName} maxLength={64} />
        {fields}
        <TaskLine task={task} words={words} />
        <button class="button main wide" disabled={task.busy || !fits || tidy.split(" ").length !== 24}>
          {w().takeBack}
        </button>
      </form>
    </Step>
  );
}

// ---- Linking: the same dialog of digits at both devices ----

export function LinkDigits({ digits, task }: { digits: string; task: Task }) {
  const core = useCore();
  const [said, setSaid] = useState(false);
  const say = (same: boolean) =>
    void task.start(async () => {
      await core.call("link-confirm", same);
      setSaid(true);
    });
  if (said) return <p role="status">{w().digitsWait}</p>;
  return (
    <>
      <h2>{w().digitsTitle}</h2>
      <p>{w().digitsHow}</p>
      <Digits digits={digits.replace(/(.{4})(?=.)/, "$1 ")} />
      <div class="buttons">
        <button type="button" class="button" onClick={() => say(false)}>
          {w().digitsDiffer}
        </button>
        <button type="button" class="button main" onClick={() => say(true)}>
          {w().digitsSame}
        </button>
      </div>
    </>
  );
}

export function useLinking(): Linking | undefined {
  return useView<Linking>((e) => e.type === "linking" || e.type === "done", "linking");
}

// The port is always said: the core wants host and port.
function ownServer(): string {
  const port = location.port !== "" ? location.port : location.protocol === "https:" ? "443" : "80";
  return `${location.hostname}:${port}`;
}

function LinkSteps({ task, again }: { task: Task; again: () => void }) {
  const linking = useLinking();
  const answer = useTask();
  if (task.failed !== "")
    return (
      <>
        <TaskLine task={task} />
        <button type="button" class="button main wide" onClick={again}>
          {w().again}
        </button>
      </>
    );
  switch (linking?.state) {
    case "code":
      return (
        <>
          <p>{w().linkHow}</p>
          <h2>{w().linkCode}</h2>
          <Qr text={linking.code} label={w().linkQr} />
          <p class="code" dir="ltr">
            {linking.code}
          </p>
          <CopyButton text={linking.code} />
        </>
      );
    case "digits":
      return <LinkDigits digits={linking.digits} task={answer} />;
    case "account":
      return <p role="status">{w().digitsWait}</p>;
    case "joining":
      return <p role="status">{w().linkJoining}</p>;
    default:
      return <p role="status">{w().linkOpening}</p>;
  }
}

function Link(props: WayProps) {
  const { core, task, words, start, fits, fields } = useWay(props.made, props.onMade);
  const [begun, setBegun] = useState(false);
  const begin = () => {
    setBegun(true);
    void start(w().linkOpening, () => run(core, "link", ownServer())).then((ok) => ok && props.onDone());
  };
  return (
    <Step title={w().linkTitle} back={props.back}>
      {begun && props.made ? (
        <LinkSteps task={task} again={begin} />
      ) : (
        <form
          onSubmit={(e) => {
            e.preventDefault();
            begin();
          }}
        >
          <p>{w().linkHow}</p>
          {fields}
          <TaskLine task={task} words={words} />
          <button class="button main wide" disabled={task.busy || !fits}>
            {w().linkStart}
          </button>
        </form>
      )}
    </Step>
  );
}

function Welcome({ choose }: { choose: (way: Way) => void }) {
  const ways: [Way, string][] = [
    ["create", w().withInvite],
    ["link", w().withDevice],
    ["take", w().withWords],
  ];
  return (
    <Step title={w().welcome}>
      <p class="lead">{w().welcomeMore}</p>
      <ul class="ways">
        {ways.map(([way, text]) => (
          <li key={way}>
            <button type="button" class={`button wide ${way === "create" ? "main" : ""}`} onClick={() => choose(way)}>
              {text}
            </button>
          </li>
        ))}
      </ul>
    </Step>
  );
}

type Way = "" | "create" | "link" | "take";

export function FirstSteps(props: { made: boolean; onMade: () => void; onDone: () => void }) {
  const link = joinLink();
  const [way, setWay] = useState<Way>(link !== "" ? "create" : "");
  const shared = {
    ...props,
    onDone: () => {
      if (location.hash.startsWith("#join=")) history.replaceState(null, "", location.pathname + location.search);
      props.onDone();
    },
    back: () => setWay(""),
  };
  if (way === "create") return <Create {...shared} link={link} />;
  if (way === "link") return <Link {...shared} />;
  if (way === "take") return <Take {...shared} />;
  return <Welcome choose={setWay} />;
}

// ---- Unlocking ----

function Wipe({ onNo }: { onNo: () => void }) {
  const core = useCore();
  const task = useTask();
  if (task.busy)
    return (
      <Sheet title={w().wipe} onClose={() => {}}>
        <TaskLine task={task} words={w().wiping} />
      </Sheet>
    );
  return (
    <Sure
      title={w().wipe}
      text={w().wipeSure}
      action={w().wipe}
      word={w().wipeWord}
      onNo={onNo}
      onYes={() => task.start(() => core.call("wipe")).then((ok) => ok && forgetPasskey())}
    />
  );
}

export { Wipe as WipeSure };

export function Unlock({ why, onOpen }: { why: string; onOpen: () => void }) {
  const core = useCore();
  const task = useTask();
  const [passphrase, setPassphrase] = useState("");
  const [forgot, setForgot] = useState(false);
  const [wipe, setWipe] = useState(false);
  return (
    <Step title={w().unlockTitle}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void task.start(() => core.call("open", passphrase, false)).then((ok) => ok && onOpen());
        }}
      >
        {why !== "" && (
          <p class="task bad" role="alert">
            {why}
          </p>
        )}
        <p>{w().unlockHow}</p>
        <Field
          label={w().passphrase}
          type="password"
          autocomplete="current-password"
          value={passphrase}
          onValue={setPassphrase}
        />
        <TaskLine task={task} words={w().unlocking} />
        <button class="button main wide" disabled={task.busy}>
          {w().unlock}
        </button>
        {hasPasskey() && (
          <button
            type="button"
            class="button wide"
            disabled={task.busy}
            onClick={() =>
              void task.start(async () => core.call("open", await passkeySecret(), false)).then((ok) => ok && onOpen())
            }
          >
            {w().passkeyUnlock}
          </button>
        )}
      </form>
      {forgot ? (
        <div class="aside">
          <p>{w().forgotHow}</p>
          <button type="button" class="button danger" onClick={() => setWipe(true)}>
            {w().wipe}
          </button>
        </div>
      ) : (
        <button type="button" class="link" onClick={() => setForgot(true)}>
          {w().forgot}
        </button>
      )}
      {wipe && <Wipe onNo={() => setWipe(false)} />}
    </Step>
  );
}

// What is shown while the store opens: nothing at first, words if it takes longer.
export function Opening() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main class="first">
      <div class="opening">
        <Wordmark />
        <p role="status">{late ? w().opening : ""}</p>
      </div>
    </main>
  );
}

export function Broken({ text }: { text: string }) {
  return (
    <Step title={w().failed}>
      <p role="alert">
        <Icon name="failed" /> {text}
      </p>
    </Step>
  );
}

export function isSettled(status: Status): boolean {
  return status.registered || status.deleted || status.out;
}
