"""Perturbations that are fitted on some pictures and tested on others."""
