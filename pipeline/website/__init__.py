"""The history as one self-contained page."""
