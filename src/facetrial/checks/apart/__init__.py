"""Whether what has to be another thing is another one, and what must not be known is not."""
