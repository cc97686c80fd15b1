"""Faults, provoked many times: what survives them, and what a user sees."""
