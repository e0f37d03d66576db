"""Talking to GitHub: what it sends, what it answers, what we write."""
