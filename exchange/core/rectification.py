"""What somebody may say is wrong about them, and how that ends (GDPR Art. 16)."""

ABOUT = ("details", "contact", "situation", "decision", "message", "other")
OUTCOMES = ("corrected", "note")
"""`note`: the service does not agree, or cannot tell; what the person says stands beside it from now on."""
