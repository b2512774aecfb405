"""Each message and part of the schema has an input in fuzz/corpus/proto that the target begins with, and each that a
client sends one in fuzz/corpus/mail."""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
SCHEMA = (ROOT / "src/proto/schema.h").read_text(encoding="utf-8")
OF_CLIENTS = {"ANON", "BOTH", "PROOF", "DEVICE"}


def missing(messages, parts):
    for name, number, sender in messages:
        if not any(f.read_bytes()[:2] == int(number).to_bytes(2, "big") for f in (ROOT / "fuzz/corpus/proto").iterdir()):
            yield f"proto: the message {name}"
        if sender in OF_CLIENTS and not (ROOT / "fuzz/corpus/mail" / name).exists():
            yield f"mail: {name}"
    for name in parts:
        if not (ROOT / "fuzz/corpus/proto" / f"part-{name}").exists():
            yield f"proto: the part {name}"


def main():
    messages = re.findall(r"^ +M\((\w+), (\d+), (\w+),", SCHEMA, re.M)
    parts = re.findall(r"P\((\w+)\)", SCHEMA.split("#define PROTO_PARTS(P)")[1].split("#define")[0])
    gone = list(missing(messages, parts))
    fine = len(messages) > 60 and len(parts) > 20 and not gone
    for line in gone:
        print(f"# no input for {line}")
    print(("ok" if fine else "not ok") + " 1 - every_message_and_part_has_an_input_to_begin_with\n1..1")
    sys.exit(0 if fine else 1)


main()
