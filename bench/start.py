#!/usr/bin/env python3
"""How long a server takes from its start until it is ready: start.py SOTTOD DATA [ROUNDS].

DATA is a data directory whose store made_start made. Each round starts the server with its files out of the kernel's cache,
ends it, and starts it again with them in it. Prints seconds, and the memory of the mail process when it is ready.
"""
import os
import pathlib
import signal
import subprocess
import sys
import time


def out_of_cache(data):
    for path in pathlib.Path(data).rglob("*"):
        if path.is_file():
            fd = os.open(path, os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


def mail_memory(parent):
    for task in pathlib.Path(f"/proc/{parent}/task/{parent}").joinpath("children").read_text().split():
        if b"--role=mail" in pathlib.Path(f"/proc/{task}/cmdline").read_bytes():
            status = pathlib.Path(f"/proc/{task}/status").read_text().splitlines()
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmRSS"))
    return 0


def start(program, data, how):
    begin = time.monotonic()
    server = subprocess.Popen([program, "run", "--data", data, "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"],
                              stdout=subprocess.PIPE, text=True)
    line = server.stdout.readline()
    took = time.monotonic() - begin
    print(f"{how:28} {took:6.2f} s  mail {mail_memory(server.pid)} MiB" if "ready" in line else f"{how}: failed", flush=True)
    return server


def end(server, how):
    begin = time.monotonic()
    server.send_signal(how)
    server.wait()
    if how == signal.SIGTERM:
        print(f"{'clean stop':28} {time.monotonic() - begin:6.2f} s", flush=True)
    else:
        time.sleep(0.5)  # the others die with it


def main():
    program, data = sys.argv[1:3]
    out_of_cache(data)
    end(start(program, data, "as it was left, cold"), signal.SIGKILL)
    for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 2):
        out_of_cache(data)
        end(start(program, data, "after kill -9, cold"), signal.SIGTERM)
        end(start(program, data, "after a clean stop, warm"), signal.SIGKILL)


main()
