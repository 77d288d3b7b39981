"""The Django project: settings, addresses, entry points; nothing else."""
