"""What the product does, one verb phrase a module."""
