#!/usr/bin/env python3
"""Files between real processes: sent, saved, cut off in the middle on both sides, and never over what is there."""
import concurrent.futures
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, World, acquaint, digest  # noqa: E402

MIB = 1 << 20
WAITING = 128  # files that wait for a listener to save them


def make(path, size):
    with open(path, "wb") as f:
        left = size
        while left > 0:
            left -= f.write(os.urandom(min(left, MIB)))


def file_message(person, conversation):
    """The newest message with a file."""
    answer = person.fine("read", conversation, "--last", "50", "--json")
    return [m for m in answer.of("message") if "file_name" in m][-1]


def kill_in_the_middle(process, ready):
    until = time.monotonic() + 60
    while process.poll() is None and not ready() and time.monotonic() < until:
        time.sleep(0.01)
    cut = process.poll() is None
    process.kill()
    process.wait()
    process.stdout.close()
    process.stderr.close()
    return cut


def small(world, ann, bob, t):
    source, folder = world.folder / "photo.jpg", world.folder / "got"
    folder.mkdir()
    make(source, 100000)
    sent = ann.fine("send", "bob", "--file", str(source), "look", "--json").of("sent")
    m = file_message(bob, "ann")
    t.check("a_message_says_that_it_has_a_file",
            (m["file_name"], m["file_size"], m["file_type"], m["text"], m["shape"]) ==
            ("photo.jpg", 100000, "image/jpeg", "look", "file") and len(sent) == 1, m)
    shown = bob.fine("read", "ann", "--last", "5", "--offline").out
    number = str(m["number"])
    t.check("and_how_to_save_it", f"sotto save {m['conversation']} {number}" in shown, shown)
    saved = bob.fine("save", "ann", number, "--to", str(folder), "--json")
    t.check("it_is_saved_under_its_name",
            digest(folder / "photo.jpg") == digest(source) and
            saved.of("saved")[0]["path"] == str(folder / "photo.jpg") and os.listdir(folder) == ["photo.jpg"],
            saved.out + saved.err)
    (folder / "photo.jpg").write_text("mine")
    again = bob.run("save", "ann", number, "--to", str(folder))
    t.check("nothing_is_overwritten", again.code == 1 and "--force" in again.err and
            (folder / "photo.jpg").read_text() == "mine", again.err)
    bob.fine("save", "ann", number, "--to", str(folder / "photo.jpg"), "--force")
    t.check("unless_that_is_asked_for", digest(folder / "photo.jpg") == digest(source))
    refusals = [ann.run("send", "bob", "--file", str(world.folder / "nothing")),
                ann.run("send", "bob", "--file", str(folder)), bob.run("save", "ann", "1"),
                bob.run("save", "ann", "x"), bob.run("save", "ann", number, "--to", "/nowhere/at/all")]
    t.check("what_can_not_be_done_is_said", [a.code for a in refusals] == [1, 1, 6, 2, 1],
            [(a.code, a.err) for a in refusals])


def tricks(world, ann, bob, t):
    """What others call their files is never a path of ours."""
    folder = world.folder / "tricks"
    folder.mkdir()
    for name in (".bashrc", "a\u202egpj.exe", "-rf", "$(reboot)"):
        source = world.folder / name
        make(source, 10)
        if ann.run("send", "bob", "--file", str(source)).code == 0:
            m = file_message(bob, "ann")
            bob.fine("save", "ann", str(m["number"]), "--to", str(folder))
    names = sorted(os.listdir(folder))
    t.check("names_of_files_are_made_harmless", names == ["_(reboot)", "_rf", "a_gpj.exe", "bashrc"], names)


def full(world, ann, bob, t):
    """A disk that takes all but the last byte: nothing of it is called saved."""
    source, target = world.folder / "full.bin", world.folder / "full.out"
    size = 12 * MIB
    make(source, size)
    ann.fine("send", "bob", "--file", str(source), timeout=200)
    number = str(file_message(bob, "ann")["number"])
    short = bob.start("save", "ann", number, "--to", str(target), restore_signals=False,  # SIGXFSZ stays ignored
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size - 1, size - 1)))
    out, err = short.communicate(timeout=200)
    t.check("what_a_full_disk_did_not_take_is_not_saved",
            short.returncode == 5 and b"full" in err and b"Saved" not in out and not target.exists(),
            (short.returncode, out, err))
    bob.fine("save", "ann", number, "--to", str(target), timeout=200)
    t.check("and_is_when_there_is_room", digest(target) == digest(source) and
            not list(world.folder.glob(".full.out.*")))


def planted(world, ann, bob, t):
    """What others left under the hidden name is not written into, and nothing of it gets into the file."""
    source, folder = world.folder / "plan.txt", world.folder / "shared"
    folder.mkdir()
    source.write_text("the plan")
    ann.fine("send", "bob", "--file", str(source))
    m = file_message(bob, "ann")
    part, mine = folder / f".plan.txt.{m['id'][2:14]}.part", world.folder / "mine"
    mine.write_text("mine")
    part.symlink_to(mine)
    answer = bob.run("save", "ann", str(m["number"]), "--to", str(folder))
    t.check("a_link_in_the_way_is_told", answer.code == 1 and ".part" in answer.err and
            mine.read_text() == "mine" and not (folder / "plan.txt").exists(), answer.err)
    part.unlink()
    part.write_text("what is left of an earlier try that was longer")
    bob.fine("save", "ann", str(m["number"]), "--to", str(folder))
    t.check("nothing_is_left_behind_the_end", (folder / "plan.txt").read_text() == "the plan")


def arriving(world, ann, carl, stranger):
    """A listener that saves what comes, in its own time, and nothing of who only asks."""
    source, folder = world.folder / "arriving.txt", world.folder / "arriving"
    folder.mkdir()
    source.write_text("it came")
    stranger.fine("invite", carl.link(), "--as", "carl")
    stranger.fine("send", "carl", "--file", str(source))
    acquaint(ann, carl)
    listener = carl.start("listen", "--to", str(folder), "--json")
    ann.fine("send", "carl", "--file", str(source))
    return folder, listener


def arrived(folder, listener, carl, t):
    saved = out = None
    while saved is None and (line := listener.stdout.readline()):
        out = json.loads(line)
        saved = out if out["type"] == "saved" else None
    listener.terminate()
    listener.communicate(timeout=20)
    names = os.listdir(folder)
    requests = carl.fine("requests", "--json").of("request")
    t.check("who_listens_with_a_folder_finds_files_there",
            saved is not None and names == [f"{saved['conversation']}-{saved['number']}-arriving.txt"] and
            (folder / names[0]).read_text() == "it came" and len(requests) == 1, (out, names, requests))
    refusals = [carl.run("listen", "--to", str(folder), "--count", "1"),
                carl.run("listen", "--to", str(folder / names[0]))]
    t.check("but_it_has_to_be_a_folder_and_to_stay", [a.code for a in refusals] == [2, 2],
            [(a.code, a.err) for a in refusals])


def many(world, ann, bob, t):
    """More files than a listener takes up, and one that is too large: each that is left is named, the rest at the end.
    """
    sources = [world.folder / f"{i}.txt" for i in range(WAITING + 2)]
    huge, folder = world.folder / "huge", world.folder / "many"
    folder.mkdir()
    for source in sources:
        source.write_text("a")
    make(huge, MIB // 4 + 1)
    holder = ann.start("listen")  # the others' commands go through it, which is quicker
    ann.fine("send", "bob", "--file", str(huge))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda source: ann.fine("send", "bob", "--file", str(source)), sources))
    holder.terminate()
    holder.communicate(timeout=20)
    bob.fine("status")  # which fetches them all
    listener = bob.start("listen", "--to", str(folder), "--most", "1", "--json")
    numbers, saved, errors = [], [], []
    while len(saved) < 6 and (line := listener.stdout.readline()):
        out = json.loads(line)
        numbers += [out["number"]] if "file_name" in out and not out["own"] else []
        saved += [out["number"]] if out.get("type") == "saved" else []
        errors += [out] if "type" not in out else []
    listener.send_signal(signal.SIGINT)
    rest = [json.loads(line) for line in listener.communicate(timeout=20)[0].splitlines()]
    saved += [o["number"] for o in rest if o.get("type") == "saved"]
    errors += [o for o in rest if "type" not in o]

    conversation = file_message(bob, "ann")["conversation"]

    def named(error, numbers):
        texts = [e["text"] for e in errors if e["error"] == error]
        return len(texts) == len(numbers) and all(
            any(f"`sotto save {conversation} {n}`" in text for text in texts) for n in numbers)
    t.check("files_are_taken_up_in_no_order", saved[:6] != sorted(saved[:6]), saved)
    t.check("what_is_too_large_or_one_too_many_is_named",
            named("LIMIT", [numbers[0], *numbers[1 + WAITING:]]) and len(numbers) == WAITING + 3, errors)
    t.check("and_at_the_end_what_was_not_through",
            named("CLOSED", set(numbers[1:1 + WAITING]) - set(saved)) and len(os.listdir(folder)) >= len(saved) and
            listener.returncode == 0, (errors, saved))
    bob.fine("save", "ann", str(numbers[0]), "--to", str(world.folder / "huge.out"))
    t.check("which_is_saved_by_hand", digest(world.folder / "huge.out") == digest(huge))
    source = sources[0]
    source.write_bytes(b"b" * (MIB // 4))
    for _ in range(5):
        ann.fine("send", "bob", "--file", str(source))
    bob.fine("status")
    listener = bob.start("listen", "--to", str(folder), "--most", "1", "--json")
    shown = 0
    while shown < 5 and (line := listener.stdout.readline()):
        shown += "file_name" in json.loads(line)
    listener.send_signal(signal.SIGINT)
    errors = [o for line in listener.communicate(timeout=20)[0].splitlines()
              if "type" not in (o := json.loads(line))]
    t.check("no_more_than_most_is_taken_up", [e["error"] for e in errors].count("LIMIT") == 1, errors)
    refused = bob.run("listen", "--most", "1")
    t.check("most_goes_with_a_folder", refused.code == 2 and "--to" in refused.err, refused.err)


def large(world, ann, bob, t):
    source, target = world.folder / "large.bin", world.folder / "large.out"
    make(source, 64 * MIB)
    started = ann.start("send", "bob", "--file", str(source), "--json")
    lines = []
    os.set_blocking(started.stdout.fileno(), False)

    def far():
        lines.append(started.stdout.read() or b"")
        return b"".join(lines).count(b"progress") >= 3
    t.check("an_upload_is_killed_in_the_middle", kill_in_the_middle(started, far))
    answer = ann.fine("send", "bob", "--file", str(source), "--json", timeout=200)
    first = [p["done"] for p in answer.of("progress")][:1]
    t.check("and_goes_on_where_it_was", first and first[0] > MIB and
            len(answer.of("sent")) == 1, answer.out[:300])
    m = file_message(bob, "ann")
    number = str(m["number"])

    def grown():
        parts = list(world.folder.glob(".large.out.*.part"))
        return parts and parts[0].stat().st_size > 8 * MIB
    t.check("a_download_is_killed_in_the_middle",
            kill_in_the_middle(bob.start("save", "ann", number, "--to", str(target)), grown))
    t.check("and_leaves_nothing_that_looks_whole", not target.exists())
    answer = bob.fine("save", "ann", number, "--to", str(target), "--json", timeout=200)
    t.check("and_goes_on_too", target.exists() and digest(target) == digest(source) and
            not list(world.folder.glob(".large.out.*")), answer.out[:300])


def main():
    t = Tap()
    with World() as world:
        ann, bob, carl, dan = (world.person(name) for name in ("ann", "bob", "carl", "dan"))
        acquaint(ann, bob)
        ann.fine("send", "bob", "hello")
        bob.fine("read")
        bob.run("accept", "ann")
        folder, listener = arriving(world, ann, carl, dan)
        small(world, ann, bob, t)
        tricks(world, ann, bob, t)
        planted(world, ann, bob, t)
        full(world, ann, bob, t)
        large(world, ann, bob, t)
        many(world, ann, bob, t)
        arrived(folder, listener, carl, t)
    return t.end()


sys.exit(main())
