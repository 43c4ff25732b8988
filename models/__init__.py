"""One folder per model; the platform reads them and is never changed for one."""
