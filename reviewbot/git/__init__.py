"""Reading repositories with the git command line: hex names in, values out, no working tree."""
