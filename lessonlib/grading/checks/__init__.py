"""The exercises and how they are judged, one module each."""
