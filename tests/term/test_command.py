#!/usr/bin/env python3
"""The sotto command on real processes: what a person reads, what a bot reads, exit codes. TAP."""
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import ROOT, SOTTO, Person, Server, Tap, World, acquaint  # noqa: E402

EVIL = "red \x1b[31m \u202e \u009b31m"


def talk(world, tap):
    """Two people from nothing to a conversation. Returns them."""
    ann, ben = world.person("ann"), world.person("ben", websocket=True)
    acquaint(ann, ben)
    sent = ann.fine("send", "ben", "Hällo", "Ben", "--json").of("sent")
    tap.check("send_makes_a_conversation_with_a_contact", len(sent) == 1 and sent[0]["refused"] == 0)
    got = ben.fine("read", "--json").of("message")
    tap.check("read_fetches_and_shows", [m["text"] for m in got if m["kind"] == "content"] == ["Hällo Ben"])
    again = ben.fine("read", "--json").of("message")
    tap.check("what_was_read_is_not_shown_again", again == [], again)
    last = ben.fine("read", "ann", "--last", "1", "--json").of("message")
    tap.check("read_last_shows_it_again", [m["text"] for m in last] == ["Hällo Ben"], last)
    first = ann.fine("send", "ben", "again", "--json").of("sent")[0]["conversation"]
    tap.check("a_second_send_uses_the_same_conversation", first == sent[0]["conversation"])
    ben.fine("read")
    return ann, ben


def search(ann, ben, tap):
    """What was said is found, and nothing else is."""
    ben.fine("send", "ann", "Der Fluß im Nebel")
    for i in range(25):
        ann.fine("send", "ben", f"fog number {i}")
    ben.fine("read")
    lines = ben.fine("search", "NEBEL", "fluß").out.splitlines()
    tap.check("search_finds_words_in_any_order", len(lines) == 1 and lines[0].endswith("Der Fluß im Nebel") and
              "[ann] " in lines[0], lines)
    got = ben.fine("search", "--in", "ann", "--json", "fog").of("message")
    tap.check("search_shows_the_last_twenty", [m["text"] for m in got] == [f"fog number {i}" for i in range(5, 25)], got)
    got = ben.fine("search", "--last", "1", "--json", "fog", "number").of("message")
    tap.check("or_as_many_as_one_says", [m["text"] for m in got] == ["fog number 24"], got)
    tap.check("search_says_that_nothing_was_found", ben.fine("search", "fog", "fluß").out == "Nothing found.\n")
    codes = [ben.run("search").code, ben.run("search", " ").code, ben.run("search", "--in", "nobody", "x").code]
    tap.check("nothing_to_search_is_refused", codes == [2, 2, 6], codes)


def quiet(ann, ben, tap):
    """What is muted and put away."""
    shown = ben.fine("archive", "ann").out
    tap.check("archive_says_what_it_did", shown.endswith(", archived\n"), shown)
    shown = ben.fine("mute", "ann", "8h").out
    tap.check("mute_too", ", muted, archived\n" in shown, shown)
    ann.fine("send", "ben", "anybody there?")
    [shown] = ben.fine("status", "ann", "--json").of("conversation")
    tap.check("what_is_muted_stays_away", shown["archived"] and shown["muted"] and shown["muted_until"] > 0, shown)
    ben.fine("mute", "ann", "off")
    ann.fine("send", "ben", "hello?")
    [shown] = ben.fine("status", "ann", "--json").of("conversation")
    tap.check("else_it_comes_back", not shown["archived"] and not shown["muted"] and "muted_until" not in shown, shown)
    codes = [ben.run("mute", "ann", "soon").code, ben.run("mute", "nobody").code, ben.run("archive").code]
    tap.check("what_can_t_be_muted_is_refused", codes == [2, 6, 2], codes)
    ben.fine("read")


def texts(ann, ben, tap):
    ben_text = "two\nlines"
    ann.fine("send", "ben", text=ben_text.encode())
    shown = ben.fine("read").out
    tap.check("a_message_of_two_lines_can_t_pass_for_two_messages",
              "ann: two\n" in shown and "\n                  | lines" in shown, shown)
    bad = [ann.run("send", "ben", text=b).code for b in (b"\xff\xfe", b"a\0b", b"\x1b[2J", b"")]
    tap.check("what_is_not_text_is_refused", bad == [2, 2, 2, 2], bad)
    long = "x" * 262144
    code = ann.run("send", "ben", text=long.encode()).code
    got = ben.fine("read", "--json").of("message")
    tap.check("a_message_of_256_KiB_arrives", code == 0 and [m["text"] for m in got] == [long],
              f"{code} {[len(m.get('text', '')) for m in got]}")
    tap.check("a_longer_one_is_refused", ann.run("send", "ben", text=(long + "x").encode()).code == 2)
    # A name is text too, and C1 and direction marks are valid UTF-8: they come through and are shown.
    ann.fine("send", "ben", "evil \u202e\u009b31m")
    shown = ben.fine("read").out
    tap.check("what_a_terminal_might_obey_is_never_written_raw",
              "\\u202e\\x9b31m" in shown and "\u202e" not in shown and "\u009b" not in shown, shown)


def roles(ann, ben, cem, tap):
    listed = ann.fine("role", "Trio").out
    tap.check("the_two_of_a_conversation_become_administrators_when_a_third_comes",
              listed.count("administrator") == 2 and "you, administrator" in listed, listed)
    refused = [cem.run(*w) for w in (["add", "1", "ann"], ["remove", "1", "ann"],
                                     ["role", "1", "you", "administrator"],
                                     ["timer", "1", "administrators"])]
    tap.check("others_are_told_that_they_may_not",
              all(r.code == 4 and "only administrators" in r.err for r in refused),
              [(r.code, r.err) for r in refused])
    ann.fine("role", "Trio", "ben", "member")
    last = ann.run("role", "Trio", "you", "member")
    tap.check("the_last_administrator_stays_one", last.code == 4 and "last administrator" in last.err, last.err)
    told = ben.fine("read").out
    tap.check("who_is_none_any_more_is_told", "* ann made a member again: you" in told, told)
    ann.fine("timer", "Trio", "administrators")
    ben.fine("read")
    refused = ben.run("timer", "Trio", "1h")
    tap.check("administrators_keep_the_timer", refused.code == 4 and "only administrators" in refused.err,
              refused.err)
    members = ben.fine("role", "Trio", "--json").of("member")
    tap.check("programs_see_roles", sorted(m["administrator"] for m in members) == [False, False, True], members)
    ann.fine("role", "Trio", "ben", "administrator")
    told = ben.fine("read").out
    tap.check("who_becomes_one_is_told", "* ann made an administrator: you" in told, told)


def group(world, ann, ben, tap):
    cem = world.person("cem")
    acquaint(ann, cem)
    number = ann.fine("new", "ben", "--title", "Trio").out.strip()
    ann.fine("add", "Trio", "cem")
    cem.fine("read")
    cem.fine("send", "Trio", "hi all")
    got = ben.fine("read", "Trio", "--last", "1", "--json").of("message")
    tap.check("a_member_added_later_is_heard", number.isdigit() and got[0]["text"] == "hi all", got)
    tap.check("adding_twice_fails", ann.run("add", "Trio", "cem").code == 1)
    roles(ann, ben, cem, tap)
    ann.fine("remove", "Trio", "cem")
    cem.fine("read")
    state = [c["state"] for c in cem.fine("status", "--json").of("conversation")]
    tap.check("a_removed_member_knows", state == ["removed"], state)
    tap.check("a_removed_member_can_t_send", cem.run("send", "1", "hm").code == 1)
    renewed = ben.fine("renew", "Trio").out
    ann.fine("send", "Trio", "by the new address")
    got = [m["text"] for m in ben.fine("read", "Trio", "--json").of("message") if m["kind"] == "content"]
    tap.check("who_renewed_its_address_is_still_reached",
              renewed == "Renewed.\n" and got[-1:] == ["by the new address"], f"{renewed} {got}")
    tap.check("renew_needs_a_conversation", ben.run("renew", "nothing").code == 6)
    ben.fine("leave", "Trio")
    tap.check("who_is_out_has_no_address_to_renew", ben.run("renew", "Trio").code == 1)
    ann.fine("read")
    ben.fine("read")
    state = {c["name"]: c["state"] for c in ben.fine("status", "--json").of("conversation")}
    tap.check("who_leaves_is_out_when_another_was_there", state.get("Trio") == "left", state)


def again(ann, ben, tap):
    """What was said is corrected, reacted to, answered and withdrawn."""
    def number(who, text):
        shown = who.fine("read", "--last", "9", "--json").of("message")
        return str([m["number"] for m in shown if m.get("text") == text][-1])

    ann.fine("send", "ben", "see you at foor")
    ann.fine("edit", "ben", number(ann, "see you at foor"), "see you", "at four")
    shown = ben.fine("read").out
    told = ben.fine("read", "--last", "2", "--json").of("message")
    tap.check("a_correction_is_shown_in_place_of_the_message",
              "ann: see you at four  (edited)\n" in shown and "foor" not in shown and told[0]["edited"], shown)
    theirs = str(told[0]["number"])
    ben.fine("react", "ann", theirs, "fine")
    ben.fine("send", "ann", "--reply", theirs, "I'll be there")
    shown = ann.fine("read", "ben", "--last", "4", "--numbers").out
    got = ann.fine("read", "ben", "--last", "4", "--json").of("message")
    tap.check("a_reaction_stands_beside_the_message", "at four  (edited)  [ben: fine]" in shown, shown)
    tap.check("a_reply_says_what_it_answers", got[-1]["in_reply_to"] == told[0]["id"], got)
    tap.check("a_reaction_says_by_number_what_it_is_about",
              f"ben reacts (of message {got[0]['number']}): fine" in shown, shown)
    codes = [ben.run(*words).code for words in (
        ("edit", "ann", theirs, "no"), ("delete", "ann", theirs), ("delete", "ann", "999"))]
    tap.check("nobody_changes_what_others_said", codes == [1, 1, 6], codes)
    ben.fine("react", "ann", theirs, "--off")
    shown = ann.fine("read", "ben", "--last", "4").out
    tap.check("a_reaction_is_taken_back", "fine" not in shown, shown)
    ann.fine("delete", "ben", str(got[0]["number"]))
    shown = ben.fine("read", "ann", "--last", "6").out
    tap.check("what_is_withdrawn_is_gone", "four" not in shown and "ann has withdrawn what was here\n" in shown, shown)
    tap.check("what_is_gone_is_not_corrected", ann.run("edit", "ben", str(got[0]["number"]), "x").code == 1)


def timer(ann, ben, tap):
    shown = ann.fine("timer", "ben").out
    tap.check("messages_go_after_a_week_where_nobody_said_so", shown == "Messages go after a week.\n", shown)
    shown = ann.fine("timer", "ben", "2s").out
    ann.fine("send", "ben", "gone soon")
    time.sleep(2)  # the second person's clock is this one's, and sees it late: for as long as the timer is
    told = ben.fine("read").out
    tap.check("the_timer_is_set_for_all", shown == "Messages go after 2 seconds.\n" and
              "* ann set the timer: messages go after 2 seconds\n" in told and "gone soon" in told, told)
    time.sleep(2.5)
    left = [p.fine("read", "--last", "5", "--offline").out for p in (ann, ben)]
    tap.check("what_was_said_is_gone_at_its_time", not any("gone soon" in out for out in left), left)
    codes = [ann.run("timer", "ben", word).code for word in ("5", "2y", "400d", "0s", "-1s", "xs")]
    tap.check("what_is_no_time_is_refused", codes == [2] * 6, codes)
    ann.fine("timer", "ben", "off")
    ben.fine("read")
    shown = ben.fine("timer", "ann").out
    tap.check("the_timer_is_ended_for_all", shown == "Messages stay.\n", shown)


def bot(ann, ben, tap):
    """listen holds the home; other commands work through it."""
    listener = ben.start("listen", "--json", "--count", "2", "--until-idle", "20")
    until = time.monotonic() + 10
    while not (ben.home / "control.sock").exists() and time.monotonic() < until:
        time.sleep(0.02)
    mode = (ben.home / "control.sock").stat().st_mode & 0o777
    status = ben.fine("status", "--json").of("status")
    answer = ben.run("send", "ann", "from the bot", "--json")
    busy = ben.run("chat", "ann")
    ann.fine("send", "ben", "one")
    ann.fine("send", "ben", "two \"quoted\" \\ ")
    out, _ = listener.communicate(timeout=40)
    lines = [json.loads(line) for line in out.decode().splitlines()]
    got = [m["text"] for m in lines if m["type"] == "message" and not m["own"] and "text" in m]
    tap.check("the_control_socket_is_the_owner_s_alone", mode == 0o600, oct(mode))
    tap.check("status_works_while_listening", len(status) == 1)
    tap.check("send_works_while_listening", answer.code == 0 and len(answer.of("sent")) == 1, answer.out)
    tap.check("chat_can_t_be_handed_over", busy.code == 5, busy.err)
    tap.check("listen_prints_what_comes_and_ends_after_count",
              listener.returncode == 0 and got == ["one", "two \"quoted\" \\ "], got)
    tap.check("listen_leaves_no_socket_behind", not (ben.home / "control.sock").exists())
    several = [ann.start("send", "ben", f"at once {i}") for i in range(4)]
    for p in several:
        p.communicate(timeout=60)
    codes = [p.returncode for p in several]
    tap.check("commands_at_once_wait_for_each_other", codes == [0] * 4, codes)
    ben.fine("read")


def chat(ann, ben, tap):
    done = ann.run("chat", "ben", text="first\n//slash\n/who\nlast without an end".encode())
    got = [m["text"] for m in ben.fine("read", "--json").of("message")]
    tap.check("chat_sends_each_line_and_ends_when_all_is_sent",
              done.code == 0 and got == ["first", "/slash", "last without an end"], f"{got} {done.err}")
    tap.check("chat_lists_members", "you, ben" in done.out, done.out)
    listener = ben.start("listen")
    time.sleep(0.5)
    listener.send_signal(signal.SIGINT)
    tap.check("ctrl_c_ends_listen_with_0", listener.wait(20) == 0)


def links(dan, ben, tap):
    link = ben.link()
    start = link.index("#") + 1

    def other(i):
        return link[:i] + ("b" if link[i] == "a" else "a") + link[i + 1:]
    # The server's key (52 characters) comes first, then the name, the signed list of devices, the address,
    # and the signature over all.
    damaged = {
        "another kind of link": (link.replace("contact", "join"), 2), "cut short": (link[:-9], 2),
        "half of it": (link[:len(link) // 2], 2), "nothing but the server": (link[:start], 2),
        "too long": (link + "aa", 2),
        "a space within": (link[:start + 9] + " " + link[start + 9:], 2),
        "not base32": (link[:start + 9] + "0" + link[start + 10:], 2),
        "server's key": (other(start + 3), 4), "identity key": (other(start + 80), 4),
        "list's signature": (other(start + 250), 4), "address": (other(len(link) - 130), 4),
        "place of the server": (other(start - 2), 4), "signature": (other(len(link) - 20), 4)}
    wrong = []
    for what, (text, code) in damaged.items():
        done = dan.run("invite", text)
        if done.code != code or done.out != "":
            wrong.append(f"{what}: {done.code} {done.out}{done.err}")
    tap.check("a_damaged_contact_link_is_refused", wrong == [], "\n".join(wrong))
    tap.check("no_damaged_link_makes_a_contact", dan.fine("contacts", "--json").objects == [])
    dan.fine("invite", link)
    fine = dan.run("send", "Ben", "hi")
    asked = ben.fine("requests", "--json").of("request")
    ben.fine("accept", str(asked[0]["conversation"]))
    got = [m["text"] for m in ben.fine("read", "--json").of("message") if m["kind"] == "content"]
    tap.check("the_link_as_it_was_given_makes_one", fine.code == 0 and got == ["hi"], f"{fine.err} {got}")


def faults(world, ann, ben, tap):
    dan, code = Person(world.folder, "dan"), world.server.invite()
    wrong = dan.run("init", code[:-6] + "aaaaaa")
    tap.check("a_wrong_invite_is_refused_in_words", wrong.code == 4 and "invite is not valid" in wrong.err,
              wrong.err)
    no_link = Person(world.folder, "eve").run("init", "sotto:join:nonsense", "--json")
    tap.check("a_wrong_link_is_a_usage_error", no_link.code == 2 and no_link.objects[0]["error"], no_link.out)
    fine = dan.run("init", code)
    tap.check("after_a_wrong_invite_a_good_one_works", fine.code == 0, fine.err)
    eve = Person(world.folder, "eve2").run("init", code, "--json")
    tap.check("an_invite_used_twice_is_refused",
              eve.code == 4 and eve.objects[-1].get("reason") == "INVITE", eve.out)
    own = ann.run("invite", ann.link())
    tap.check("one_s_own_link_is_refused", own.code == 4, own.err)
    links(dan, ben, tap)
    nobody = ann.run("send", "nobody", "hi", "--json")
    tap.check("an_unknown_name_has_its_own_code",
              nobody.code == 6 and nobody.objects[0]["error"] == "NOT_FOUND", nobody.out)


def passphrases(world, tap):
    eve = Person(world.folder, "eve3")
    secret, other = world.folder / "secret", world.folder / "other"
    secret.write_text("correct horse\n")
    other.write_text("wrong\n")

    def run(file, *args):
        return subprocess.run([SOTTO, "--home", str(eve.home), "--passphrase-file", str(file), *args],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)
    made = run(secret, "init", world.server.invite(), "--name", "Evelyn Clear")
    wrong, right = run(other, "status", "--offline"), run(secret, "status", "--offline")
    without = eve.run("status", "--offline")
    tap.check("a_wrong_passphrase_is_refused_in_words",
              made.returncode == 0 and wrong.returncode == 4 and "passphrase" in wrong.stderr, wrong.stderr)
    tap.check("the_right_one_opens_the_home_after_it", right.returncode == 0, right.stderr)
    tap.check("no_passphrase_for_a_home_that_has_one_is_refused",
              without.code == 4 and "--no-passphrase" in without.err, without.err)
    disk = b"".join(f.read_bytes() for f in eve.home.iterdir() if f.is_file())
    tap.check("nothing_of_the_account_is_in_clear_on_the_disk",
              b"Evelyn Clear" not in disk and b"127.0.0.1" not in disk)
    typed = on_terminal(eve.home, "correct horse", "status", "--offline")
    tap.check("the_passphrase_is_asked_on_the_terminal_and_not_shown",
              "account:" in typed and "correct horse" not in typed, typed)


def deletion(world, tap):
    zoe = Person(world.folder, "zoe")
    zoe.fine("init", world.server.invite(), "--name", "Zoe")
    account = zoe.fine("status", "--json").of("status")[0]["account"]
    wrong, short = zoe.run("delete-account", "0" * 8), zoe.run("delete-account", account[:4])
    tap.check("an_account_is_deleted_only_by_its_id",
              (wrong.code, short.code) == (2, 2) and zoe.run("record").code == 0, wrong.err + short.err)
    gone, after = zoe.run("delete-account", account[:8]), zoe.run("record")
    tap.check("a_deleted_account_is_gone_and_says_so",
              gone.code == 0 and after.code == 4 and "was deleted" in after.err and
              zoe.run("status", "--offline").code == 0, gone.err + after.err)


def on_terminal(home, secret, *args):
    """Types the secret when asked for it; returns all that the terminal showed."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(SOTTO, [SOTTO, "--home", str(home), *args])
    shown, typed = b"", False
    try:
        while chunk := os.read(fd, 4096):
            shown += chunk
            if not typed and b"Passphrase:" in shown:
                typed = True
                os.write(fd, secret.encode() + b"\n")
    except OSError:
        pass
    os.waitpid(pid, 0)
    return shown.decode(errors="replace")


def stores(world, ann, tap):
    def full():
        # Python ignores SIGXFSZ, and so does what it starts: writing fails instead.
        # Too little for the message itself: had it fitted, it would wait in the outbox.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))
    before = len(ann.history("ben"))
    text = "x" * 200000
    done = ann.start("send", "ben", "-", "--json", stdin=subprocess.PIPE, preexec_fn=full,
                     restore_signals=False)
    out, err = done.communicate(text.encode(), timeout=60)
    told = out.decode() + err.decode()
    tap.check("a_full_disk_is_told_in_words", done.returncode == 5 and "DISK_FULL" in told, told)
    fine = ann.run("send", "ben", "there is room again")
    tap.check("with_room_again_everything_goes_on",
              fine.code == 0 and len(ann.history("ben")) == before + 1, fine.err)
    copy = Person(world.folder, "copy")
    copy.home.mkdir()
    store = bytearray((ann.home / "store.db").read_bytes())
    for i in range(4096, len(store), 97):
        store[i] ^= 0x55
    (copy.home / "store.db").write_bytes(store)
    damaged = copy.run("status", "--offline", "--json")
    tap.check("a_damaged_store_is_told_in_words",
              damaged.code in (4, 5) and damaged.objects[0]["error"] in ("DAMAGED", "PASSPHRASE"),
              damaged.out + damaged.err)
    tap.check("a_damaged_store_is_left_as_it_is", (copy.home / "store.db").read_bytes() == store)
    missing = Person(world.folder, "nowhere").run("status")
    tap.check("a_home_that_is_not_there_says_how_to_make_one",
              missing.code == 1 and "sotto init" in missing.err, missing.err)


def away(world, ann, ben, tap):
    world.server.stop()
    sent = ann.run("send", "ben", "kept", "--timeout", "1", "--json")
    tap.check("a_server_that_is_away_has_its_own_code",
              sent.code == 3 and sent.objects[0]["error"] == "TIMEOUT", sent.out)
    read = ben.run("read", "ann", "--last", "1", "--timeout", "1")
    tap.check("read_shows_what_is_here_without_a_server", read.code == 3 and "ann: " in read.out,
              read.out + read.err)
    # Somebody else's server where ours was: the invite pinned another key.
    (world.folder / "b").mkdir()
    false = Server(world.folder / "b")
    false.listen = world.server.listen
    false.start()
    answer = ann.run("status", "--json")
    human = ann.run("read")
    false.stop()
    tap.check("another_server_s_key_is_called_what_it_may_be",
              answer.code == 4 and answer.objects[0]["error"] == "IDENTITY" and "attack" in human.err,
              answer.out + human.err)
    world.server.start()
    ann.fine("read")
    got = [m["text"] for m in ben.fine("read", "--json").of("message")]
    tap.check("what_was_kept_goes_out_when_the_server_is_back", "kept" in got, got)


def records(ann, ben, tap):
    record = ann.fine("record", "--json").of("record")[0]
    tap.check("the_record_has_what_the_design_names_and_no_more",
              set(record) == {"type", "exists", "created_week", "created", "seen_week", "seen",
                              "devices", "items", "bytes", "beside", "beside_is"} and record["devices"] == 1, record)
    words, page = record["beside_is"], (ROOT / "docs/WHAT-WE-HOLD.md").read_text()
    tap.check("what_is_beside_it_is_named_everywhere_in_the_same_words",
              words == "held, sealed, not readable by us" and f"*{words}*" in page and
              f"{words}: {record['beside']}" in ann.fine("record").out, record)
    held = {h["kind"]: h for h in ann.fine("record", "--json").of("held")}
    tap.check("what_leads_to_the_account_is_counted",
              held["key packages"]["count"] > 1 and held["key packages"]["bytes"] > 1000, held)
    a = ann.fine("verify", "ben", "--json").of("safety_number")[0]
    b = ben.fine("verify", "ann", "--json").of("safety_number")[0]
    tap.check("both_see_the_same_sixty_digits", a["digits"] == b["digits"] and len(a["digits"]) == 60)
    ann.fine("verify", "ben", "--done")
    contact = ann.fine("contacts", "--offline", "--json").of("contact")[0]
    tap.check("a_verified_contact_is_marked", contact["verified"], contact)
    usage = [ann.run(*w).code for w in (["frobnicate"], ["read", "--nope"], ["add", "1"], [])]
    tap.check("a_wrong_command_line_is_2", usage == [2, 2, 2, 2], usage)
    tap.check("help_is_0", ann.run("--help").code == 0 and ann.run("help", "send").code == 0)


def main():
    tap = Tap()
    with World() as world:
        ann, ben = talk(world, tap)
        search(ann, ben, tap)
        quiet(ann, ben, tap)
        texts(ann, ben, tap)
        again(ann, ben, tap)
        timer(ann, ben, tap)
        group(world, ann, ben, tap)
        bot(ann, ben, tap)
        chat(ann, ben, tap)
        records(ann, ben, tap)
        faults(world, ann, ben, tap)
        passphrases(world, tap)
        deletion(world, tap)
        stores(world, ann, tap)
        away(world, ann, ben, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
