"""Models as trainer, evaluator and engine share them: loading, prompts, generation, folders, starters."""
