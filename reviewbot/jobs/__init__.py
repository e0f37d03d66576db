"""The durable workflows, on DBOS."""
