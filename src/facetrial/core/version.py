"""The version of the package, which it has from here also where it is not installed."""

VERSION = "0.1.0"
