# shellcheck shell=bash
# What every script here begins with: the operator's ssh and etcdctl. Read by the others, never run.
# SSH_CONFIG  an ssh_config with the hosts' names, the user etcdops, its key, and ControlMaster
# ENDPOINTS   all client URLs, with commas between them;  PKI_CA, PKI_CERT, PKI_KEY  of the user root
# HOSTS       "etcd01 etcd02 etcd03";  DATA_DIR  /data/etcd/data
# INITIAL_CLUSTER  etcd01=https://…:2380,etcd02=…;  TOKEN  etcd-cluster
set -euo pipefail
: "${SSH_CONFIG:?}" "${ENDPOINTS:?}" "${PKI_CA:?}" "${PKI_CERT:?}" "${PKI_KEY:?}" "${HOSTS:?}" "${DATA_DIR:?}" "${INITIAL_CLUSTER:?}" "${TOKEN:?}"
export ETCDCTL_API=3

# Types a command on a host.
on() {
  local host=$1
  shift
  ssh -F "$SSH_CONFIG" "$host" "$@"
}

# etcdctl on this machine, as root of etcd; give --endpoints first.
etcd_as_root() {
  etcdctl --cacert="$PKI_CA" --cert="$PKI_CERT" --key="$PKI_KEY" "$@"
}

# The peer URL of a host, out of INITIAL_CLUSTER.
peer_url() {
  tr ',' '\n' <<<"$INITIAL_CLUSTER" | sed -n "s/^$1=//p"
}

# Until etcd answers: short tries, because a read that comes before there is a leader is lost.
wait_healthy() {
  local tries=0
  until etcd_as_root --endpoints="$1" --dial-timeout=500ms --command-timeout=1s endpoint health >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [[ $tries -gt 600 ]]; then
      echo "etcd does not become healthy: $1" >&2
      return 1
    fi
    sleep 0.1
  done
}
