"""Which specs apply to the images of a collection, and why: ticked there, above it, for all images, or in code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from django.db.models import Model
from wagtail.images import get_image_model

from ...exceptions import SourceGroupsError
from ...models import Assignment
from ...registry import Registry
from ...sourcegroups import CollectionSourceGroup, ImageModelSourceGroup, SourceGroup
from ...sourcegroups.base import image_groups
from .places import Place, site_images
from .tree import Node, Tree, read_tree


class Origin(NamedTuple):
    """Why a spec applies where nobody has to tick it: "in code", to "all" images, or to a collection "above"."""

    kind: Literal["code", "all", "above"]
    above: Node | None = None


@dataclass(frozen=True)
class Coded:
    """
    What code binds: ids of specs by the label of the image model all of whose images get them, and by the collection;
    and by spec id other groups, which are some of the site's images.
    """

    everywhere: Mapping[str, frozenset[str]]
    collections: Mapping[CollectionSourceGroup, frozenset[str]]
    some: Mapping[str, tuple[SourceGroup, ...]]


@dataclass(frozen=True)
class Assigned:
    """What applies to the collections of ``tree``; ``own`` are pairs of a spec id and what it is assigned to."""

    tree: Tree
    own: frozenset[tuple[str, Place]]
    coded: Coded

    def is_own(self, spec_id: str, place: Place) -> bool:
        """Whether somebody has assigned the spec there in the admin."""
        return (spec_id, place) in self.own

    def is_in_code(self, spec_id: str, images: Place) -> bool:
        """Whether code binds the spec to all images of a model."""
        if spec_id in self.coded.everywhere.get(images.image_model, ()):
            return True
        root = self.tree.root
        return root is not None and images == site_images() and spec_id in root.coded_below

    def origin(self, spec_id: str, node: Node) -> Origin | None:
        """Why the spec applies to a collection without having been assigned to it itself, if it does."""
        everywhere = site_images()
        if self.is_in_code(spec_id, everywhere):
            return Origin("code")
        if self.is_own(spec_id, everywhere):
            return Origin("all")
        for above in self.tree.above(node):
            if self.comes_from(spec_id, above):
                return Origin("above", above)
        return Origin("code") if spec_id in node.coded else None

    def comes_from(self, spec_id: str, node: Node) -> bool:
        """Whether the spec applies to all that is below a collection because of this one."""
        return self.is_own(spec_id, Place(node.pk)) or spec_id in node.coded_below


def read_assigned(registry: Registry) -> Assigned:
    """What applies to all collections. Two queries."""
    coded = bound_in_code(registry)
    tree = read_tree(coded.collections)
    root = tree.root
    own = set()
    for spec_id, collection, image_model in Assignment.objects.values_list(
        "spec_id", "collection_id", "image_model"
    ):
        # The root collection has all images in it.
        is_root = root is not None and collection == root.pk
        own.add((spec_id, site_images() if is_root else Place(collection, image_model.lower())))
    return Assigned(tree, frozenset(own), coded)


def bound_in_code(registry: Registry) -> Coded:
    """What code binds to images, as far as it can be told by collection."""
    everywhere: dict[str, frozenset[str]] = {}
    collections: dict[CollectionSourceGroup, frozenset[str]] = {}
    some: dict[str, tuple[SourceGroup, ...]] = {}
    for binding in registry.bindings:
        spec_id, group, model = binding.spec.id, binding.group, image_model_of(binding.group)
        if model is None or registry.is_stored(binding):
            continue
        # By its very class: a subclass may leave some images out.
        if type(group) is ImageModelSourceGroup:
            label = model._meta.label_lower
            everywhere[label] = everywhere.get(label, frozenset()) | {spec_id}
        elif model is not get_image_model():
            continue
        elif type(group) is CollectionSourceGroup:
            collections[group] = collections.get(group, frozenset()) | {spec_id}
        else:
            some[spec_id] = (*some.get(spec_id, ()), group)
    return Coded(everywhere, collections, some)


def image_model_of(group: SourceGroup) -> type[Model] | None:
    """The image model of a group, if it is one of images and if the model exists; a system check says if not."""
    try:
        return next((each.model for each in image_groups([group])), None)
    except SourceGroupsError:
        return None
