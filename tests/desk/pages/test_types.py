#!/usr/bin/env python3
"""That TypeScript finds nothing wrong with the desk's script: test_types.py FOLDER. Prints TAP."""
import subprocess
import sys

found = subprocess.run(["tsc", "-p", sys.argv[1]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
print("1..1")
for line in found.stdout.splitlines():
    print("# " + line)
print(("not ok" if found.returncode else "ok") + " 1 - the types of the script fit")
sys.exit(1 if found.returncode else 0)
