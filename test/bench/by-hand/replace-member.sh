#!/usr/bin/env bash
# Row 16 of the runbook: MEMBER is down and is replaced on the same host, at the same address.
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
: "${MEMBER:?}" "${OTHERS:?}"

# Says that one endpoint fails, which is why one is here.
etcd_as_root --endpoints="$ENDPOINTS" endpoint status || true
id=$(etcd_as_root --endpoints="$OTHERS" member list | sed -n "s/^\([0-9a-f]*\), [a-z]*, $MEMBER, .*/\1/p")
etcd_as_root --endpoints="$OTHERS" member remove "$id"
on "$MEMBER" sudo rm -rf "$DATA_DIR"
etcd_as_root --endpoints="$OTHERS" member add "$MEMBER" --peer-urls="$(peer_url "$MEMBER")"
on "$MEMBER" sudo sed -i "'s/^ETCD_INITIAL_CLUSTER_STATE=.*/ETCD_INITIAL_CLUSTER_STATE=existing/'" /etc/default/etcd
on "$MEMBER" sudo systemctl daemon-reload
on "$MEMBER" sudo systemctl restart etcd.service
wait_healthy "$ENDPOINTS"
etcd_as_root --endpoints="$ENDPOINTS" endpoint status --write-out=table
