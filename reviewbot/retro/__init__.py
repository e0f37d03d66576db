"""The retrospective: incident files, judging, scoring."""
