"""The programme: its name, money, zone, units and policies."""
