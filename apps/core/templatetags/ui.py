"""Template tags and filters for figures and small components."""

from django import template

register = template.Library()
