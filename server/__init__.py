"""Fairstar: a self-hosted loyalty backend that can prove that it is fair."""

__version__ = "0.1.0"
