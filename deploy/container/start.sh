#!/bin/sh
# Runs what the container is for: start.sh PROGRAM ARGUMENT...
# A bot whose configuration is wrong ends with exit code 78, and starting it again does not make it right. Docker would start it again for ever, so
# the container stays instead, unhealthy, with the mistakes in its log, until somebody has corrected them and restarts it.

# While the program runs, a signal is its business: this script waits for its end.
trap : TERM INT HUP
"$@"
code=$?
case "$code $*" in
  78\ *\ src/main.ts) ;;
  *) exit "$code" ;;
esac
trap 'kill "$waiting" 2>/dev/null; exit 78' TERM INT HUP
sleep infinity &
waiting=$!
echo 'etcd-medic is not started again: correct what stands above, then restart this container.' >&2
wait
exit 78
