"""Methods that see scores or decisions only, and draws that ask nobody."""
