"""Other systems and formats that purchases come from: one folder each."""
