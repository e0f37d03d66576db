"""One door: review(task, reviewers) -> Review."""
