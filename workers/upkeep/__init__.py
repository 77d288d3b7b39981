"""What keeps the studio in order by the clock: the reaper."""
