#!/usr/bin/env python3
"""What the sotto command says to people, and that it says it in time: on real processes. TAP."""
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from rig import Tap, World, acquaint  # noqa: E402


def first_chat(world, tap):
    ann, cem = world.person("ann"), world.person("cem")
    acquaint(ann, cem)
    began = time.monotonic()
    done = ann.run("chat", "cem", text=b"hello\n")
    took = time.monotonic() - began
    got = [m.get("text") for m in cem.fine("read", "--json").of("message")]
    tap.check("a_chat_that_begins_a_conversation_ends_when_all_is_sent",
              done.code == 0 and took < 8 and "hello" in got, f"{done.code} {took} {done.err} {got}")


def main():
    tap = Tap()
    with World() as world:
        first_chat(world, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
