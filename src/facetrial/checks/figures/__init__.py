"""Figures beside the headline, counted anew by other code than that which made them."""
