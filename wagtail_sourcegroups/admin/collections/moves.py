"""A collection that is moved in the tree sends no signal."""

from __future__ import annotations

from typing import Any

from ... import receivers


class CollectionMoves:
    """For the view that edits a collection: a move in the tree sends no signal."""

    form: Any

    def save_instance(self) -> Any:
        # Inside the view's transaction, and before the tree changes.
        if "parent" in self.form.changed_data:
            receivers.before_collection_moves(self.form.instance)
        return super().save_instance()  # type: ignore[misc]
