"""What PNG, SVG and PDF files show."""
