"""Footage nobody can quietly change: leaves, their log, its signed heads, exports, and their verification."""
