"""Run inside a workspace: tries to reach somebody, and says GOT-IT where it did. Standard library only."""

from __future__ import annotations

import os
import socket
import sys
import urllib.parse
import urllib.request

SECONDS = 60


def dial(host: str, port: str) -> bool:
    socket.create_connection((host, int(port)), SECONDS).close()
    return True


def unix(path: str) -> bool:
    """A path that begins with @ has no file."""
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(SECONDS)
        made.connect("\0" + path[1:] if path.startswith("@") else path)
    return True


def fetch(address: str) -> bool:
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:
        return answer.status == 200


def tunnel(target: str) -> bool:
    """CONNECT by hand, so that no library corrects the name. %XX stands for a byte."""
    proxy = urllib.parse.urlparse(os.environ["HTTPS_PROXY"])
    with socket.create_connection((proxy.hostname or "", proxy.port or 0), SECONDS) as made:
        name = urllib.parse.unquote_to_bytes(target)
        made.sendall(b"CONNECT " + name + b" HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
        said = made.recv(4_000)
    print(said[:300])
    return b" 200 " in said[:40]


def datagram(host: str, port: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.sendto(b"?", (host, int(port)))
    return True


def resolve(name: str) -> bool:
    return bool(socket.getaddrinfo(name, 80))


if __name__ == "__main__":
    ways = {each.__name__: each for each in (dial, unix, fetch, tunnel, datagram, resolve)}
    try:
        if ways[sys.argv[1]](*sys.argv[2:]):
            print("GOT-IT")
    except (OSError, ValueError) as error:
        print(error)
