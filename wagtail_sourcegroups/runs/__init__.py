"""
Bulk jobs that many workers share, that can be paused and resumed, and that survive whoever works on them.

A run holds a question. It is cut into batches, each a range of keys that one worker leases at a time; a cursor moves
through it, and whoever takes it over begins there.
"""
