"""What a page shows of filters: in words, and on a sample."""

from __future__ import annotations

from typing import Any

from ...models import StoredSpec
from .cards import cards, summary
from .mistakes import mistake
from .sample import sample_for
from .trying import MOST_TRIED, is_too_large, try_out


def shown(request: Any, text: str, chosen: str = "", *, pictures: bool = True) -> dict[str, Any]:
    """
    For the templates: what is wrong with filters as they are written, or else what they make. ``chosen`` is the key of
    the sample; without ``pictures`` it is not opened.
    """
    row = StoredSpec(spec_id="preview", filters=text)
    sample = sample_for(request, chosen)
    said = mistake(row.patterns) if row.patterns else None
    context = {"sample": sample, "mistake": said, "empty": not row.patterns, "pictures": pictures}
    if said or not row.patterns:
        return context
    filter_specs = row.as_spec().filters
    context["summary"] = summary(filter_specs)
    if pictures and sample is not None:
        context["too_large"] = is_too_large(sample)
        made = try_out(sample, filter_specs)
        context["cards"] = cards(filter_specs[:MOST_TRIED], made)
        context["left_out"] = len(filter_specs) - len(filter_specs[:MOST_TRIED])
    return context
