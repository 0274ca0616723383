"""Who acts and what fails while a run goes on."""
