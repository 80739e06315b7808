"""Streaks: coming again in every day, week or month, by the member's own calendar."""
