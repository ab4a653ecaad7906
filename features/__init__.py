"""One module per feature: scikit-learn transformers from images to vectors."""
