"""What every HTML page is made with, the site's and the reports': colours, text, tables, and escaping."""
