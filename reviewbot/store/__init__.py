"""What is kept in the database; rows never leave this package."""
