"""From a composed config to what is said of one photograph, or of two: what `facetrial photo` and `verify` do."""
