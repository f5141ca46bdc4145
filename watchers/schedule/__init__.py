"""What the schedule watcher is made of: the notes, how far each has come, and one timer."""
