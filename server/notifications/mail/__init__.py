"""E-mail: queued with the change that causes it, sent later by a job, or kept to be read here."""
