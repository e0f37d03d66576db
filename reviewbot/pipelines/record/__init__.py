"""The record: incidents as they are reported, and what the reviews of their causes came to."""
