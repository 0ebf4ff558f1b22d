"""What goes wrong on real stations, looked for and told with its cure. Nothing here changes anything."""
