"""A page to draw digits on: the model reads them in the browser, and nothing leaves the machine."""
