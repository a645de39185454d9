//! The WebAssembly entry: brings the islands of the pages in `app` to life.

// Naming the crate keeps the islands' exports from being dropped by the linker.
#[allow(unused_imports)]
use app::*;
use leptos::prelude::document;
use wasm_bindgen::prelude::wasm_bindgen;

/// Hydrates the islands of the page, then marks `<html>` with `data-hydrated`, so that a test knows when to touch them.
#[wasm_bindgen]
pub fn hydrate() {
    #[cfg(debug_assertions)]
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_islands();
    if let Some(root) = document().document_element() {
        // Only a malformed attribute name can fail here.
        let _ = root.set_attribute("data-hydrated", "");
    }
}
