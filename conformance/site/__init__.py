"""The specification as a static site: catalogue, tables and oracle become pages; pure until `build.write`."""
