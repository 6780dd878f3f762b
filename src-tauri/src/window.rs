//! The one window, closed to the network (docs/threat-model.md, "The window").
//!
//! Every line here shuts one way out that a script in the page could take; `tests/windows/hostile_page.rs` tries them.

use std::path::PathBuf;

use tauri::webview::{NewWindowResponse, PermissionResponse};
use tauri::{App, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

/// The window's label, which the capability names.
pub const LABEL: &str = "main";
/// A port that nothing answers at and that only root could open: whatever else fails, a connection ends here.
const DEAD_PROXY: &str = "socks5://127.0.0.1:1";

const WIDTH_PIXELS: f64 = 1200.0;
const HEIGHT_PIXELS: f64 = 800.0;
const MIN_WIDTH_PIXELS: f64 = 360.0;
const MIN_HEIGHT_PIXELS: f64 = 420.0;

/// Opens the window. WebKit keeps what little it keeps in `webview_dir`, so that two profiles never share it. `on_lost` is
/// called whenever the process that holds the page has ended by itself: nothing is shown then until [`show_again`].
///
/// # Errors
/// When there is no screen to open it on.
pub fn open(app: &App, webview_dir: PathBuf, on_lost: impl Fn() + Send + 'static) -> tauri::Result<WebviewWindow> {
    let proxy = Url::parse(DEAD_PROXY).expect("it is written as a URL above");
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App("index.html".into()))
        .title("Pursuance")
        .inner_size(WIDTH_PIXELS, HEIGHT_PIXELS)
        .min_inner_size(MIN_WIDTH_PIXELS, MIN_HEIGHT_PIXELS)
        .data_directory(webview_dir)
        .proxy_url(proxy)
        .devtools(false)
        .browser_extensions_enabled(false)
        .general_autofill_enabled(false)
        // The page takes dropped files itself; the desktop would hand the page their paths.
        .disable_drag_drop_handler()
        .on_navigation(is_own_page)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .build()?;
    #[cfg(target_os = "linux")]
    window.with_webview(|webview| {
        webkit::close(&webview.inner());
        webkit::when_lost(&webview.inner(), on_lost);
    })?;
    #[cfg(not(target_os = "linux"))]
    drop(on_lost);
    Ok(window)
}

/// Shows the page in a new process, after the one before was lost.
pub fn show_again(window: &WebviewWindow) {
    if window.reload().is_err() {
        tracing::warn!("the page could not be shown again");
    }
}

/// Ends the process that holds the page, and shows the page anew in another: memory that a process gave back with its end
/// is given to nobody else unwiped.
pub fn renew(window: &WebviewWindow) {
    #[cfg(target_os = "linux")]
    let renewed = window.with_webview(|webview| webkit::renew(&webview.inner()));
    #[cfg(not(target_os = "linux"))]
    let renewed = window.reload();
    if renewed.is_err() {
        tracing::warn!("the page could not be renewed");
    }
}

/// Whether the window may go there: the app's own pages, and nothing else that has an address.
fn is_own_page(url: &Url) -> bool {
    url.scheme() == "tauri" && url.host_str() == Some("localhost") && url.port().is_none()
}

/// Puts the window before all others.
pub fn bring_to_front(window: &WebviewWindow) {
    let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
    if shown.is_err() {
        tracing::warn!("the window could not be brought to the front");
    }
}

#[cfg(target_os = "linux")]
mod webkit {
    use webkit2gtk::{SettingsExt, WebProcessTerminationReason, WebView, WebViewExt};

    /// Another process for the page. A driver of tests, which release builds do not let in, loses a page whose process
    /// ends; it gets a fresh page in the same one.
    pub fn renew(webview: &WebView) {
        if !webview.is_controlled_by_automation() {
            webview.terminate_web_process();
        }
        webview.reload();
    }

    /// Calls `on_lost` when the page's process ends and nobody here ended it.
    pub fn when_lost(webview: &WebView, on_lost: impl Fn() + 'static) {
        webview.connect_web_process_terminated(move |_, reason| {
            if reason != WebProcessTerminationReason::TerminatedByApi {
                tracing::warn!("the process that holds the page has ended: {reason:?}");
                on_lost();
            }
        });
    }

    /// Switches off what the page never needs. The settings reach WebKit's processes before the first page does.
    pub fn close(webview: &WebView) {
        let settings = WebViewExt::settings(webview).expect("every web view has settings");
        // Ways to the network that are not fetches of the page.
        settings.set_enable_webrtc(false);
        settings.set_enable_dns_prefetching(false);
        settings.set_enable_media(false);
        settings.set_enable_media_stream(false);
        settings.set_enable_mediasource(false);
        settings.set_enable_media_capabilities(false);
        settings.set_enable_encrypted_media(false);
        settings.set_enable_webaudio(false);
        // A large target that the screens do not use.
        settings.set_enable_webgl(false);
        // Ways to leave something behind on the disk.
        settings.set_enable_html5_local_storage(false);
        settings.set_enable_html5_database(false);
        settings.set_enable_page_cache(false);
        // Ways to other pages and files.
        settings.set_allow_file_access_from_file_urls(false);
        settings.set_allow_universal_access_from_file_urls(false);
        settings.set_allow_top_navigation_to_data_urls(false);
        settings.set_javascript_can_open_windows_automatically(false);
        settings.set_enable_back_forward_navigation_gestures(false);
        settings.set_enable_developer_extras(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_where_it_is() {
        assert!(is_own_page(&Url::parse("tauri://localhost/index.html").unwrap()));
        for elsewhere in [
            "http://localhost/",
            "https://example.org/",
            "tauri://example.org/",
            "tauri://localhost:80/",
            "file:///etc/passwd",
            "data:text/html,x",
            "blob:tauri://localhost/1",
            "javascript:1",
            "about:blank",
            "ipc://localhost/request",
        ] {
            assert!(!is_own_page(&Url::parse(elsewhere).unwrap()), "{elsewhere}");
        }
    }
}
