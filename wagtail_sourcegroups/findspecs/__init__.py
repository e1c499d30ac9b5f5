"""
Which filter specs a site asks for, where, and which of its specs cover them.

Templates are parsed and never rendered; nothing here writes, and only :mod:`.observed` asks the database.
"""
