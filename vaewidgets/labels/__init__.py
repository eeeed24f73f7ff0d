"""Labels: the log of edits and the DataFrame column. No widget, no torch."""
