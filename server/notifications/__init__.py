"""What is sent to people, and how."""
