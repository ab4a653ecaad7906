"""One module per reader: where the files are, their checksums, how they decode."""
