"""Reports of a run: tables for learning platforms, a page to read, files for other tools."""
