"""Inside the child process of a job: its events, its end, its errors."""
