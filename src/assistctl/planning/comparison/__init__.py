"""One thing declared against one that is there: state, differences, and who made them."""
