"""The process that runs a job: the supervisor, and the child that it starts."""
