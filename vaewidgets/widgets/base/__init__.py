"""What every widget shares: its messages with the page, and its work in the background."""
