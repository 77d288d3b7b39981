"""Running a job's child process: the supervisor outside it, the reporter inside it."""
