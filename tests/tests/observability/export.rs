//! What `conductor export` writes for this manifest, asked of the programs that read it.
