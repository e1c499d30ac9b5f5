"""What Django templates ask for: parsed, never rendered, and every node looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.template import Node, Origin, Template
from django.template.loader_tags import ExtendsNode
from wagtail.images.templatetags.wagtailimages_tags import ImageNode, SrcsetImageNode, image_url

from . import ourtags
from .templates import Source, may_matter, sources_by_name
from .uses import Scanned, Use


def scan_engine(engine: Any) -> Iterator[Scanned]:
    """What the templates of a ``django.template.Engine`` ask for."""
    for sources in sources_by_name(engine).values():
        for source in sources:
            text = ""
            try:
                text = source.read(engine.file_charset)
                nodes = list(nodes_of(parsed(text, source, engine))) if text else []
                asked = tuple(use for node in nodes for use in uses(node, source.path))
            except Exception as error:  # noqa: BLE001 - any tag of the site's may raise whatever it likes
                if may_matter(source.path, text):
                    yield Scanned(source.path, error=sentence(error, source.path))
                break
            yield Scanned(source.path, asked)
            if not any(extends(node, source.name) for node in nodes):
                # The others of this name are never reached.
                break


def extends(node: Node, name: str) -> bool:
    """Whether a node extends the template of this name."""
    return isinstance(node, ExtendsNode) and literal(node.parent_name) == name


def parsed(text: str, source: Source, engine: Any) -> Template:
    """Raises whatever the tags in it raise."""
    return Template(text, Origin(source.path, source.name), source.name, engine)


def sentence(error: Exception, path: str) -> str:
    """What is wrong with the template of a path, and where, as far as the exception knows."""
    # Where Django lists what it knows, one a line, the first says enough.
    said = (
        str(error)
        .removeprefix(f"Template: {path}, ")
        .strip()
        .partition("\n")[0]
        .partition(" Must be one of")[0]
        or type(error).__name__
    )
    line = getattr(getattr(error, "token", None), "lineno", None)
    return said if line is None or f"line {line}" in said else f"Line {line}: {said}"


def nodes_of(template: Template) -> Iterator[Node]:
    """
    Every node of a template, in its order. ``get_nodes_by_type`` would leave out those in lists that a tag does not
    name in ``child_nodelists``, which tags of other packages seldom do.
    """
    seen: set[int] = set()
    # A stack of iterators, not recursion: a long template nests deeply.
    waiting: list[Iterator[Any]] = [iter(template.nodelist)]
    while waiting:
        found = next(waiting[-1], None)
        if found is None:
            waiting.pop()
        elif id(found) not in seen:
            seen.add(id(found))
            if isinstance(found, Node):
                yield found
            waiting.append(_inside(found))


def _inside(found: Any) -> Iterator[Any]:
    inside: Iterable[Any] = ()
    if isinstance(found, Node):
        inside = getattr(found, "__dict__", {}).values()
    elif isinstance(found, dict):
        inside = found.values()
    elif isinstance(found, list | tuple):
        inside = found
    return iter([each for each in inside if isinstance(each, Node | dict | list | tuple)])


def uses(node: Node, path: str) -> Iterator[Use]:
    """What a node asks for."""
    if isinstance(node, ImageNode):
        several = isinstance(node, SrcsetImageNode)
        asked = node.get_filters() if several else [node.get_filter()]
        yield Use(path, *_said(node), tuple(each.spec for each in asked), "|".join(node.filter_specs))
    elif getattr(node, "func", None) is image_url:
        filter_spec = literal(argument(node, 1, "filter_spec"))
        yield Use(path, *_said(node), (filter_spec,) if filter_spec else (), filter_spec or "")
    elif ourtags.is_generateimage(node):
        yield ourtags.generateimage(path, *_said(node), literal(node.spec))  # type: ignore[attr-defined]
    elif ourtags.is_thumbnail(node):
        yield _thumbnail(node, path, *_said(node))


def _said(node: Node) -> tuple[int, str]:
    """The line of a tag, and its first word."""
    token = node.token
    return (token.lineno or 0, token.split_contents()[0]) if token else (0, type(node).__name__)


def _thumbnail(node: Any, path: str, line: int, tag: str) -> Use:
    spec_id, size = literal(node.spec), literal(node.size)
    options = {name: literal(value) for name, value in (node.options or {}).items()}
    if size is None or (node.spec is not None and spec_id is None):
        return Use(path, line, tag)
    return ourtags.thumbnail(path, line, tag, spec_id or "", size, options)


def argument(node: Any, position: int, name: str) -> Any:
    """An argument of a simple tag, by its position or its name; ``None`` if it is not given."""
    return node.args[position] if len(node.args) > position else node.kwargs.get(name)


def literal(expression: Any) -> str | None:
    """The text that stands in a template, ``None`` for a variable, or for a text with filters."""
    var: Any = getattr(expression, "var", None)
    if getattr(expression, "filters", ()):
        return None
    if isinstance(var, str):
        return str(var)
    # Numbers are variables to Django, and words such as True are looked up in the context.
    value = getattr(var, "literal", None)
    if value is None and getattr(var, "var", None) in ("True", "False", "None"):
        return str(var.var)
    return None if value is None else str(value)
