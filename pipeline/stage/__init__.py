"""What every stage shares: its process, entry point, parameters, plug-ins and files."""
