"""An official MCP client of revision 2026-07-28 over `executorctl mcp`; prints one JSON object a step.

usage: discovering_client.py EXECUTORCTL SOCKET
"""

import json
import sys

import anyio
import mcp_types as types
from mcp import Client, MCPError, StdioServerParameters


def say(step, **members):
    print(json.dumps({"step": step, **members}), flush=True)


def summary(result):
    return {"error": result.is_error, "structured": result.structured_content, "text": result.content[0].text}


class Person:
    """Answers the executor's questions, and remembers them."""

    def __init__(self, action):
        self.action = action
        self.questions = []

    async def answer(self, _context, params):
        self.questions.append(params.message)
        content = {"approve": True} if self.action == "accept" else None
        return types.ElicitResult(action=self.action, content=content)


async def ordinary_calls(client):
    say("negotiated", version=client.protocol_version, server=client.server_info.name)
    tools = (await client.list_tools()).tools
    say("tools", names=[tool.name for tool in tools])
    say("call", **summary(await client.call_tool("run_command", {"command": "/usr/bin/seq 3"})))
    say("refusal", **summary(await client.call_tool("run_command", {"command": "rm -rf /"})))
    try:
        await client.call_tool("no_such_tool", {})
    except MCPError as error:
        say("unknown_tool", code=error.code)


async def progress(client):
    pieces = []

    async def heard(amount, _total, message):
        pieces.append([amount, message])

    result = await client.call_tool("run_command", {"command": "/usr/bin/seq 5"}, progress_callback=heard)
    say("progress", pieces=pieces, **summary(result))


async def cancels(client):
    """Leaves a call of a minute after a second; the connection serves the next one."""
    with anyio.move_on_after(1) as scope:
        await client.call_tool("run_command", {"command": "/bin/sleep 59"})
    say("cancelled", cancelled=scope.cancelled_caught)
    say("after_cancel", **summary(await client.call_tool("run_command", {"command": "/bin/true"})))


async def approval(server, action):
    person = Person(action)
    async with Client(server, elicitation_callback=person.answer) as client:
        result = await client.call_tool("run_command", {"command": "/usr/bin/id -u"})
        say(f"approval_{action}", questions=person.questions, **summary(result))


async def main():
    server = StdioServerParameters(command=sys.argv[1], args=["--socket", sys.argv[2], "mcp"])
    async with Client(server) as client:
        await ordinary_calls(client)
        await progress(client)
        await cancels(client)
        say("unasked", **summary(await client.call_tool("run_command", {"command": "/usr/bin/id -u"})))
    for action in ("accept", "decline", "cancel"):
        await approval(server, action)
    async with Client(server, mode="legacy") as client:
        say("handshake", version=client.protocol_version)
        say("handshake_call", **summary(await client.call_tool("run_command", {"command": "/usr/bin/seq 3"})))


anyio.run(main)
