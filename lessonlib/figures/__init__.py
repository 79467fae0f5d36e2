"""Figures of the chapters, one module a topic: they draw results and compute nothing."""
