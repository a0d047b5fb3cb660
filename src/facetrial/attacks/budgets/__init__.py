"""How much a picture may be changed: one norm a file."""

__all__ = ["L0", "L1", "L2", "RMS", "Area", "Budget", "Linf"]
