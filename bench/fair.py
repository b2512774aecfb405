#!/usr/bin/env python3
"""What others do to those who are served: 100 pairs exchange 500 messages a second, alone, beside one client at full speed,
and beside a storm of logins; the latencies, and their ratio to those alone. Nothing else should run meanwhile.

    bench/fair.py build/native [ROUNDS]

The server has the first processor and one edge, once with no limit of rate and once with the one it is shipped with; the
load that is measured has the second, since it waits for each moment without sleeping. The others' load runs on the server's
processor whenever the server does not.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / "bench" / "peers" / "servers")]
import peers  # noqa: E402

PAIRS, RATE, SECONDS, STORM = 100, 500, 8, 6000
RATE_SHIPPED = 500  # CONFIG_RATE
OTHERS = {
    "alone": None,
    "one client at full speed": ("messages", "--first", PAIRS, "--count", 1, "--window", 1000, "--seconds", SECONDS + 2),
    "a storm of logins": ("logins", "--first", PAIRS, "--count", STORM, "--at-once", 2000)}


def load(sotto, tls, command, *words, core=1, prefix=()):
    argv = [*prefix, "taskset", "-c", core, peers.Sotto.build / "src/load/sotto-load", command, "--json",
            "--server", sotto.address(tls), "--accounts", sotto.accounts, *words]
    return subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, text=True)


def measure(sotto, tls, other):
    beside = load(sotto, tls, *other, core=0, prefix=("chrt", "--idle", 0)) if other else None
    seen = load(sotto, tls, "messages", "--count", PAIRS, "--rate", RATE, "--seconds", SECONDS)
    result = json.loads(seen.communicate(timeout=120)[0])
    if seen.returncode != 0:
        raise SystemExit("a message of those who are served was lost")
    result["beside"] = json.loads(beside.communicate(timeout=300)[0])["per_second"] if beside else 0
    return result


def main():
    peers.Sotto.build = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    data = ROOT / "build" / "bench"
    data.mkdir(parents=True, exist_ok=True)
    found = {}
    for rate, tls in ((rate, tls) for rate in (0, RATE_SHIPPED) for tls in (False, True)):
        peers.Sotto.rate = rate
        with peers.Sotto(data, PAIRS + STORM, 0) as sotto:
            for _ in range(rounds):
                for name, other in OTHERS.items():
                    found.setdefault((rate, tls, name), []).append(measure(sotto, tls, other))
    print("| limit | carrier | beside | theirs a second | p50 us | p99 us | p999 us | p99 to that alone |")
    print("|---|---|---|---|---|---|---|---|")
    for (rate, tls, name), results in found.items():
        def median(field, of=results):
            return statistics.median(r[field] for r in of)
        ratio = median("p99_us") / median("p99_us", found[rate, tls, "alone"])
        print(f"| {rate or 'none'} | {'TLS' if tls else 'TCP'} | {name} | {median('beside'):,.0f} | {median('p50_us'):,.0f} | "
              f"{median('p99_us'):,.0f} | {median('p999_us'):,.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
