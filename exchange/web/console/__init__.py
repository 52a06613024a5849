"""The staff's site. Handlers parse, call a step, render; they decide nothing."""
