"""reviewbot: a pull-request reviewer that proves itself on your own incidents."""

__version__ = "0.1.0"
