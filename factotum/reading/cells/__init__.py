"""One small file a format, each run by path in a child process and nowhere else.

Each has `read(data, most, until_s)`: the file's bytes, how many characters of text are
wanted, and the `time.monotonic()` by which it should be content with what it has. It
returns plain facts that fit into JSON, imports nothing of ours and may die of its bytes.
"""
