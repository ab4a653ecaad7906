"""What classifiers share."""
