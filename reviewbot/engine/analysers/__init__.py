"""Programs that read source files without running them; each turns its own report into hits."""
