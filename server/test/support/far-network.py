"""A network of its own behind a bad line: a new network namespace, joined to the one it was started in by two TUN
devices, with loss, delay and a firewall between them. Kernel modules for bad lines (netem, nftables) are not on every
machine; TUN is. Everything goes away with this process.

Arguments: a number that makes the addresses unique on this machine, and a seed for the losses.
Prints {"ready": true} and then answers each line of standard input, a JSON object with any of `loss` (0 to 1, each way),
`delayMs` (each way) and `udp` ("passed" or "dropped"), with the counts so far. Ends with its standard input.
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_WITHOUT_HEADER = 0x1001
CLONE_NEWNET = 0x40000000
UDP = 17
# Packets on the line at once; at 100 ms and 1,500 B that is 120 Mbit/s.
QUEUE_MAX = 1_000
READS_AT_ONCE = 64


NEEDS = "run the tests as root, with /dev/net/tun and the right to make network namespaces (CAP_NET_ADMIN, CAP_SYS_ADMIN)"


def open_device(name):
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN_WITHOUT_HEADER))
    except OSError as failure:
        raise SystemExit(f"a TUN device cannot be made here ({failure}); {NEEDS}") from failure
    return device


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def set_up(name, number, host):
    ip("addr", "add", f"10.231.{number}.{host}/24", "dev", name)
    ip("-6", "addr", "add", f"fd5a:117:{number}::{host}/64", "dev", name, "nodad")
    ip("link", "set", name, "up")


def is_udp(packet):
    return packet[9] == UDP if packet[0] >> 4 == 4 else packet[6] == UDP


class Line:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.loss = 0.0
        self.delay_s = 0.0
        self.udp = "passed"
        self.queue = []
        self.order = 0
        self.counts = {"passed": 0, "lost": 0, "blocked": 0}

    def take(self, packet, towards):
        if self.udp == "dropped" and is_udp(packet):
            self.counts["blocked"] += 1
        elif self.random.random() < self.loss or len(self.queue) >= QUEUE_MAX:
            self.counts["lost"] += 1
        else:
            self.order += 1
            heapq.heappush(self.queue, (time.monotonic() + self.delay_s, self.order, packet, towards))

    def give(self):
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, _, packet, towards = heapq.heappop(self.queue)
            try:
                os.write(towards, packet)
                self.counts["passed"] += 1
            except OSError:
                self.counts["lost"] += 1

    def wait_s(self):
        return max(0.0, self.queue[0][0] - time.monotonic()) if self.queue else None

    def change(self, wish):
        self.loss = float(wish.get("loss", self.loss))
        self.delay_s = float(wish.get("delayMs", self.delay_s * 1_000)) / 1_000
        self.udp = wish.get("udp", self.udp)


def drain(line, source, towards):
    for _ in range(READS_AT_ONCE):
        try:
            line.take(os.read(source, 65_536), towards)
        except BlockingIOError:
            return


def main():
    number, seed = int(sys.argv[1]), int(sys.argv[2])
    near = open_device(f"spnear{number}")
    set_up(f"spnear{number}", number, 1)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise SystemExit(f"a network namespace cannot be made here ({os.strerror(ctypes.get_errno())}); {NEEDS}")
    far = open_device("far")
    ip("link", "set", "lo", "up")
    set_up("far", number, 2)
    # Browsers find their own address by asking which one leads to the internet.
    ip("route", "add", "default", "via", f"10.231.{number}.1")
    ip("-6", "route", "add", "default", "via", f"fd5a:117:{number}::1")
    line = Line(seed)
    print(json.dumps({"ready": True}), flush=True)
    while True:
        readable, _, _ = select.select([near, far, sys.stdin], [], [], line.wait_s())
        if near in readable:
            drain(line, near, far)
        if far in readable:
            drain(line, far, near)
        line.give()
        if sys.stdin in readable:
            text = sys.stdin.readline()
            if text == "":
                return
            line.change(json.loads(text))
            print(json.dumps(line.counts), flush=True)


main()
