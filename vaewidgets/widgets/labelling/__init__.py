"""What the annotator is made of: labelling, looking back, curating, suggesting."""
