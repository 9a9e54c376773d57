"""A server that other processes run (`viapublica serve`), asked by the command line."""
