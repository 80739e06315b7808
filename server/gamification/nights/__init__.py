"""The night: what happens by itself when a day is over, in one written order."""
