"""Star cards: a number of stars for a gift. The stars are a unit of the ledger."""
