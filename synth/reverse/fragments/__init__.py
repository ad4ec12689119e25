"""Which parts of articles can be answers: whole, of one piece, understood without the rest; and a draw among them."""
