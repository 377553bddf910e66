"""Edges out: command line, API, wall and desk."""
