"""From scores to accuracy, intervals and paired tests: the one evaluator."""
