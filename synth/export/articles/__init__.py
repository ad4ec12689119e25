"""Articles as plain texts for continued pretraining: which ones, what of them, and which days are held out."""
