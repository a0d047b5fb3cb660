"""Methods that look for the smallest change."""
