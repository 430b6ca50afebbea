"""etcd-medic-host: the one program that the bot may run on an etcd host. Protocol: docs/host-protocol.md; what it is safe against: docs/hosts.md."""
