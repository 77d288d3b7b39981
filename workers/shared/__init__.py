"""What the site and the work behind it both do: files, copies, addresses, memory. Imports neither Django nor torch."""
