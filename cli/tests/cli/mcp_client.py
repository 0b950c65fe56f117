"""A client of the official SDK: lists what a server offers, and drafts, checks and simulates a workflow through it."""

import asyncio
import json
import sys
from typing import Any

from mcp import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client


async def main(program: str, folder: str) -> dict[str, Any]:
    server = StdioServerParameters(command=program, args=["mcp", "--root", folder])
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        greeted = await session.initialize()

        async def call(name: str, **arguments: Any) -> dict[str, Any]:
            result = await session.call_tool(name, arguments)
            text = "".join(getattr(part, "text", "") for part in result.content)
            answered = result.model_dump(by_alias=True)
            return {"error": bool(answered["isError"]), "value": answered.get("structuredContent"), "text": text}

        tools = await session.list_tools()
        resources = await session.list_resources()
        prompts = await session.list_prompts()
        schema = await session.read_resource(str(resources.resources[0].uri))
        prompt = await session.get_prompt("write_workflow", {"instruction": "greet, then wave"})
        return {
            "server": greeted.model_dump(by_alias=True)["serverInfo"]["name"],
            "tools": {tool.name: tool.model_dump(by_alias=True)["inputSchema"] for tool in tools.tools},
            "resources": [str(resource.uri) for resource in resources.resources],
            "prompts": [prompt.name for prompt in prompts.prompts],
            "schema": json.loads(getattr(schema.contents[0], "text", "null")),
            "prompt": getattr(prompt.messages[0].content, "text", ""),
            "asked": await call("draft", instruction="frobnicate the moon"),
            "drafted": await call("draft", instruction="greet, then wave", workflow="both", write=True),
            "checked": await call("check"),
            "simulated": await call("simulate", workflow="both", runs=50),
            "explained": await call("explain", code="E101"),
            "unknown": await call("show", run="nobody"),
            "wrong": await call("show", rum="a"),
            "dashes": await call("explain", code="--help"),
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2]))))
