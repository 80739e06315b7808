"""What members have agreed to, and to which words; every answer is kept."""
