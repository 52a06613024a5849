"""Where backups lie and how they are written and read; what is done with them stands in `steps/backup.py`."""
