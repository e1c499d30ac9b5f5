"""Pictures that are broken in every way a seeded generator can think of, and what becomes of them.

``make fuzz ARGS="--cases 100000"`` goes through many; ``tests/faults/test_malformed_images.py`` through a few hundred.
"""

import os

# Willow asks the settings as soon as it is imported.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
