"""Copies the events of a day into the warehouse."""
