"""The judge: real traces with planted acts and near misses, replayed through `ducha`, scored against the truth.

It imports nothing of the product. It knows the contract only: CSV traces and a GeoJSON plan in, `alerts.jsonl` out.
"""
