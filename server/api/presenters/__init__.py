"""How things of the domain look in answers, shared by the member and the partner API."""
