"""Files for people: outcomes, problems and the station's status, each written whole."""
