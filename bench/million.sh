#!/usr/bin/env bash
# So many connected devices, their clients beside them, on one machine: what both take, and whether each device then gets a
# message within two minutes. In a network namespace of its own; as root.
#
#   bench/million.sh [COUNT] [HOLD]     1,000,000 devices; how long they stay before the messages, 60 s
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-1000000} hold=${2:-60}
per=18500 # connections of an edge and of a process of the load: each has 20,000 descriptors
many=$(((count + per - 1) / per))
backlog=/proc/sys/net/core/netdev_max_backlog # of the host: probes of thousands of connections go off together
if [ -z "${IN_NAMESPACE:-}" ]; then
    data=$PWD/build/bench/million
    mkdir -p "$data"
    if [ ! -f "$data/accounts-$count" ]; then
        rm -rf "$data/data"
        build/native/bench/made_store "$data/data" "$data/accounts-$count" "$count" 0 0
    fi
    before=$(cat "$backlog")
    trap 'echo "$before" >"$backlog"' EXIT
    echo 1000000 >"$backlog"
    IN_NAMESPACE=1 DATA=$data unshare -n "$0" "$count" "$hold"
    exit
fi
ip link set lo up
echo "1024 65000" >/proc/sys/net/ipv4/ip_local_port_range
cd "$DATA"
native=$OLDPWD/build/native
set=()
for setting in "edges=$many" connections=19000 source_connections=0 rate=0 opening_seconds=60 idle_minutes=600 \
    public=127.0.0.1:4460; do
    set+=(--set "$setting")
done
"$native/src/server/sottod" run --data "$DATA/data" --listen 0.0.0.0:4460 --http 127.0.0.1:4480 "${set[@]}" >out 2>errors &
server=$!
trap 'kill "$server" "$watch" 2>/dev/null || true; wait' EXIT
watch=
until grep -q ready out; do
    kill -0 "$server"
    sleep 0.2
done
memory() { # MiB: of the server and of the load, proportional; of the kernel; what is free
    local all=0
    for pid in $(pgrep -P "$1") "$1"; do
        all=$((all + $(awk '/^Pss:/ {n += $2} END {print n + 0}' "/proc/$pid/smaps_rollup" 2>/dev/null || echo 0)))
    done
    echo $((all / 1024))
}
begun=$(date +%s)
echo "| after s | sockets | server MiB | load MiB | kernel MiB | free MiB | load average |"
echo "|---|---|---|---|---|---|---|"
watch() {
    local load
    while sleep 15; do
        load=$(pgrep -P $$ -x sotto-load || true)
        echo "| $(($(date +%s) - begun)) | $(awk '/^TCP:/ {print $3}' /proc/net/sockstat) | $(memory "$server") |" \
            "$([ -z "$load" ] || memory "$load") |" \
            "$(awk '/^(Slab|KernelStack|PageTables):/ {n += $2} END {print int(n / 1024)}' /proc/meminfo) |" \
            "$(awk '/^MemAvailable:/ {print int($2 / 1024)}' /proc/meminfo) | $(cut -d' ' -f1 /proc/loadavg) |"
    done
}
watch &
watch=$!
"$native/src/load/sotto-load" connect --server 127.0.0.1:4460 --spread 60 --accounts "$DATA/accounts-$count" --count "$count" \
    --processes "$many" --at-once 24 --window 64 --seconds "$hold" --deliver --pid "$server" --json >result.json ||
    echo "the load ended with $?"
cat errors
python3 - result.json <<'P'
import json, sys
r = json.load(open(sys.argv[1]))
for name in ("count", "lost", "refused", "failed", "seconds", "per_second", "bytes", "all_bytes", "edge_bytes", "mail_bytes",
             "cpu_us", "p50_us", "p99_us", "p999_us", "max_us"):
    print(f"{name}: {r[name]:,}")
P
