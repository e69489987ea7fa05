"""Checks recorded messages of a server against the official schemas.

usage: validate.py < RECORDING

Each line of the recording is {"connection": N, "from": "client" | "server", "line": TEXT}, in the order the lines came.
Prints one JSON object a fault, {"connection", "reason", "line"}, and last {"checked": {DEFINITION: COUNT}}.
"""

import collections
import json
import pathlib
import sys

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

MODERN, HANDSHAKE = "2026-07-28", "2025-11-25"
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"

# Definitions by method; what is not listed is this server's own, and has to be a Result.
RESULTS = {
    MODERN: {"server/discover": "DiscoverResult", "tools/call": "CallToolResult", "tools/list": "ListToolsResult"},
    HANDSHAKE: {
        "initialize": "InitializeResult",
        "ping": "EmptyResult",
        "tools/call": "CallToolResult",
        "tools/list": "ListToolsResult",
    },
}
# Members of a result that only the newer revision knows.
MODERN_MEMBERS = {"cacheScope", "inputRequests", "requestState", "resultType", "ttlMs"}
# Errors that have a definition of their own.
ERRORS = {MODERN: {-32022: "UnsupportedProtocolVersionError"}, HANDSHAKE: {}}


class Schemas:
    """The definitions of both revisions, compiled when first used."""

    def __init__(self):
        folder = pathlib.Path(__file__).parent
        documents = {v: json.loads((folder / f"mcp-{v}.schema.json").read_text()) for v in (MODERN, HANDSHAKE)}
        resources = [(f"mcp:{v}", DRAFT202012.create_resource(d)) for v, d in documents.items()]
        self.registry = Registry().with_resources(resources)
        self.validators = {}

    def fault(self, version, definition, value):
        """Why a value is not what the definition says; None when it is."""
        key = (version, definition)
        if key not in self.validators:
            reference = {"$ref": f"mcp:{version}#/$defs/{definition}"}
            self.validators[key] = Draft202012Validator(reference, registry=self.registry)
        error = best_match(self.validators[key].iter_errors(value))
        return error and f"{version} {definition}: {error.json_path}: {error.message[:300]}"


class Connection:
    """What a server needs to remember of one client to be judged."""

    def __init__(self):
        self.requests = {}
        self.tools = {}
        self.has_shaken_hands = False

    def revision(self, params):
        named = params.get("_meta", {}).get(VERSION_KEY) if isinstance(params.get("_meta"), dict) else None
        if named in (MODERN, HANDSHAKE):
            return named
        return HANDSHAKE if self.has_shaken_hands else MODERN

    def sent(self, message):
        """A message of the client: what its answer has to be."""
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return
        params = message.get("params") if isinstance(message.get("params"), dict) else {}
        if message["method"] == "initialize":
            self.has_shaken_hands = True
        revision = HANDSHAKE if message["method"] == "initialize" else self.revision(params)
        identifier = message.get("id")
        if isinstance(identifier, (str, int)) and not isinstance(identifier, bool):
            self.requests[identifier] = (message["method"], revision, params)


def definitions(connection, message):
    """(revision, definition, part) to check, for one message of the server."""
    version = HANDSHAKE if connection.has_shaken_hands else MODERN
    if "method" in message:
        yield version, "ServerNotification" if "id" not in message else "ServerRequest", message
        return
    method, version, _ = connection.requests.get(message.get("id"), ("", version, {}))
    if "error" in message:
        code = message["error"].get("code") if isinstance(message["error"], dict) else None
        yield version, ERRORS[version].get(code, "JSONRPCErrorResponse"), message
        return
    yield version, "JSONRPCResultResponse", message
    result = message.get("result")
    definition = RESULTS[version].get(method, "Result")
    if isinstance(result, dict) and result.get("resultType") == "input_required":
        definition = "InputRequiredResult"
    yield version, definition, result


def beyond_the_schema(connection, message):
    """What the specification says in words: answers have a question, tools have schemas that are schemas."""
    if "method" in message or "error" in message:
        return
    if message.get("id") not in connection.requests:
        yield "an answer to nothing that was asked"
        return
    method, version, params = connection.requests[message["id"]]
    result = message["result"] if isinstance(message.get("result"), dict) else {}
    if version == HANDSHAKE and not MODERN_MEMBERS.isdisjoint(result):
        yield f"members of the newer revision: {sorted(MODERN_MEMBERS & result.keys())}"
    if method == "tools/list":
        for tool in result.get("tools", []):
            connection.tools[tool["name"]] = tool
            for schema in filter(None, (tool.get("inputSchema"), tool.get("outputSchema"))):
                try:
                    Draft202012Validator.check_schema(schema)
                except SchemaError as error:
                    yield f"the schema of {tool['name']}: {error.message[:300]}"
    if method == "tools/call" and "structuredContent" in result:
        schema = connection.tools.get(params.get("name"), {}).get("outputSchema")
        error = schema and best_match(Draft202012Validator(schema).iter_errors(result["structuredContent"]))
        if error:
            yield f"structuredContent of {params['name']}: {error.message[:300]}"


def faults(schemas, connection, line, checked):
    try:
        message = json.loads(line)
    except ValueError as error:
        yield f"no JSON: {error}"
        return
    if not isinstance(message, dict):
        yield "no object"
        return
    for version, definition, part in definitions(connection, message):
        checked[f"{version} {definition}"] += 1
        fault = schemas.fault(version, definition, part)
        if fault:
            yield fault
    yield from beyond_the_schema(connection, message)


def main():
    schemas, checked = Schemas(), collections.Counter()
    connections = collections.defaultdict(Connection)
    for text in sys.stdin:
        entry = json.loads(text)
        connection, line = connections[entry["connection"]], entry["line"]
        if entry["from"] == "client":
            try:
                connection.sent(json.loads(line))
            except (ValueError, RecursionError):
                pass  # a client may send anything
            continue
        for reason in faults(schemas, connection, line, checked):
            print(json.dumps({"connection": entry["connection"], "reason": reason, "line": line[:2000]}))
    print(json.dumps({"checked": dict(sorted(checked.items()))}))


main()
