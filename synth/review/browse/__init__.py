"""What the pages that browse show: samples, events and articles of the store, found, sorted and explained."""
