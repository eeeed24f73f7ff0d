"""The widgets: one view a file."""
