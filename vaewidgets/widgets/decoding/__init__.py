"""What the widgets that decode share: pictures, tracks of dimensions, files of animations."""
