#!/usr/bin/env python3
"""libsottomls as others get it: test_library.py SOURCES BUILD SODIUM. Prints TAP.

The examples, the symbols of both libraries, a staged installation, and the amalgamation.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES, BUILD, SODIUM = (Path(a) for a in sys.argv[1:4])
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wstrict-prototypes",
            "-Wmissing-prototypes", "-Wvla", "-Wpointer-arith", "-Wwrite-strings", "-Wundef",
            "-Wformat=2"]
SODIUM_ARGS = [f"-I{SODIUM}/include", f"-L{SODIUM}/lib"]


class Skipped(Exception):
    pass


def run(*command, **environment):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                          env={**os.environ, **environment})
    assert done.returncode == 0, f"{command[0]}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def only_mls(symbols):
    names = [line.split()[-1] for line in symbols.splitlines() if len(line.split()) == 3]
    assert "mls_group_create" in names, names
    other = [n for n in names if not n.startswith("mls_")]
    assert not other, other
    return names


def public_functions(header):
    return set(re.findall(r"^(?!static)[\w ]+[ *](mls_\w+)\(", header.read_text(), re.M))


def the_examples_do_what_they_say():
    for name, said in (("hello", "Ed25519: 1 member"), ("two_people", "the same for both"),
                       ("thousand", "the removed one can't read on"),
                       ("follower", "reads nothing")):
        printed = run(BUILD / "examples" / f"example_{name}")
        assert said in printed, printed


def the_shared_library_exports_the_header_and_nothing_else():
    exported = set(only_mls(run("nm", "-D", "--defined-only",
                                BUILD / "packaging/sotto/libsottomls.so")))
    public = public_functions(BUILD / "packaging/sotto/mls.h")
    assert len(public) > 70 and exported == public, exported ^ public


def the_static_library_defines_only_its_own_names():
    only_mls(run("nm", "-g", "--defined-only", BUILD / "packaging/sotto/libsottomls.a"))


def an_installed_library_is_found_by_pkg_config():
    with tempfile.TemporaryDirectory() as stage:
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", stage)
        found = list(Path(stage).rglob("libsottomls.pc"))
        assert len(found) == 1, found
        paths = {"PKG_CONFIG_LIBDIR": str(found[0].parent), "PKG_CONFIG_SYSROOT_DIR": stage}
        flags = run("pkg-config", "--cflags", "--libs", "libsottomls", **paths).split()
        assert run("pkg-config", "--modversion", "libsottomls", **paths).strip()
        program = Path(stage) / "hello"
        run("cc", *WARNINGS, SOURCES / "examples/hello.c", "-o", program, *flags)
        library = found[0].parent.parent
        assert "1 member" in run(program, LD_LIBRARY_PATH=str(library))
        for name in ("man3/libsottomls.3*", "man1/sotto-mls.1*", "include/sotto/mls.h",
                     "bin/sotto-mls", "libsottomls.a", "libsottomls.so.0"):
            assert list(Path(stage).rglob("*" + name)) or list(Path(stage).rglob(name)), name


def amalgamated(compiler):
    if shutil.which(compiler) is None:
        raise Skipped(f"there is no {compiler}")
    with tempfile.TemporaryDirectory() as folder:
        run(SOURCES / "scripts/amalgamate.py", folder)
        assert sorted(p.name for p in Path(folder).iterdir()) == ["mls.h", "sottomls.c",
                                                                  "sottomls.h"]
        example = Path(folder) / "example.c"
        text = (SOURCES / "examples/two_people.c").read_text()
        example.write_text(text.replace("<sotto/mls.h>", '"sottomls.h"'))
        program = Path(folder) / "example"
        run(compiler, *WARNINGS, "-O1", "-o", program, example, Path(folder) / "sottomls.c",
            *SODIUM_ARGS, "-l:libsodium.a", "-lcrypto", "-lpthread")
        assert "the same for both" in run(program)


def the_amalgamation_compiles_with_gcc_without_warnings():
    amalgamated("gcc")


def the_amalgamation_compiles_with_clang_without_warnings():
    found = [f"clang-{v}" for v in range(21, 13, -1) if shutil.which(f"clang-{v}")]
    amalgamated(found[0] if found else "clang")


def the_header_can_be_included_from_cpp():
    if shutil.which("c++") is None:
        raise Skipped("there is no C++ compiler")
    run("c++", "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++",
        BUILD / "packaging/sotto/mls.h")


TESTS = [the_examples_do_what_they_say, the_shared_library_exports_the_header_and_nothing_else,
         the_static_library_defines_only_its_own_names,
         an_installed_library_is_found_by_pkg_config,
         the_amalgamation_compiles_with_gcc_without_warnings,
         the_amalgamation_compiles_with_clang_without_warnings,
         the_header_can_be_included_from_cpp]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except Skipped as why:
            print(f"ok {number} - {test.__name__} # SKIP {why}", flush=True)
        except Exception as e:
            failed += 1
            print("# " + f"{type(e).__name__}: {e}".replace("\n", "\n# "))
            print(f"not ok {number} - {test.__name__}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
