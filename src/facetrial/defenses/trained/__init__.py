"""Defences that change what the recogniser is trained on."""
