"""The noise level of the study: how it is found, and where it is kept."""
