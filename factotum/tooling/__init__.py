"""What lies below the toolbox: tools and their servers, sessions with them, and their cages."""
