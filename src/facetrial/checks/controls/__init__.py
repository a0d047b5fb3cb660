"""Checks by noise of their own: what searches does more than it, and what is certified withstands it."""
