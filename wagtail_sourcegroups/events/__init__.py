"""
What happens to sources: noted while a transaction runs, read and compared after it commits, told to strategies.

``facts`` are what was noted, ``notes`` keeps them for their transaction, ``watching`` knows what concerns which
group, ``before``, ``owners`` and ``references`` what was so far, ``reading`` asks the database, ``comparing``
decides, ``flush`` puts it together, ``dispatch`` tells the strategies, ``questions`` are those too big to be
answered at once.
"""
