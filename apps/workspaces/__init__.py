"""Workspaces, memberships, keys, audit trail; access/permissions.py alone decides who may do what."""
