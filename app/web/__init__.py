"""Handlers: parse, one call, respond."""
