"""
What happens to sources: noted while a transaction runs, read and compared after it commits, told to strategies.

``facts`` are what was noted, ``notes`` keeps them for their transaction, ``reading`` asks the database,
``comparing`` decides, ``flush`` puts it together, ``dispatch`` tells the strategies.
"""
