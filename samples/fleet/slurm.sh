#!/bin/sh
# sbatch --array=0-7 slurm.sh MANIFEST OUT [OPTION...]: each task of the array does its part of the manifest's shards.
#SBATCH --job-name=pcap2trace
#SBATCH --ntasks=1
set -eu
manifest=$1
out=$2
shift 2
exec "${PCAP2TRACE:-pcap2trace}" batch --manifest "$manifest" --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --out "$out" "$@"
