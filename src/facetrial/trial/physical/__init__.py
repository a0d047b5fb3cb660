"""What is left of an attack when pictures are saved, sent, found and aligned again."""
