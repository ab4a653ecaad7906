"""One module per hand-made feature: scikit-learn transformers from images to vectors."""
