"""What the tables mean by "evaluated" and by "significant"."""

EVALUATED = {"ok", "unconverged"}  # statuses with scores to evaluate
SIGNIFICANT = 0.05
