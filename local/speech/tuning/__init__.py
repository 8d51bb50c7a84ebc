"""How `telephone.npz` was made: Moonshine tuned, by low-rank additions, to calls to a restaurant line."""
