#!/usr/bin/env bash
# Rows 8 to 12 of the runbook: all members put back from the file SNAPSHOT, one host after the other.
# The start does not wait (--no-block): a member is ready only when the others are there too, so the first would wait in vain.
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
: "${SNAPSHOT:?}"

for host in $HOSTS; do on "$host" sudo systemctl stop etcd; done
for host in $HOSTS; do on "$host" sudo rm -rf "$DATA_DIR"; done
for host in $HOSTS; do scp -q -F "$SSH_CONFIG" "$SNAPSHOT" "$host:mysnapshot.db"; done
for host in $HOSTS; do
  on "$host" sudo env ETCDCTL_API=3 etcdctl snapshot restore mysnapshot.db \
    --name="$host" \
    --data-dir="$DATA_DIR" \
    --initial-advertise-peer-urls="$(peer_url "$host")" \
    --initial-cluster="$INITIAL_CLUSTER" \
    --initial-cluster-token="$TOKEN"
done
for host in $HOSTS; do on "$host" sudo chown -R etcd:etcd "$DATA_DIR"; done
for host in $HOSTS; do on "$host" sudo systemctl start --no-block etcd; done
wait_healthy "$ENDPOINTS"
etcd_as_root --endpoints="$ENDPOINTS" endpoint status --write-out=table
etcd_as_root --endpoints="$ENDPOINTS" get /name/1
