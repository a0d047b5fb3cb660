"""Recognisers that answer and show nothing else: a function, a service, a program."""
