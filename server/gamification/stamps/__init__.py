"""Stars put on a member's card by hand, without a basket."""
