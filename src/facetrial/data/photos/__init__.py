"""From a picture file to a crop: reading, finding faces, aligning, keeping."""
