"""How many kernels a process keeps that oneDNN compiled for products of one size each.

Texts come in all lengths, and each new number of tokens makes a few kernels of about half a megabyte. By default 1,024 are
kept, in torch's cache and in oneDNN's own alike: more than a gigabyte that no estimate holds. Read when the first product
is computed: https://uxlfoundation.github.io/oneDNN/dev_guide_primitive_cache.html, and ideep's lru_cache in torch.
"""

KEPT = {"LRU_CACHE_CAPACITY": "64", "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "64"}
