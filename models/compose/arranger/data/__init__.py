"""What the arranger knows by heart, as tables: the drum kit, fills, progressions, cadences, kinds of sections, forms."""
