// Package app is the desktop shell: the window, the native menu, dialogs and the few bindings that the page cannot do
// without. It is the only importer of Wails. The page inside the window is a plain client of the embedded server.
//
// Owner: Run blocks on the main goroutine until the window is closed and then stops the backend. Without the build tag
// "desktop" there is no window, and Run says what to use instead.
package app
