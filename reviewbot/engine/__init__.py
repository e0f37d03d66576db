"""The engine: `review` is its one door; the stages are select, context, find, anchor, merge and choose."""
