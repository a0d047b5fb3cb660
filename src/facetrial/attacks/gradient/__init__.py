"""Methods that go step by step along a gradient."""
