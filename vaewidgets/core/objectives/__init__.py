"""What is minimised: the terms, and how each family of models puts them together."""
