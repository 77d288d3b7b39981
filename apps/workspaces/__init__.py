"""Workspaces, memberships, keys, audit trail; access.py alone decides who may do what."""
