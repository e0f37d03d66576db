"""Reviewers that come with the product."""
