"""Media of the demo: a street video from a package, and a rendered scene with plates."""
