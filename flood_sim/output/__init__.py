"""What a run leaves: fields, network, sites, checkpoints, and the folder around them."""
