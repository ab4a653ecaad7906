"""One module per classifier on features: scikit-learn estimators."""
