"""Some collections of many: those of a name, and those of one page. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .tree import Node, Tree

#: Rows of a page that has few columns, and of any.
PAGE, LEAST = 50, 4
#: Boxes of a page.
BOXES = 800


def rows_of_page(columns: int, besides: int = 0, fields: int | None = None) -> int:
    """
    How many collections a page has that has so many columns, and so many rows ``besides``: no more than make
    :data:`BOXES`, and four fifths of the ``fields`` that a form may have, if that is less. Of very many columns the
    fewest with which one finds one's way.
    """
    boxes = BOXES if fields is None else min(BOXES, fields * 4 // 5)
    return max(LEAST, min(PAGE, boxes // max(columns, 1) - besides))


def named(tree: Tree, nodes: Sequence[Node], words: str) -> list[Node]:
    """Those whose names have all the words in them, with those they are below, so that one sees where they are."""
    wanted = words.casefold().split()
    found: set[str] = set()
    for node in nodes:
        if all(word in node.name.casefold() for word in wanted):
            found.update(each.path for each in (*tree.above(node), node))
    return [node for node in nodes if node.path in found]


def pages(tree: Tree, nodes: Sequence[Node], size: int) -> list[list[Node]]:
    """
    Collections in the order of the tree, cut where a branch ends. A branch that is larger than a page goes on on the
    next one, beginning with those that the rest of it is below.
    """
    found: list[list[Node]] = []
    page: list[Node] = []
    for branch in _branches(tree, nodes):
        if page and len(page) + len(branch) > size:
            found.append(page)
            page = []
        page += branch
        while len(page) > size:
            rest = page[size:]
            found.append(page[:size])
            shown = {node.path for node in nodes}
            # However deep the tree is, every page has something new.
            above = [node for node in tree.above(rest[0]) if node.path in shown][-size // 2 :]
            page = [*above, *rest]
    if page or not found:
        found.append(page)
    return found


def _branches(tree: Tree, nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """The topmost of some collections, each with those of them below it."""
    shown = {node.path for node in nodes}
    branch: list[Node] = []
    for node in nodes:
        if branch and not any(above.path in shown for above in tree.above(node)):
            yield branch
            branch = []
        branch.append(node)
    if branch:
        yield branch
