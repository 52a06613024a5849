"""What the README's figures are made from: benchmarks and long campaigns. Nothing here is a test."""
