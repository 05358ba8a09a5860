#!/usr/bin/env bash
# The drivers of samples/fleet over one manifest: each gives what one run over each capture point gives.
# usage: fleet.sh PROGRAM SAMPLES parallel|slurm|kubernetes|duckdb|clickhouse|daemonset
set -euo pipefail
program=$1
samples=$2
what=$3
work=$(mktemp -d)
ids=()

finish() {
    trap - EXIT
    for id in "${ids[@]}"; do kill "$id" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
skip() {
    echo "SKIPPED: $1"
    exit 77
}
need() {
    for tool in "$@"; do command -v "$tool" >/dev/null || skip "$tool is not installed"; done
}

make_captures() {
    mkdir "$work/captures" "$work/captures/node1" "$work/captures/node2"
    for node in node1 node2; do
        for point in eth0 eth1 eth2; do cp "$samples/incident/incident.pcap" "$work/captures/$node/$point-1.pcap"; done
    done
    "$program" plan --point-from '^([^-]*)-' "$work"/captures/* >"$work/manifest.ndjson"
    [ "$(wc -l <"$work/manifest.ndjson")" = 6 ]
    "$program" -T ndjson "$samples/incident/incident.pcap" | sed 's/"files":.*//' >"$work/expected"
    [ -s "$work/expected" ]
}

check_traces() {
    local n=0
    for folder in "$work"/traces/eth*; do
        cat "$folder"/0*.ndjson | sed 's/"files":.*//' | diff "$work/expected" -
        n=$((n + 1))
    done
    [ "$n" = 6 ] || { echo "$n shards were done, not 6"; exit 1; }
}

run_parallel() {
    need parallel
    make_captures
    PCAP2TRACE=$program "$samples/fleet/parallel.sh" "$work/manifest.ndjson" "$work/traces" 4 --final
    check_traces
}

# One node, with keys and a spool of its own, on ports that nobody else is likely to have.
start_slurm() {
    local host port=$((20000 + $$ % 20000))
    host=$(hostname -s)
    mkdir -p "$work/slurm/ctld" "$work/slurm/d"
    cat >"$work/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.socket
CredType=cred/munge
StateSaveLocation=$work/slurm/ctld
SlurmdSpoolDir=$work/slurm/d
SlurmctldPidFile=$work/slurm/ctld.pid
SlurmdPidFile=$work/slurm/d.pid
SlurmctldLogFile=$work/slurm/ctld.log
SlurmdLogFile=$work/slurm/d.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=5 State=UP
CONF
    export SLURM_CONF=$work/slurm.conf
    chmod 755 "$work"
    dd if=/dev/urandom bs=1 count=1024 of="$work/munge.key" 2>/dev/null
    chmod 400 "$work/munge.key"
    munged --foreground --force --socket="$work/munge.socket" --key-file="$work/munge.key" --log-file="$work/munge.log" \
        --pid-file="$work/munge.pid" --seed-file="$work/munge.seed" 2>"$work/munge.err" &
    ids+=($!)
    for _ in $(seq 50); do [ -S "$work/munge.socket" ] && break; sleep 0.1; done
    slurmctld -D -i >"$work/slurm/ctld.out" 2>&1 &
    ids+=($!)
    slurmd -D >"$work/slurm/d.out" 2>&1 &
    ids+=($!)
    for _ in $(seq 150); do
        if sinfo -h -o %t 2>/dev/null | grep -q '^idle\|^mix'; then return; fi
        sleep 0.1
    done
    tail -5 "$work"/slurm/*.log "$work"/slurm/*.out "$work/munge.err" 2>/dev/null || true
    skip "Slurm does not start here"
}

run_slurm() {
    need slurmctld slurmd munged sbatch sinfo
    [ "$(id -u)" = 0 ] || skip "Slurm's daemons need root"
    make_captures
    start_slurm
    PCAP2TRACE=$program timeout 60 sbatch --quiet --wait --array=0-3 --output="$work/slurm/task-%a" --chdir="$work" \
        "$samples/fleet/slurm.sh" "$work/manifest.ndjson" "$work/traces" --final || { cat "$work"/slurm/task-*; exit 1; }
    check_traces
}

# kubectl asks a server what a Job is; where there is none, our own fields are checked.
run_kubernetes() {
    local file=$samples/fleet/kubernetes.yaml command
    if command -v kubectl >/dev/null && timeout 10 kubectl create --dry-run=client --validate=false -f "$file" -o name \
        >"$work/kubectl" 2>/dev/null; then
        grep -qx 'job.batch/pcap2trace' "$work/kubectl"
    fi
    if command -v kubernetes-validate >/dev/null; then kubernetes-validate --strict --quiet "$file"; fi
    grep -q 'completionMode: Indexed' "$file"
    [ "$(sed -n 's/.*completions: //p' "$file")" = 8 ]
    command=$(sed -n 's/.*args: \[\(.*\)\]/\1/p' "$file" | tr -d '",' |
        sed 's/\$(JOB_COMPLETION_INDEX)/INDEX/')
    make_captures
    for index in 0 1 2 3 4 5 6 7; do
        # shellcheck disable=SC2086
        "$program" batch $(echo "$command" | sed "s|INDEX|$index|; s|/traces|$work/traces|g; s|$work/traces/manifest|$work/manifest|") --final
    done
    check_traces
}

# The commands of the DaemonSet's containers, but for tcpdump, over two windows: what arrives says what the captures say.
run_daemonset() {
    need rclone zstd
    local file=$samples/fleet/daemonset.yaml args ship summary
    args=$(sed -n 's/.*args: \["--follow", \(.*\)\]/\1/p' "$file" | tr -d '",' | sed "s|/traces|$work/traces|; s|/captures|$work/captures|; s|--settle 90|--settle 0|")
    ship=$(sed -n 's/.*command: \["\/bin\/sh", "\/ship\/\(ship.sh\)".*/\1/p' "$file")
    mkdir "$work/captures"
    for capture in "$samples/incident/incident.pcap" "$samples/../tests/golden/captures/node-any.pcap"; do
        cp "$capture" "$work/captures/"
        # shellcheck disable=SC2086 # words
        "$program" batch $args >>"$work/alerts"
        MIN_AGE=0s NODE=node-a RCLONE_CONFIG=/dev/null "$samples/fleet/$ship" "$work/traces" "$work/captures" ":local:$work/store" ONCE 2>>"$work/rclone"
        [ -z "$(find "$work/traces" -name '0*.ndjson.zst')" ] || { echo "exchanges stayed on the node"; exit 1; }
    done
    [ "$(wc -l <"$work/store/node-a/manifest.ndjson")" = 2 ]
    for summary in "-T json" "--failed -T json"; do
        # shellcheck disable=SC2086 # words
        "$program" summary -q $summary "$work/store/node-a" >"$work/shipped"
        # shellcheck disable=SC2086 # words
        "$program" batch $args --final --out "$work/alone" >/dev/null
        "$program" summary -q $summary "$work/alone" | cmp - "$work/shipped"
    done
    grep -q '"calls":[1-9]' "$work/shipped"
    KEEP_MINUTES=0 SHIP=sums NODE=node-b RCLONE_CONFIG=/dev/null "$samples/fleet/$ship" "$work/traces" "$work/captures" ":local:$work/store" ONCE 2>>"$work/rclone"
    [ -e "$work/store/node-b/manifest.ndjson" ] && [ -z "$(find "$work/store/node-b" -name '0*')" ]
}

# The README's statements over what was written: rows, hosts and waits are those of the files.
load() {
    make_captures
    "$program" batch --manifest "$work/manifest.ndjson" --shard 0/1 --out "$work/traces" --final
    check_traces
    python3 "$(dirname "$0")/load.py" "$what" "$samples/fleet/README.md" "$work"
}

run_duckdb() {
    python3 -c 'import duckdb' 2>/dev/null || skip "python3 has no module duckdb"
    load
}

run_clickhouse() {
    python3 -c 'import chdb' 2>/dev/null || skip "python3 has no module chdb"
    load
}

"run_$what"
echo "done, by $what"
