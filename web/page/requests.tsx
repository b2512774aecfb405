// Somebody who is no contact asks: who, with what, and the three answers.

import { useMemo, useState } from "preact/hooks";
import type { Conversation, Member, Message } from "../core/types";
import { Digits, Face, Field, Name, Sure, TaskLine, View } from "./parts";
import { calledText, clean, go, useCore, useHome, useTask, useView } from "./state";
import { shortTime, w } from "./words";

export function Requests() {
  const home = useHome();
  const asking = home.conversations.filter((c) => c.state === "request");
  return (
    <View title={w().requests} back={() => go("chats")}>
      {asking.length === 0 ? (
        <p class="empty">{w().noRequests}</p>
      ) : (
        <ul class="rows">
          {asking.map((c) => (
            <li key={c.number}>
              <a class="row" href={`#/c/${c.number}`}>
                <Face account={c.inviter} name={c.with === c.inviter ? c.with_name : ""} />
                <span class="row-text">
                  <span class="row-top">
                    <span class="row-title">
                      <Name account={c.inviter} name={c.with === c.inviter ? c.with_name : ""} />
                    </span>
                    {c.last && <time>{shortTime(c.last.time)}</time>}
                  </span>
                  <span class="row-bottom">
                    <span class="row-line">{c.with !== "" ? w().asks : w().asksToJoin(clean(c.name))}</span>
                  </span>
                </span>
              </a>
            </li>
          ))}
        </ul>
      )}
    </View>
  );
}

export function RequestView({ of }: { of: Conversation }) {
  const core = useCore();
  const home = useHome();
  const task = useTask();
  const members = useView<Member[]>((e) => e.type === "conversation", "members", of.number) ?? [];
  const said = useView<Message[]>((e) => e.type === "message" || e.type === "changed", "messages", of.number, 1, 20) ?? [];
  const asker = members.find((m) => m.account === of.inviter);
  const safety = useView<{ digits: string }>(() => false, "safety", asker?.identity ?? "");
  const [petname, setPetname] = useState("");
  const [sure, setSure] = useState<"" | "decline" | "block">("");
  const name = asker?.name ?? "";
  const others = useMemo(
    () => [...new Map(members.filter((m) => !m.us && m.account !== of.inviter).map((m) => [m.account, m])).values()],
    [members],
  );
  const answer = (call: string, ...args: (string | number)[]) =>
    task.start(async () => {
      await core.call(call, ...args);
      go("chats");
    });
  return (
    <View title={w().requests} back={() => go("requests")}>
      <div class="person">
        <Face account={of.inviter} name={name} conversation={of.number} />
        <p class="person-name">
          <Name account={of.inviter} name={name} />
        </p>
        <p>{of.with !== "" ? w().asks : w().asksToJoin(`\u2068${clean(of.name)}\u2069`)}</p>
      </div>
      <section class="part">
        {said
          .filter((m) => m.kind === "content" && m.text !== "")
          .map((m) => (
            <blockquote key={m.number} dir="auto">
              {m.text}
            </blockquote>
          ))}
        {others.length > 0 && (
          <>
            <h2>{w().members}</h2>
            <ul class="items">
              {others.map((m) => (
                <li key={m.account}>
                  <Name account={m.account} name={m.name} />
                </li>
              ))}
            </ul>
          </>
        )}
        <p class="hint">{w().requestHow}</p>
      </section>
      {safety !== undefined && (
        <section class="part">
          <h2>{w().safety}</h2>
          <p>{w().compareFirst}</p>
          <Digits digits={safety.digits} />
        </section>
      )}
      <form
        class="part"
        onSubmit={(e) => {
          e.preventDefault();
          void task.start(async () => {
            await core.call("accept", of.number, petname.trim());
            go("c", of.number);
          });
        }}
      >
        <Field
          label={`${w().petname} (${w().optional})`}
          hint={w().petnameHint}
          value={petname}
          onValue={setPetname}
          maxLength={64}
        />
        <TaskLine task={task} />
        <div class="buttons">
          <button type="button" class="button danger" onClick={() => setSure("block")}>
            {w().block}
          </button>
          <button type="button" class="button" onClick={() => setSure("decline")}>
            {w().decline}
          </button>
          <button class="button main" disabled={task.busy}>
            {w().accept}
          </button>
        </div>
      </form>
      {sure !== "" && (
        <Sure
          title={w()[sure]}
          text={sure === "block" ? w().blockSure(calledText(home, of.inviter, name)) : w().declineSure}
          action={w()[sure]}
          onNo={() => setSure("")}
          onYes={() => {
            setSure("");
            return sure === "block" ? answer("block", of.inviter) : answer("decline", of.number);
          }}
        />
      )}
    </View>
  );
}
