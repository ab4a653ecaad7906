"""From downloads and image files to arrays: what the dataset readers share."""
