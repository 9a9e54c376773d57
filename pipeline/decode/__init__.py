"""Camera or file to frames with true timestamps; reconnects; never decodes audio."""
