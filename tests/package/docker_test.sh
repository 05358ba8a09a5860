#!/bin/sh
# docker_test.sh SOURCE: samples/fleet/Dockerfile makes an image that says what a capture holds, not as root. Needs an engine that runs.
set -eu
docker info > /dev/null 2>&1 || { echo "skipped: no container engine runs here"; exit 77; }
docker build -q -f "$1/samples/fleet/Dockerfile" -t pcap2trace-test "$1"
docker run --rm -v "$1/samples/incident:/captures:ro" pcap2trace-test summary /captures/incident.pcap | grep 'exists but has no address'
[ "$(docker inspect -f '{{.Config.User}}' pcap2trace-test)" = 65532:65532 ]
