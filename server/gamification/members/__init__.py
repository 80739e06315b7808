"""Members: who they are, how they are found, their cards and their sign-ins."""
