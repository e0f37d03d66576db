"""Past incidents out of what other tools export, one module for each form."""
