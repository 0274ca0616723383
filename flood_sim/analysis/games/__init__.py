"""What projects are worth: attribution, money, uncertainty."""
