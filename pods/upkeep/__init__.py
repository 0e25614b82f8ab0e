"""What an operator needs to keep a host whole: copies of everything, and a look at whether all is as it should be."""
