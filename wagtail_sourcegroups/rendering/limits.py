"""How large an output may become, and how loud a large source may be."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL.Image import DecompressionBombWarning

from wagtail_sourcegroups.exceptions import OutputTooLarge

Size = tuple[int, int]


def is_too_large(size: Size, max_output_pixels: int | None) -> bool:
    return max_output_pixels is not None and size[0] * size[1] > max_output_pixels


def check_output_size(spec: str, name: str, size: Size, max_output_pixels: int | None) -> None:
    """Refuse an output of more pixels than allowed, before a pixel of it is made.

    ``spec`` and ``name`` (of the source) are for the message; no limit if ``max_output_pixels`` is None.

    Raises ``OutputTooLarge``.
    """
    width, height = size
    if is_too_large(size, max_output_pixels):
        raise OutputTooLarge(
            f"{spec!r} would make {width}×{height} = {width * height} pixels of {name!r}; at most "
            f"{max_output_pixels} are allowed (WAGTAIL_SOURCEGROUPS['MAX_OUTPUT_PIXELS'])."
        )


@contextmanager
def bomb_warnings_off() -> Iterator[None]:
    """Keep Pillow's warning about large pictures off the screen, unless the site has its own filter for it.

    Pillow warns of each source and each crop above ``PIL.Image.MAX_IMAGE_PIXELS``. Python's warning filters
    are one list for all threads: enter this in the thread that starts the workers, around all of their work.
    What Pillow takes for a bomb, at twice the limit, it still refuses.
    """
    with warnings.catch_warnings():
        # At the end of the list: a filter that turns the warning into an error comes first and wins.
        warnings.filterwarnings("ignore", category=DecompressionBombWarning, append=True)
        yield
