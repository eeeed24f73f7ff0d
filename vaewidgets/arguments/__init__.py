"""What people pass, brought to one form: a file for each kind of argument."""
