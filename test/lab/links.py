"""The cables of a lab with slow links where the kernel has no netem: what a host or the machine sends is held back for a while.

usage: links.py MACHINE DELAY_MS PORT=NETNS…
    MACHINE   the MAC address of the bridge, by which it is seen what the machine itself sends
    DELAY_MS  how long a frame is held: half of a round trip
    PORT      the tap device on the bridge's side; the host's side is called host0, in the network namespace NETNS

A cable is two tap devices with this process between them. A frame is held once on its whole way, where it begins: when a host sends it, or when the machine
does; what comes from another host goes on at once. So a round trip is the same between any two. The rate is left to the kernel (tbf), which also bounds
what is held: rate times delay. The devices belong to this process and end with it.
"""

import ctypes
import fcntl
import gc
import os
import select
import struct
import sys
from collections import deque
from time import monotonic

# linux/if_tun.h
TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
TUN_F_CSUM, TUN_F_TSO4, TUN_F_TSO6 = 0x01, 0x02, 0x04
# With the header of virtio in front, TCP's data goes through in pieces of 64 kB, as through a veth: a fortieth of the frames.
VNET_HEADER, LARGEST_FRAME = 10, 10 + 18 + 65_536
SENDER = slice(VNET_HEADER + 6, VNET_HEADER + 12)

CLONE_NEWNET = 0x40000000
PR_SET_TIMERSLACK = 29
FRAMES_AT_ONCE = 32

libc = ctypes.CDLL(None, use_errno=True)


def tap(name):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
    return fd


def enter(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f'setns {path}')
    os.close(fd)


def cable(port, netns):
    """Gives the port's side and the host's side. The port is made last: who sees it knows that the cable is complete."""
    here = os.open('/proc/self/ns/net', os.O_RDONLY | os.O_CLOEXEC)
    enter(f'/run/netns/{netns}')
    host = tap('host0')
    enter(f'/proc/self/fd/{here}')
    os.close(here)
    return tap(port), host


def send(fd, frame):
    try:
        os.write(fd, frame)
    except OSError:
        pass  # The other end is down: the frame is lost, as in a cable that is pulled.


def carry(cables, machine, delay):
    hosts = {host for _, host in cables}
    far_end = {near: far for port, host in cables for near, far in ((port, host), (host, port))}
    held = deque()  # All are held equally long, so the one that came first is due first.
    while True:
        wait = max(0.0, held[0][0] - monotonic()) if held else None
        for fd in select.select(far_end, (), (), wait)[0]:
            far = far_end[fd]
            for _ in range(FRAMES_AT_ONCE):
                try:
                    frame = os.read(fd, LARGEST_FRAME)
                except BlockingIOError:
                    break
                if fd in hosts or frame[SENDER] == machine:
                    held.append((monotonic() + delay, far, frame))
                else:
                    send(far, frame)
        now = monotonic()
        while held and held[0][0] <= now:
            _, far, frame = held.popleft()
            send(far, frame)


def main(machine, delay_ms, *cables):
    # A frame is to leave when it is due, also while the hosts need every core.
    try:
        os.nice(-20)
    except PermissionError:
        pass
    libc.prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
    # Frames are in no cycles.
    gc.disable()
    ends = [cable(*each.split('=')) for each in cables]
    carry(ends, bytes.fromhex(machine.replace(':', '')), float(delay_ms) / 1_000)


main(*sys.argv[1:])
