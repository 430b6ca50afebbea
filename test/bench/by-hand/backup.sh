#!/usr/bin/env bash
# Row 5 of the runbook: a snapshot of the cluster, from one endpoint, into the file SNAPSHOT.
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
: "${SNAPSHOT:?}"

etcd_as_root --endpoints="${ENDPOINTS%%,*}" snapshot save "$SNAPSHOT"
