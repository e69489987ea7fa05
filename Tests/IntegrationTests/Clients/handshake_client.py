"""An official MCP client of the handshake's era (2025-11-25) over `executorctl mcp`; prints one JSON object a step.

usage: handshake_client.py EXECUTORCTL SOCKET
"""

import json
import sys

import anyio
from mcp import ClientSession, McpError, StdioServerParameters, types
from mcp.client.stdio import stdio_client


def say(step, **members):
    print(json.dumps({"step": step, **members}), flush=True)


def summary(result):
    return {"error": result.isError, "structured": result.structuredContent, "text": result.content[0].text}


async def never_asked(_context, _params):
    say("asked")
    return types.ElicitResult(action="accept", content={"approve": True})


async def cancels(session):
    """This SDK sends no cancellation of its own accord: its notification is sent by hand."""
    request = session._request_id  # the id that the next request will have
    async with anyio.create_task_group() as group:

        async def long_call():
            await session.call_tool("run_command", {"command": "/bin/sleep 59"})

        group.start_soon(long_call)
        await anyio.sleep(1)
        await session.send_notification(
            types.ClientNotification(
                types.CancelledNotification(params=types.CancelledNotificationParams(requestId=request))
            )
        )
        group.cancel_scope.cancel()
    say("cancelled")
    say("after_cancel", **summary(await session.call_tool("run_command", {"command": "/bin/true"})))


async def talk(session):
    hello = await session.initialize()
    say("negotiated", version=hello.protocolVersion, server=hello.serverInfo.name)
    await session.send_ping()
    tools = (await session.list_tools()).tools
    say("tools", names=[tool.name for tool in tools])
    say("call", **summary(await session.call_tool("run_command", {"command": "/usr/bin/seq 3"})))
    say("refusal", **summary(await session.call_tool("run_command", {"command": "rm -rf /"})))
    try:
        await session.call_tool("no_such_tool", {})
    except McpError as error:
        say("unknown_tool", code=error.error.code)
    pieces = []

    async def heard(amount, _total, message):
        pieces.append([amount, message])

    result = await session.call_tool("run_command", {"command": "/usr/bin/seq 5"}, progress_callback=heard)
    say("progress", pieces=pieces, **summary(result))
    await cancels(session)
    say("approval", **summary(await session.call_tool("run_command", {"command": "/usr/bin/id -u"})))


async def main():
    server = StdioServerParameters(command=sys.argv[1], args=["--socket", sys.argv[2], "mcp"])
    async with stdio_client(server) as (reading, writing):
        async with ClientSession(reading, writing, elicitation_callback=never_asked) as session:
            await talk(session)


anyio.run(main)
