"""What there is to know: the overview, coverage, failures, and a line on the home page."""
