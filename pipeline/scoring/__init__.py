"""Trained methods, ready to score images: from pixels to one score a class."""
