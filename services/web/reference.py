"""The API's reference as a page, from its OpenAPI document: nothing is fetched from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from verifiers.types import Json

_NATIVE = "Native"


@dataclass(frozen=True, slots=True)
class Schema:
    """A body or an answer; `fields` are names and kinds, `examples` JSON."""

    name: str
    says: str
    examples: list[str]
    fields: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Route:
    """One address."""

    method: str
    path: str
    says: str
    body: Schema | None
    answer: Schema | None


def groups(document: Json) -> dict[str, list[Route]]:
    """The routes of each protocol, the native ones first."""
    found: dict[str, list[Route]] = {_NATIVE: []}
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            body = about.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            answer = about["responses"]["200"].get("content", {}).get("application/json", {}).get("schema")
            route = Route(
                method.upper(),
                path,
                about.get("description", about.get("summary", "")),
                _schema(document, body),
                _schema(document, answer),
            )
            for tag in about.get("tags", [_NATIVE]):
                found.setdefault(tag, []).append(route)
    return found


def _schema(document: Json, reference: Json | None) -> Schema | None:
    name = _name(reference or {})
    if not name:
        return None
    schema = document["components"]["schemas"][name]
    required = schema.get("required", ())
    fields = [
        (field, _kind(about) + ("" if field in required else ", optional"))
        for field, about in schema.get("properties", {}).items()
    ]
    examples = [json.dumps(each, indent=2, ensure_ascii=False) for each in schema.get("examples", ())]
    return Schema(name, schema.get("description", ""), examples, fields)


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _kind(schema: Json) -> str:
    if name := _name(schema):
        return name
    if "enum" in schema or "const" in schema:
        return " or ".join(json.dumps(value) for value in schema.get("enum", [schema.get("const")]))
    if options := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(_kind(option) for option in options))
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    limits = ", ".join(_limits(schema))
    return f"{kind} ({limits})" if limits else kind


def _limits(schema: Json) -> Iterator[Any]:
    for name, word in (("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most")):
        if name in schema:
            yield f"{word} {schema[name]}"
    if "maxLength" in schema:
        yield f"{schema['maxLength']} characters at most"
