"""
What a rendition costs: here, with stock Wagtail, with its peers, and at least.

``python -m benchmarks`` runs everything and prints one table; ``docs/performance.md`` says how to read it.
"""
