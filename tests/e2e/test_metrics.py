"""`GET /metrics` of a real daemon, read by Prometheus' own parser, and a log for programs."""

from __future__ import annotations

import asyncio
import json
import subprocess

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from e2e.daemons import place
from journeyman.client.connection import Client


async def test_prometheus_reads_what_clients_are_told(unused_tcp_port: int) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    with place(JOURNEYMAN_METRICS_LISTEN=address, JOURNEYMAN_LOG_FORMAT="json") as where:
        await asyncio.to_thread(where.start)
        async with Client.connect(socket=where.socket) as client, httpx.AsyncClient() as browser:
            await client.request("daemon/ping")
            answer = await browser.get(f"http://{address}/metrics")
            assert answer.status_code == 200
            families = {each.name: each for each in text_string_to_metric_families(answer.text)}
            pings = [
                sample.value
                for sample in families["journeyman_requests"].samples
                if sample.labels.get("method") == "daemon/ping" and sample.name.endswith("_total")
            ]
            assert pings == [1.0]
            told = {each["name"] for each in (await client.request("daemon/metrics"))["items"]}
            assert told == set(families)
            assert (await browser.get(f"http://{address}/")).status_code == 404
            assert (await browser.post(f"http://{address}/metrics")).status_code == 405
            head = await browser.head(f"http://{address}/metrics")
            assert head.content == b""
            assert "json" not in answer.text
        lines = [json.loads(line) for line in where.log.splitlines()]
        assert {"time", "level", "logger", "run", "message"} == set(lines[0])
        assert any(line["message"] == f"metrics on {address}" for line in lines)


@pytest.mark.parametrize("junk", [b"\0" * 100, b"GET /metrics\r\n\r\n", b"X" * 40_000, b""], ids=range(4))
async def test_junk_on_its_port_harms_nobody(unused_tcp_port: int, junk: bytes) -> None:
    with place(JOURNEYMAN_METRICS_LISTEN=f"127.0.0.1:{unused_tcp_port}") as where:
        await asyncio.to_thread(where.start)
        async with Client.connect(socket=where.socket) as client:
            await client.request("daemon/ping")
        reader, writer = await asyncio.open_connection("127.0.0.1", unused_tcp_port)
        writer.write(junk)
        writer.write_eof()
        assert b"200 OK" not in await reader.read()
        writer.close()
        async with httpx.AsyncClient() as browser:
            assert (await browser.get(f"http://127.0.0.1:{unused_tcp_port}/metrics")).status_code == 200


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("0.0.0.0:9464", "only be had on this machine"),
        ("example.com:9464", "only be had on this machine"),
        ("9464", "is not HOST:PORT"),
    ],
)
async def test_other_addresses_are_refused_in_words(address: str, words: str) -> None:
    with place(JOURNEYMAN_METRICS_LISTEN=address) as where:
        refused = await asyncio.create_subprocess_exec(
            *where.command("serve"), env=where.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said, _ = await refused.communicate()
        assert refused.returncode != 0
        assert words in " ".join(said.decode().split())
        assert "Traceback" not in said.decode()
