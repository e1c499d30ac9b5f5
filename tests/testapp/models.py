"""Models that only tests need. Their one migration makes the tables as these classes stand."""
