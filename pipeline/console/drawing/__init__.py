"""The page on which masks, areas and the calibration of one camera are drawn; see `viapublica camera draw`."""
