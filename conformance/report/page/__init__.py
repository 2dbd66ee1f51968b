"""Reports as HTML: one self-contained file each, in which nothing that a target sent is markup."""
