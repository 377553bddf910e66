"""Edges in for pictures: each camera is demuxed once; its packets go to recorder, live viewers and sampler."""
