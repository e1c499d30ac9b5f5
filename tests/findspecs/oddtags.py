"""
Tags as other packages write them, beside this package's own.
"""

from __future__ import annotations

from typing import Any

from django import template
from jinja2 import Environment
from wagtail.images import jinja2tags

from wagtail_sourcegroups.templatetags import sourcegroups_tags

register = template.Library()


class Panel:
    """No node, and so nobody's child."""


class TabsNode(template.Node):
    """Keeps what is inside of it where ``child_nodelists`` does not say."""

    child_nodelists = ()

    def __init__(self, inside: template.NodeList) -> None:
        self.panel = Panel()
        self.tabs = {"first": [("title", inside)]}


@register.tag
def tabs(parser: Any, token: Any) -> TabsNode:
    inside = parser.parse(("endtabs",))
    parser.delete_first_token()
    return TabsNode(inside)


@register.tag
def moody(parser: Any, token: Any) -> template.Node:
    raise RuntimeError("not today")


register.tag("generateimage", sourcegroups_tags.generateimage)
register.tag("thumbnail", sourcegroups_tags.thumbnail)


def environment(**options: Any) -> Environment:
    env = Environment(**options)
    env.globals.update(
        img=jinja2tags.image, generateimage=lambda *args, **kwargs: "", thumbnail=lambda *args, **kwargs: ""
    )
    # What no dictionary can look up.
    env.globals["unhashable"] = {}
    return env
