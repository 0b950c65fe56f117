"""Accounts, limits and fraud reports of the bank."""
