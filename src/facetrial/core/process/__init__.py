"""What belongs to a process, and ends with it."""
