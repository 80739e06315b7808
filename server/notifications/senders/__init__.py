"""Ways out: each takes a batch of pushes or mails and says of every one what became of it."""
