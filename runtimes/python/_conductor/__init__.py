"""The support modules of generated workflows. It deliberately knows no workflow."""
