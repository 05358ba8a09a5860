#!/usr/bin/env python3
"""The official Python client of the Model Context Protocol talks to `pcap2trace mcp`.

usage: client.py PROGRAM"""
import asyncio
import json
import subprocess
import sys
from pathlib import Path

try:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client
except ImportError:
    print("SKIPPED: the Python package mcp is not installed")
    sys.exit(77)

FOLDER = Path(__file__).resolve().parents[1] / "golden/lab"


def text_of(result):
    return result.content[0].text


async def talk(program):
    server = StdioServerParameters(command=program, args=["mcp", str(FOLDER)])
    async with stdio_client(server) as (reading, writing), ClientSession(reading, writing) as session:
        await session.initialize()
        tools = {tool.name for tool in (await session.list_tools()).tools}
        assert tools == {"summary", "list", "explain", "compare"}, tools
        for capture in sorted(FOLDER.glob("*.pcap"))[:12]:
            out = subprocess.run([program, "-q", "-T", "ndjson", str(capture)], capture_output=True, check=True).stdout
            known = {json.loads(line)["id"] for line in out.splitlines()}
            listed = json.loads(text_of(await session.call_tool("list", {"captures": [capture.name]})))
            shown = {x["id"] for x in listed["exchanges"]}
            assert listed["matching"] == len(known) and shown <= known, capture
            told = text_of(await session.call_tool("summary", {"captures": [capture.name]}))
            assert "what the capture" in told, told
            if shown:
                one = min(shown)
                explained = text_of(await session.call_tool("explain", {"captures": [capture.name], "id": [one]}))
                assert one in explained, explained
            print(f"  {capture.name}: {listed['matching']} exchanges")
        refused = await session.call_tool("list", {"captures": ["/etc/passwd"]})
        failed = getattr(refused, "is_error", getattr(refused, "isError", None))
        assert failed is True, refused


asyncio.run(talk(sys.argv[1]))
