"""drand: public randomness over HTTP, from several mirrors."""
