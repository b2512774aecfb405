#!/usr/bin/env python3
"""kill -9 of server and clients at random moments under load: crash_test.py [--kills N] [--seed N].

Four people, two of them over TCP and two over WebSocket, send into one group as fast as they can,
two of them with a `listen` that their sends work through. At random moments the whole server, one of
its processes, or a client is killed. Afterwards what was sent is in every history exactly once.
Prints TAP.
"""
import argparse
import collections
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, Unexpected, World, acquaint, kill  # noqa: E402

GROUP = "crash"
SETTLE_SECONDS = 90


class Load:
    """One person who sends until told to stop, up to `pause` seconds apart; whatever process it has may be killed."""

    def __init__(self, person, listens, seed, pause=0.15):
        self.person, self.listens, self.random, self.pause = person, listens, random.Random(seed), pause
        self.sent, self.tried, self.codes = [], 0, collections.Counter()
        self.sending = self.listener = None
        self.problem = None
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.work, daemon=True)

    def work(self):
        try:
            while not self.stop.is_set():
                self.keep_listening()
                self.send()
                self.stop.wait(self.random.uniform(0, self.pause))
        except Exception as problem:  # told to the main thread, which ends the test
            self.problem = problem

    def keep_listening(self):
        if not self.listens or (self.listener and self.listener.poll() is None):
            return
        self.listener = self.person.start("listen", "--json", stdout=subprocess.DEVNULL,
                                          stderr=subprocess.DEVNULL)

    def send(self):
        self.tried += 1
        text = f"{self.person.name} {self.tried}"
        self.sending = self.person.start("send", GROUP, text, "--json", "--timeout", "10")
        out, err = self.sending.communicate(timeout=60)
        code, self.sending = self.sending.returncode, None
        self.codes[code] += 1
        seen = [o for o in map(parse, out.decode().splitlines()) if o.get("type") == "sent"]
        if code == 0 or seen:
            self.sent.append(text)
        elif code not in (-9, 1, 3):
            raise Unexpected(f"{text}: {code} {out.decode()} {err.decode()}")

    def kill(self):
        victims = [p for p in (self.sending, self.listener) if p and p.poll() is None]
        if victims:
            kill(self.random.choice(victims).pid)
        return bool(victims)

    def finish(self):
        self.stop.set()
        self.thread.join(90)
        if self.listener:
            if self.listener.poll() is None:
                self.listener.terminate()
            self.listener.wait(30)
        if self.problem:
            raise self.problem


def parse(line):
    """A killed process may leave half a line."""
    try:
        return json.loads(line)
    except ValueError:
        return {}


def strike(world, loads, rng):
    """One kill; says what was hit."""
    how = rng.random()
    if how < 0.4:
        world.server.kill()
        time.sleep(rng.uniform(0, 0.3))
        world.server.start()
        return "server"
    children = world.server.children()
    if how < 0.55 and children:
        kill(rng.choice(children))
        return "part of the server"
    rng.choice(loads).kill()
    return "client"


def make(world):
    people = [world.person("ann"), world.person("ben", websocket=True),
              world.person("cem", websocket=True), world.person("dora")]
    for other in people[1:]:
        acquaint(people[0], other)
    people[0].fine("new", *[p.name for p in people[1:]], "--title", GROUP)
    for p in people:
        p.fine("read")
    return people


def rampage(world, people, kills, rng):
    loads = [Load(p, i < 2, rng.random()) for i, p in enumerate(people)]
    struck = collections.Counter()
    for load in loads:
        load.thread.start()
    try:
        for _ in range(kills):
            time.sleep(rng.uniform(0.2, 1.5))
            struck[strike(world, loads, rng)] += 1
            problem = next((load.problem for load in loads if load.problem), None)
            if problem:
                raise problem
    finally:
        for load in loads:
            load.stop.set()
    for load in loads:
        load.finish()
    return loads, struck


def settle(people):
    """Until nothing waits anywhere and all have the same; True if it came to that."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        waits = 0
        for p in people:
            p.run("listen", "--until-idle", "1", "--json")
            status = p.fine("status", "--offline", "--json").of("status")[0]
            waits += status["outbox"] + status["waiting"]
        texts = [sorted(t for t, _, _ in p.history(GROUP)) for p in people]
        if waits == 0 and all(t == texts[0] for t in texts):
            return True
    return False


def differences(people, sent):
    """What is wrong in any history, in words."""
    all_texts = set()
    counts = {}
    for p in people:
        counts[p.name] = collections.Counter(t for t, _, _ in p.history(GROUP))
        all_texts |= set(counts[p.name])
    for name, count in counts.items():
        for text in sorted(sent):
            if count[text] != 1:
                yield f"sent: {name} has \"{text}\" {count[text]} times"
        for text in sorted(all_texts):
            if text not in sent and count[text] != 1:
                yield f"unsure: {name} has \"{text}\" {count[text]} times"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng, tap = random.Random(options.seed), Tap()
    print(f"# seed {options.seed}")
    with World() as world:
        people = make(world)
        began = time.monotonic()
        loads, struck = rampage(world, people, options.kills, rng)
        sent = {text for load in loads for text in load.sent}
        tried = sum(load.tried for load in loads)
        codes = sum((load.codes for load in loads), collections.Counter())
        print(f"# {options.kills} kills in {time.monotonic() - began:.0f} s: {dict(struck)}")
        print(f"# {tried} sends, {len(sent)} seen as sent; exit codes {dict(codes)}")
        settled = settle(people)
        wrong = list(differences(people, sent))
        states = [(p.name, t, s) for p in people for t, s, own in p.history(GROUP)
                  if own and s != "sent"]
        aside = [(p.name, q) for p in people
                 for q in p.fine("status", "--offline", "--json").of("quarantined")]
        tap.check("people_went_on_sending_all_the_time", len(sent) >= options.kills,
                  f"{len(sent)} of {tried}")
        tap.check("nothing_waits_when_all_is_quiet", settled)
        tap.check("what_was_sent_is_in_every_history_exactly_once", not wrong,
                  "\n".join(wrong[:40]))
        tap.check("nobody_s_own_message_is_left_unsent", not states, "\n".join(map(str, states[:20])))
        tap.check("nothing_had_to_be_put_aside", not aside, "\n".join(map(str, aside[:20])))
        tap.check("the_server_stops_cleanly", world.server.stop() == 0)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
