//go:build desktop && linux

package app

/*
#cgo !webkit2_41 pkg-config: gtk+-3.0 webkit2gtk-4.0
#cgo webkit2_41 pkg-config: gtk+-3.0 webkit2gtk-4.1
#include <gtk/gtk.h>
#include <webkit2/webkit2.h>

static const char *start = "wails://wails/";

// find looks for the view that shows the page, which has no address when its process is dead. An open inspector is a
// view too.
static void find(GtkWidget *widget, gpointer found) {
	if (WEBKIT_IS_WEB_VIEW(widget)) {
		const char *uri = webkit_web_view_get_uri(WEBKIT_WEB_VIEW(widget));
		if (!uri || !g_str_has_prefix(uri, "resource:")) *(WebKitWebView **)found = WEBKIT_WEB_VIEW(widget);
	} else if (GTK_IS_CONTAINER(widget)) {
		gtk_container_forall(GTK_CONTAINER(widget), find, found);
	}
}

static gboolean renew(gpointer unused) {
	WebKitWebView *view = NULL;
	GList *windows = gtk_window_list_toplevels();
	for (GList *at = windows; at && !view; at = at->next) find(GTK_WIDGET(at->data), &view);
	g_list_free(windows);
	if (view) {
		webkit_web_view_terminate_web_process(view);
		webkit_web_view_load_uri(view, start);
	}
	return G_SOURCE_REMOVE;
}

static void renew_soon(void) { g_idle_add(renew, NULL); }
*/
import "C"

import "context"

// renewPage ends the page's process, which may hang or be dead already, and loads the page in a new one. The library can
// only ask the page itself to load anew.
func renewPage(context.Context) { C.renew_soon() }
