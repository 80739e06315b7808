"""Badges: what members are proud of, earned by conditions or given by people."""
