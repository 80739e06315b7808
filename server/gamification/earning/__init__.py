"""Earning: facts in, accruals out."""
