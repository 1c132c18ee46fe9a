"""What is done with law as a text, above the kernel that decides by it."""
