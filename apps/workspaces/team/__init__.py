"""Members, invitations and secrets of a workspace, from its creation to its end."""
