"""Teahouse: a chat server that speaks HTML. Start reading at `main.py`."""
