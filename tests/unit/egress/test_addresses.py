"""Which addresses a name may lead to."""

from __future__ import annotations

import ipaddress

import pytest

from journeyman.egress.addresses import public

PUBLIC = (
    "1.1.1.1", "8.8.8.8", "93.184.215.14", "151.101.0.223", "172.15.255.255", "172.32.0.0", "100.63.255.255",
    "100.128.0.0", "192.167.255.255", "223.255.255.255", "169.253.255.255", "11.0.0.0", "168.63.129.15",
    "2606:4700::1111", "2a04:4e42::223", "2001:4860:4860::8888", "2400::1",
)  # fmt: skip
NOT_PUBLIC = (
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "100.127.255.255",
    "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.0.1", "169.254.169.254", "169.254.170.2",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1",
    "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.80", "224.0.0.1", "239.255.255.255",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3ffe::1",
    "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::1%eth0",
    "fec0::1", "ff02::1", "ff0e::1",
    "", "localhost", "8.8.8.8.", "8.8.8", "08.8.8.8", "2606:4700::1111%1",
)  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_not_public(address: str) -> None:
    assert not public(address)


def test_the_borders_of_every_special_range() -> None:
    """An address before, the first, the last and one after, against a list written by hand."""
    special = (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 "
        "192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24"
    )
    for network in map(ipaddress.IPv4Network, special.split()):
        assert not public(str(network[0]))
        assert not public(str(network[-1]))
        assert public(str(network[-1] + 1))
        if int(network[0]):
            assert public(str(network[0] - 1))
