"""The flow, one file each: the only place where rules meet storage. Read in the order of the case's story."""
