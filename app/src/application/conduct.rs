//! What a page turns out to need from its headers, noted while it is rendered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leptos::prelude::*;

/// Notes of one rendering; the headers are written from them when the page is whole.
#[derive(Debug, Clone, Default)]
pub struct Conduct {
    island: Arc<AtomicBool>,
    form: Arc<AtomicBool>,
    script: Arc<AtomicBool>,
}

impl Conduct {
    /// The page holds an island: scripts may run.
    pub fn has_island(&self) {
        self.island.store(true, Ordering::Relaxed);
    }

    /// The page holds a form that posts: the browser must be able to say where the post comes from.
    pub fn has_form(&self) {
        self.form.store(true, Ordering::Relaxed);
    }

    /// The page runs a script of its own, beside islands.
    pub fn runs_script(&self) {
        self.script.store(true, Ordering::Relaxed);
    }

    /// Whether islands come to life.
    pub fn runs_islands(&self) -> bool {
        self.island.load(Ordering::Relaxed)
    }

    /// Whether the page runs a script of its own.
    pub fn is_scripted(&self) -> bool {
        self.script.load(Ordering::Relaxed)
    }

    /// Whether a form posts.
    pub fn posts(&self) -> bool {
        self.form.load(Ordering::Relaxed)
    }
}

/// Loads the WebAssembly. A page that holds an island brings this along, and no other page loads any.
#[component]
pub(crate) fn IslandScripts() -> impl IntoView {
    if let Some(conduct) = use_context::<Conduct>() {
        conduct.has_island();
    }
    use_context::<LeptosOptions>().map(|options| view! { <HydrationScripts options islands=true/> })
}
