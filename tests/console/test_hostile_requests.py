"""Whatever a browser sends, the answer is about the request (4xx), never a fault of the server."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from console_examples import KEPT

Console = Callable[..., Any]

NOTHING = "00000000-0000-0000-0000-000000000000"
TEXTS = ["\ud800", "\0", "9" * 5000, "../../etc/passwd", "'", "\u202e"]
TIMES = [
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "-62135596800",
    "1e300",
    "nan",
]
BODIES = [b"[" * 60_000, b'{"\\ud800": 1}', b"\xff{", b'{"a": NaN}', b"nul", b"1" * 5000]
NUMBERS = [1e308, 10**400, -1, True]
METHODS = {"get", "post", "put", "patch", "delete"}
STREAMS = {"/api/v1/events"}


def test_no_value_of_any_route_is_a_fault(kept_console: Console) -> None:
    async def ask(client: httpx.AsyncClient) -> list[str]:
        document = (await client.get("/api/v1/openapi.json")).json()
        faults = []
        for method, url, body in requests(document):
            headers = {"content-type": "application/json"} if body is not None else {}
            answer = await client.request(method, url, content=body, headers=headers)
            if answer.status_code >= 500 and answer.status_code != 503:
                faults.append(f"{method} {url[:120]} {(body or b'')[:80]!r}: {answer.json()['detail']}")
        return faults

    assert kept_console(ask) == []


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_time_that_nothing_can_have_happened_at_is_refused(kept_console: Console, name: str, time: str) -> None:
    answer = kept_console(lambda client: client.get("/api/v1/alerts", params={name: time}))
    assert answer.status_code == 422
    assert answer.json()["where"] == name


@pytest.mark.parametrize("note", ["\ud800", "a\udc00b", "nul \0"])
def test_text_that_cannot_be_stored_is_refused(kept_console: Console, note: str) -> None:
    path = f"/api/v1/alerts/{KEPT[0].id}/note"
    body = json.dumps({"note": note})
    headers = {"content-type": "application/json"}
    answer = kept_console(lambda client: client.post(path, content=body, headers=headers))
    assert (answer.status_code, answer.json()["where"]) == (422, "body")


@pytest.mark.parametrize("origin", ["http://[evil", "http://[::1", "//", "http://127.0.0.1:8080\\@evil.example", "¼"])
def test_an_origin_that_is_no_address_is_a_foreign_one(kept_console: Console, origin: str) -> None:
    path = f"/api/v1/alerts/{KEPT[0].id}/note"
    headers = {"origin": origin.encode()}
    answer = kept_console(lambda client: client.post(path, json={"note": "x"}, headers=headers))
    assert answer.status_code == 403


def requests(document: dict[str, Any]) -> Iterator[tuple[str, str, bytes | None]]:
    """Every operation with each hostile value in each of its places, the others as they should be."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method not in METHODS or path in STREAMS:
                continue
            parameters = operation.get("parameters", [])
            plain = path
            for name in (p["name"] for p in parameters if p["in"] == "path"):
                plain = plain.replace(f"{{{name}}}", NOTHING)
                for text in TEXTS:
                    yield method, path.replace(f"{{{name}}}", escaped(text)), None
            query = {p["name"]: p.get("required", False) for p in parameters if p["in"] == "query"}
            for name in query:
                others = [
                    f"{other}=2026-01-05T08:00:00Z" for other, needed in query.items() if needed and other != name
                ]
                for value in TEXTS + TIMES:
                    yield method, f"{plain}?{'&'.join([f'{name}={escaped(value)}', *others])}", None
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema is not None:
                for body in bodies(document, schema):
                    yield method, plain, body


def bodies(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[bytes]:
    yield from BODIES
    for form in schema.get("anyOf", [schema]):
        properties = resolved(document, form).get("properties", {})
        right = {name: example(document, value) for name, value in properties.items()}
        for name in properties:
            for value in [*TEXTS, *TIMES, *NUMBERS]:
                yield json.dumps(right | {name: value}).encode()
                yield json.dumps(right | {name: [value]}).encode()


def example(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value as it should be."""
    schema = resolved(document, schema)
    if "anyOf" in schema:
        return example(document, schema["anyOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("format") == "date-time":
        return "2026-01-05T08:00:00Z"
    if schema.get("type") == "array":
        return [example(document, schema.get("items", {}))]
    return {"integer": 1, "number": 1.0, "boolean": True, "object": {}}.get(schema.get("type", ""), "x")


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return found
    return schema


def escaped(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
