"""What differs between two folders of result tables."""
