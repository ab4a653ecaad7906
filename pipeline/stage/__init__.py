"""What every stage shares: its entry point, parameters, plug-ins and files."""
