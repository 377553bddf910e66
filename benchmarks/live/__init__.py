"""Live video: what a viewer costs, what a person at the screen waits for, what joining and leaving leaves behind."""
