"""Every defence before every attack: its table, files and section."""
