"""What was learned, and what is hard, as pictures: one module a kind of picture."""
