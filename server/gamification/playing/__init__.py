"""Playing: the written order in which an activity reaches challenges, streaks and badges."""
