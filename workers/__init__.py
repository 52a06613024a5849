"""The queue: thin tasks that take ids and call steps."""
