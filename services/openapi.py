"""Routes read their bodies themselves, within limits; their schemas belong into the OpenAPI document all the same."""

from __future__ import annotations

import functools
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

_bodies: dict[str, type[BaseModel]] = {}


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` of a route that reads a body as this model."""
    _bodies[model.__name__] = model
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def describe_bodies(app: FastAPI) -> None:
    """Put the schemas of all bodies into the document of an app."""
    made = app.openapi

    @functools.cache
    def openapi() -> dict[str, Any]:
        document = made()
        _, found = models_json_schema(
            [(model, "validation") for model in _bodies.values()], ref_template="#/components/schemas/{model}"
        )
        document["components"]["schemas"] |= found["$defs"]
        return document

    app.openapi = openapi  # type: ignore[method-assign]
