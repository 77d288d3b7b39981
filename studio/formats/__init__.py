"""How dates and numbers look in each language, where Django's own habits are not ours."""
