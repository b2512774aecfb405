"""sotto-load against a real sottod: what it counts adds up, and what it refuses."""
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "term"))
from rig import Tap, World  # noqa: E402

LOAD, SOTTOD = os.environ["SOTTO_LOAD"], os.environ["SOTTOD"]
COUNT = 36


def load(*words, codes=None):
    run = subprocess.run([LOAD, *map(str, words)], capture_output=True, text=True, input=codes, timeout=60)
    return run.returncode, run.stdout, run.stderr


def counted(*words):
    code, out, err = load(*words, "--json")
    assert code == 0, (words, code, out, err)
    return json.loads(out)


def main():
    tap = Tap()
    with World() as world:
        server = world.server
        file = server.data.parent / "accounts"
        made = subprocess.run([SOTTOD, "invite", "--data", server.data, "--count", str(COUNT)], capture_output=True,
                              text=True, check=True)
        base = ["--server", server.listen, "--accounts", file]
        code, out, _ = load("accounts", *base, "--codes", "-", "--count", COUNT, codes=made.stdout)
        tap.check("accounts are registered by codes", code == 0 and f"accounts: {COUNT}" in out)
        code, _, err = load("accounts", *base, "--codes", "-", "--count", 2, codes="")
        tap.check("too few codes are told", code == 2 and "fewer codes" in err)

        logins = counted("logins", *base, "--count", COUNT)
        tap.check("devices log in", logins["count"] == COUNT and logins["failed"] == 0)
        for processes in (1, 3):
            m = counted("messages", *base, "--count", 6, "--window", 4, "--seconds", "0.5", "--processes", processes)
            tap.check(f"by {processes}: each message arrives once",
                      m["count"] > 6 and m["lost"] == 0 and m["refused"] == 0, m)
            tap.check(f"by {processes}: each has its time", sum(n for _, n in m["times_us"]) == m["count"])
        m = counted("messages", *base, "--count", 6, "--rate", 200, "--seconds", "0.5")
        tap.check("a fixed rate sends what it should", m["count"] == 100 and m["lost"] == 0)
        for members, how in ((3, "by their addresses"), (COUNT // 2, "by a stored roster")):
            m = counted("groups", *base, "--count", COUNT, "--members", members, "--rate", 100, "--seconds", "0.5",
                        "--processes", 2)
            tap.check(f"a group of {members} gets each message {how}",
                      m["count"] == 50 * members and m["lost"] == 0 and m["refused"] == 0, m)
            m = counted("groups", *base, "--count", COUNT, "--members", members, "--window", 4, "--seconds", "0.3")
            tap.check(f"and as many as go {how}", m["count"] > 4 * COUNT and m["lost"] == 0 and m["refused"] == 0, m)
        code, _, err = load("groups", *base, "--count", COUNT, "--members", COUNT, "--processes", 2)
        tap.check("a group is of one process", code == 2 and "--members" in err)
        left = counted("drain", *base, "--count", COUNT)
        tap.check("nothing is left behind", left["count"] == 0, left)
        o = counted("offline", *base, "--count", COUNT, "--senders", 2, "--window", 8, "--seconds", "0.3")
        tap.check("messages for those who are away are taken", o["count"] > 16 and o["refused"] == 0)
        d = counted("drain", *base, "--count", COUNT)
        tap.check("and all of them are fetched", o["count"] <= d["count"] <= o["count"] + 16 and d["lost"] == 0)
        again = counted("drain", *base, "--count", COUNT)
        tap.check("once", again["count"] == 0)
        half = ["--first", 1, "--step", 2, "--count", COUNT // 2]
        o = counted("offline", *base, *half, "--senders", 2, "--window", 8, "--seconds", "0.3")
        d = counted("drain", *base, "--step", 2, "--count", COUNT // 2)
        tap.check("with a step the accounts between get nothing", o["count"] > 16 and d["count"] == 0, d)
        d = counted("drain", *base, *half, "--processes", 2)
        tap.check("and each one on it gets its own", o["count"] <= d["count"] <= o["count"] + 16 and d["lost"] == 0, d)
        code, _, err = load("logins", *base, "--first", 2, "--step", 2, "--count", COUNT // 2)
        tap.check("a step beyond the last account is told", code == 2 and "--step" in err)
        for rate in (0, 300):
            s = counted("steady", *base, "--count", 5, "--rate", rate, "--seconds", "0.5")
            tap.check(f"at a rate of {rate} what steady clients made was sent and shown",
                      s["made"] == s["sent"] == s["shown"] == s["count"] >= 20 and s["dropped"] == s["repeated"] == 0, s)
        c = counted("connect", *base, "--count", COUNT, "--seconds", 0, "--deliver", "--pid", server.process.pid)
        tap.check("all that are connected get a message, and the server's memory is told",
                  c["count"] == COUNT and c["edge_bytes"] > 0 and c["mail_bytes"] > 0
                  and abs(c["bytes"]) * COUNT < c["all_bytes"] / 2, c)
        web = counted("messages", "--server", f"ws://{server.http}/session", "--accounts", file, "--count", 2,
                      "--seconds", "0.3")
        tap.check("over WebSocket, too", web["count"] > 2 and web["lost"] == 0)

        code, _, err = load("logins", "--server", "192.0.2.1:4460", "--accounts", file)
        tap.check("another machine is not loaded without saying so", code == 2 and "--anywhere" in err)
        code, _, err = load("logins", *base, "--count", COUNT + 1)
        tap.check("too few accounts are told", code == 2 and "fewer accounts" in err)
        (file.parent / "bad").write_bytes(b"nothing of ours")
        code, _, _ = load("logins", "--server", server.listen, "--accounts", file.parent / "bad")
        tap.check("another file is refused", code == 2)
        for words in (["logins"], ["dance"], ["logins", *base, "--count", 0], ["logins", *base, "--count", "x"],
                      ["logins", *base, "--nothing", 1], ["logins", *base, "--count"]):
            tap.check("refused: " + " ".join(map(str, words[:1] + words[5:])), load(*words)[0] == 2)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
