"""What is to be seen in a camera's picture: people, presence in regions, tampering, and the rules about them.

Pictures come in as NumPy arrays and models as bytes; time is an argument.
"""
