"""What stands below the fields of a model, read from its source.

pydantic can do this by itself (`use_attribute_docstrings`), but then it parses the source of every model
whenever the models are imported, and the daemon has no use for the words.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache

from pydantic import BaseModel


def fields_of(model: type[BaseModel]) -> dict[str, str]:
    """By name of the field, those it inherits included."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if issubclass(each, BaseModel) and each is not BaseModel:
            found |= _written(each)
    return found


@cache
def _written(model: type[BaseModel]) -> dict[str, str]:
    if model.__pydantic_generic_metadata__["origin"] is not None:
        return {}  # made while running; its fields are those of its origin, which is among its bases
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
            case _:
                pass
    return found
