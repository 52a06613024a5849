"""What runs inside the sandbox, and nothing else. Imports nothing of `media` outside this folder."""
