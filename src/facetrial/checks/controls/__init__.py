"""Checks against what asks nobody: noise, and what was fitted upside down."""
