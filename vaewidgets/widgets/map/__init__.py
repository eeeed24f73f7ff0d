"""The map under every widget that shows points."""
