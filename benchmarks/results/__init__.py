"""What docs/results.md shows: a plan of trials, their figures, and the page."""
