#!/usr/bin/env python3
"""Known mistakes as searches over the sources: scripts/check-mistakes.py [ROOT]. Prints TAP.

Each rule is a name, the files it looks at, and a pattern that must not occur in
code. Before you add a rule, see it fail: tests/scripts/test_checks.py holds a bad example of each.
"""
import re
import subprocess
import sys
from pathlib import Path

C = r"(src|include|tests|fuzz|bench|examples)/.*\.[ch]$"
SHIPPED = r"(src|include)/.*\.[ch]$"
PURE = r"src/(base|crypto|mls|merkle|noise|proto|core|office)/.*\.[ch]$"
ANY = r".*"

# name, files, files left out, pattern, whether comments and strings count too
RULES = [
    ("no_function_without_a_bound", C, None,
     r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(", False),
    ("no_number_is_read_unchecked", SHIPPED, None, r"\b(scanf|sscanf|fscanf|atoi|atol|atof)\s*\(", False),
    ("no_randomness_but_the_crypto_provider", SHIPPED, None,
     r"\b(rand|srand|random|srandom|drand48|rand_r)\s*\(", False),
    ("a_result_starts_as_failure", C, None,
     r"\berr\s+\w+\s*=\s*OK\s*;(?=(?:(?!\n\}).)*?(TRY_OUT\s*\(|goto\s+out))", False),
    ("no_secret_is_printed", SHIPPED, None,
     r"\b(printf|fprintf|log_\w+|sys_log\w*)\s*\([^;]*\b(\w*secret\w*|private_key|priv|passphrase)\b", False),
    ("a_tag_is_compared_by_mls_tag_equal", SHIPPED, None,
     r"\b(slice_equal|slice_compare|memcmp)\s*\([^;]*\w*tag\b", False),
    ("pure_code_does_no_io_and_reads_no_clock", PURE, r"src/proto/doc\.c$",
     r"\b(fopen|fwrite|fread|printf|fprintf|puts|putchar|getenv|time|clock_gettime|gettimeofday)\s*\(",
     False),
    ("nothing_is_left_to_be_done", C, None, r"\b(TODO|FIXME|XXX|HACK)\b", True),
    ("no_condition_of_the_preprocessor_inside_a_function", SHIPPED, None,
     r"\)\s*\{\n(?:(?!^\}).)*?^[ \t]*#\s*if", False),
    ("no_registry_or_mirror_is_named", ANY, r"(LICENSE|scripts/check-mistakes\.py|.*corpus/.*)$",
     r"\b(deb\.debian|registry\.npmjs|snapshot\.debian|archive\.ubuntu|pypi)\.(org|com)\b", True),
    ("no_machine_path_is_named", ANY, r"(scripts/check-mistakes\.py|.*corpus/.*)$",
     r"(?<![\w.])/(work|root|home/\w+)/", True),
]

COMMENT_OR_STRING = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)


def only_code(text):
    """The text with comments and the insides of strings blanked; lines stay where they are."""
    return COMMENT_OR_STRING.sub(lambda m: re.sub(r"[^\n\"]", " ", m.group(0)), text)


def sources(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-co", "--exclude-standard"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        return listed.stdout.splitlines()
    files = (p.relative_to(root) for p in root.rglob("*") if p.is_file())
    return [f.as_posix() for f in files if f.parts[0] not in (".git", "build", "var")]


def findings(rule, texts):
    _, files, left_out, pattern, everything = rule
    compiled = re.compile(pattern, re.M | re.S)
    for name, (text, code) in texts.items():
        if not re.match(files, name) or (left_out and re.match(left_out, name)):
            continue
        searched = text if everything else code
        for match in compiled.finditer(searched):
            line = searched.count("\n", 0, match.start()) + 1
            yield f"{name}:{line}: {match.group(0).splitlines()[0].strip()[:80]}"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
    texts = {}
    for name in sources(root):
        try:
            text = (root / name).read_text()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        texts[name] = (text, only_code(text) if name.endswith((".c", ".h")) else text)
    failed = 0
    print(f"1..{len(RULES)}")
    for number, rule in enumerate(RULES, 1):
        found = list(findings(rule, texts))
        for where in found:
            print("# " + where)
        print(("not ok" if found else "ok") + f" {number} - {rule[0]}")
        failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
