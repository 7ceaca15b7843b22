"""What the command line shows of files: gathered, then as text, JSON, SARIF or a page."""
