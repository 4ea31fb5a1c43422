"""Every write. Only actions publish, and only after the commit."""
