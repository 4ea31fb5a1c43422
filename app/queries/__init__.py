"""Every read that a page needs, a fixed number of queries each. Permission was checked at the door (`access`)."""
