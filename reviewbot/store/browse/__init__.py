"""Reading the tables for people: queries over many reviews, answered with values of the domain."""
