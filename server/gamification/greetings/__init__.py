"""Greetings: points once a year, on a birthday and on the day of joining."""
