"""Whether what has to be apart is apart, and what has to be alike is alike."""
