//! Finds the SDK, takes the draft hash from its header, and links its distance kernels.
//! The environment variable RHUMB_SDK names the prefix that the SDK was installed to.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=RHUMB_SDK");
    let prefix = PathBuf::from(env::var("RHUMB_SDK").unwrap_or_else(|_| "/usr".to_string()));
    let header = prefix.join("include/rhumb/draft.h");
    println!("cargo:rerun-if-changed={}", header.display());
    let text = fs::read_to_string(&header).unwrap_or_else(|e| {
        panic!(
            "{}: {e}. Set RHUMB_SDK to where the Rhumb SDK is installed.",
            header.display()
        )
    });
    let hash = text
        .lines()
        .find(|line| line.contains("define RHUMB_DRAFT_HASH"));
    let hash = hash
        .and_then(|line| line.split('"').nth(1))
        .expect("draft.h has no RHUMB_DRAFT_HASH");
    println!("cargo:rustc-env=RHUMB_DRAFT_HASH={hash}");
    let library = find_library(&prefix.join("lib"));
    let folder = library.parent().expect("a library lies in a folder");
    println!("cargo:rustc-link-search=native={}", folder.display());
    println!("cargo:rustc-link-lib=static=rhumb_kernels");
}

/// The library lies in lib/ itself, or on Debian in a folder for the architecture.
fn find_library(lib: &Path) -> PathBuf {
    let mut folders = vec![lib.to_path_buf()];
    if let Ok(entries) = fs::read_dir(lib) {
        folders.extend(entries.flatten().map(|entry| entry.path()));
    }
    let found = folders
        .iter()
        .map(|folder| folder.join("librhumb_kernels.a"))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{}: no librhumb_kernels.a", lib.display()))
}
