#!/usr/bin/env bash
# Row 18 of the runbook: the database has reached its quota. A snapshot into the file SNAPSHOT, then compact, defragment, disarm.
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
: "${SNAPSHOT:?}"

etcd_as_root --endpoints="${ENDPOINTS%%,*}" snapshot save "$SNAPSHOT"
revision=$(etcd_as_root --endpoints="$ENDPOINTS" --write-out=json endpoint status | grep -o '"revision":[0-9]*' | grep -o '[0-9]*' | head -n 1)
etcd_as_root --endpoints="$ENDPOINTS" compact "$revision"
# The runbook gives no time limit; with etcdctl's five seconds a large database is given up on while it is being written.
etcd_as_root --endpoints="$ENDPOINTS" --command-timeout=120s defrag
etcd_as_root --endpoints="$ENDPOINTS" alarm disarm
# The proof: a write.
etcd_as_root --endpoints="$ENDPOINTS" put /name/1 test
