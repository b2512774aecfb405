// A conversation's members, its name, and what one can do with it.

import { useMemo, useState } from "preact/hooks";
import type { Conversation, Member, Roles } from "../core/types";
import { exportText } from "./export";
import { Face, Field, GroupFace, Name, Sheet, Sure, TaskLine, Title, View } from "./parts";
import { PickPeople, Select } from "./people";
import { calledText, go, run, useCore, useHome, useTask, useView } from "./state";
import { durationText, w } from "./words";

interface Person {
  account: string;
  name: string;
  us: boolean;
  contact: boolean;
  devices: number;
  unheard: boolean;
  unlisted: boolean;
  admin: boolean;
}

// Members are devices; people are what one thinks of.
function people(members: Member[]): Person[] {
  const all = new Map<string, Person>();
  for (const m of members) {
    const p = all.get(m.account);
    if (p === undefined) all.set(m.account, { ...m, devices: 1 });
    else {
      p.devices++;
      p.unlisted ||= m.unlisted;
    }
  }
  return [...all.values()];
}

function AddPeople({ of, here, onClose }: { of: Conversation; here: Person[]; onClose: () => void }) {
  const core = useCore();
  const task = useTask();
  const [chosen, setChosen] = useState<string[]>([]);
  return (
    <Sheet title={w().addPeople} onClose={onClose}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          void task
            .start(async () => {
              for (const account of chosen) await run(core, "add", of.number, account);
            })
            .then((ok) => ok && onClose());
        }}
      >
        <PickPeople chosen={chosen} onChosen={setChosen} without={new Set(here.map((p) => p.account))} />
        <TaskLine task={task} />
        <div class="buttons">
          <button class="button main" disabled={task.busy || chosen.length === 0}>
            {w().add}
          </button>
        </div>
      </form>
    </Sheet>
  );
}

function Rename({ of }: { of: Conversation }) {
  const core = useCore();
  const task = useTask();
  const [name, setName] = useState(of.name);
  return (
    <form
      class="part"
      onSubmit={(e) => {
        e.preventDefault();
        void task.start(() => run(core, "rename", of.number, name.trim()));
      }}
    >
      <Field
        label={`${w().groupName} (${w().optional})`}
        hint={w().groupNameHint}
        value={name}
        onValue={setName}
        maxLength={64}
      />
      <TaskLine task={task} />
      <button class="button" disabled={task.busy || name.trim() === of.name}>
        {w().rename}
      </button>
    </form>
  );
}

function Members({ of, members, roles }: { of: Conversation; members: Person[]; roles: Roles }) {
  const core = useCore();
  const home = useHome();
  const task = useTask();
  const [leaving, setLeaving] = useState<Person | null>(null);
  const [unmaking, setUnmaking] = useState<Person | null>(null);
  const [adding, setAdding] = useState(false);
  const may = of.state === "active" && (!roles.any || roles.admin);
  const others = members.filter((p) => p.admin).length > 1;
  const give = (p: Person, admin: boolean) => task.start(() => run(core, "role", of.number, p.account, admin));
  return (
    <section class="part">
      <h2>
        {w().members} <span class="tag">{w().membersCount(members.length)}</span>
      </h2>
      <p class="hint">{!roles.any ? w().everybodyMay : roles.admin ? w().adminsMay : w().notAdmin}</p>
      <ul class="items members">
        {members.map((p) => (
          <li key={p.account}>
            <a class="item-person" href={p.us ? "#/settings/profile" : `#/person/${p.account}/${of.number}`}>
              <Face account={p.account} name={p.name} conversation={of.number} />
              <span>
                <Name account={p.account} name={p.name} />
                <span class="hint">
                  {[
                    p.admin ? w().administrator : "",
                    p.us || p.contact ? "" : w().notAContact,
                    p.unheard ? w().unheardMember : "",
                    p.unlisted ? w().unlistedMember : "",
                    p.devices > 1 ? w().devicesCount(p.devices) : "",
                  ]
                    .filter(Boolean)
                    .join(", ")}
                </span>
              </span>
            </a>
            {may && roles.any && (!p.admin || others) && (
              <button
                type="button"
                class="button"
                disabled={task.busy}
                onClick={() => (p.admin ? setUnmaking(p) : void give(p, true))}
              >
                {p.admin ? w().unmakeAdmin : w().makeAdmin}
                <span class="unseen"> {calledText(home, p.account, p.name)}</span>
              </button>
            )}
            {may && !p.us && (
              <button type="button" class="button" onClick={() => setLeaving(p)}>
                {w().remove}
                <span class="unseen"> {calledText(home, p.account, p.name)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      <TaskLine task={task} />
      {may && (
        <button type="button" class="button main" onClick={() => setAdding(true)}>
          {w().addPeople}
        </button>
      )}
      {adding && <AddPeople of={of} here={members} onClose={() => setAdding(false)} />}
      {unmaking !== null && (
        <Sure
          title={w().unmakeAdmin}
          text={w().unmakeSure(calledText(home, unmaking.account, unmaking.name))}
          action={w().unmakeAdmin}
          onNo={() => setUnmaking(null)}
          onYes={() => {
            setUnmaking(null);
            return give(unmaking, false);
          }}
        />
      )}
      {leaving !== null && (
        <Sure
          title={w().remove}
          text={w().removeSure(calledText(home, leaving.account, leaving.name))}
          action={w().remove}
          onNo={() => setLeaving(null)}
          onYes={() => {
            setLeaving(null);
            return task.start(() => run(core, "remove", of.number, leaving.account));
          }}
        />
      )}
    </section>
  );
}

const timers = [0, 3600, 86_400, 604_800, 2_419_200];

function Timer({ of, timer, roles }: { of: Conversation; timer: number; roles: Roles }) {
  const core = useCore();
  const task = useTask();
  const choices = timers.includes(timer) ? timers : [...timers, timer];
  if (!roles.timer_all && !roles.admin)
    return (
      <section class="part">
        <h2>{w().timer}</h2>
        <p>{timer === 0 ? w().timerNever : durationText(timer)}</p>
        <p class="hint">{w().timerAdmins}</p>
      </section>
    );
  return (
    <section class="part">
      <Select
        label={w().timer}
        value={String(timer)}
        onValue={(seconds) => void task.start(() => run(core, "timer", of.number, Number(seconds)))}
        options={choices.map((s) => [String(s), s === 0 ? w().timerNever : durationText(s)])}
      />
      <p class="hint">{w().timerHow}</p>
      {roles.any && roles.admin && (
        <label class="check">
          <input
            type="checkbox"
            checked={roles.timer_all}
            disabled={task.busy}
            onChange={(e) => {
              const all = e.currentTarget.checked;
              void task.start(() => run(core, "timer-all", of.number, all));
            }}
          />
          <span>{w().timerAll}</span>
        </label>
      )}
      <TaskLine task={task} />
    </section>
  );
}

const HOUR = 3_600_000;
const mutes = { off: 0, day: 8 * HOUR, week: 168 * HOUR, ever: -1 } as const;
const FOR_GOOD = "18446744073709551615";

function Quiet({ of }: { of: Conversation }) {
  const core = useCore();
  const task = useTask();
  const mute = (how: keyof typeof mutes) => {
    const until = how === "ever" ? FOR_GOOD : how === "off" ? 0 : Date.now() + mutes[how];
    void task.start(() => core.call("mute", of.number, until));
  };
  return (
    <section class="part">
      <h2>{w().quiet}</h2>
      <div class="buttons">
        {of.muted ? (
          <button type="button" class="button" disabled={task.busy} onClick={() => mute("off")}>
            {w().unmute}
          </button>
        ) : (
          (["day", "week", "ever"] as const).map((how) => (
            <button key={how} type="button" class="button" disabled={task.busy} onClick={() => mute(how)}>
              {w().mute[how]}
            </button>
          ))
        )}
        <button
          type="button"
          class="button"
          disabled={task.busy}
          onClick={() => void task.start(() => core.call("archive", of.number, !of.archived))}
        >
          {of.archived ? w().unarchive : w().putAway}
        </button>
      </div>
      <p class="hint">{w().quietHow}</p>
      <TaskLine task={task} />
    </section>
  );
}

// Until the core has said it, nothing is offered.
const unknown: Roles = { any: true, admin: false, timer_all: true };

export function About({ of }: { of: Conversation }) {
  const core = useCore();
  const home = useHome();
  const task = useTask();
  const [sure, setSure] = useState(false);
  const list = useView<Member[]>((e) => e.type === "conversation" && e.conversation === of.number, "members", of.number);
  const members = useMemo(() => people(list ?? []), [list]);
  const roles =
    useView<Roles>((e) => e.type === "conversation" && e.conversation === of.number, "roles", of.number) ?? unknown;
  const may = of.state === "active";
  const last = roles.admin && members.length > 1 && members.filter((p) => p.admin).length === 1;
  return (
    <View title={w().about} back={() => go("c", of.number)}>
      <div class="person">
        <GroupFace of={of} />
        <p class="person-name">
          <Title of={of} />
        </p>
        {!may && <p class="hint">{w().state[of.state]}</p>}
      </div>
      {members.length > 0 && <Members of={of} members={members} roles={roles} />}
      {may && (!roles.any || roles.admin) && <Rename key={of.name} of={of} />}
      {may && <Timer of={of} timer={of.timer} roles={roles} />}
      {of.state !== "request" && <Quiet of={of} />}
      <section class="part">
        <h2>{w().exportText}</h2>
        <p class="hint">{w().exportHow}</p>
        <button
          type="button"
          class="button"
          disabled={task.busy}
          onClick={() => void task.start(() => exportText(core, home, of))}
        >
          {w().exportText}
        </button>
        <TaskLine task={task} words={w().exporting} />
      </section>
      {may && (
        <section class="part">
          <p class="hint">{w().renewHow}</p>
          <div class="buttons">
            <button type="button" class="button" onClick={() => void task.start(() => run(core, "renew", of.number))}>
              {w().renew}
            </button>
            <button type="button" class="button danger" onClick={() => setSure(true)}>
              {w().leave}
            </button>
          </div>
        </section>
      )}
      {sure && (
        <Sure
          title={w().leave}
          text={last ? `${w().leaveSure} ${w().lastAdmin}` : w().leaveSure}
          action={w().leave}
          onNo={() => setSure(false)}
          onYes={() => {
            setSure(false);
            return task.start(async () => {
              await core.call("leave", of.number);
              go("c", of.number);
            });
          }}
        />
      )}
    </View>
  );
}
