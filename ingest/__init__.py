"""Edges in: MQTT in batches, back-pressure, acknowledgement after commit."""
