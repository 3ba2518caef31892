package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

func (a *API) routes() {
	a.statusRoutes()
	a.endpointRoutes()
	a.watchRoutes()
	a.logRoutes()
	a.eventRoutes()
	a.mintRoutes()
	a.tickerRoutes()
	a.usdRoute()
	a.venueRoute()
	a.orderRoutes()
	a.liquidationRoute()
	a.walletRoutes()
	a.klineRoutes()
	a.intervalRoute()
	a.markRoutes()
	a.fileRoutes()
	a.backupRoute()
	a.alertRoutes()
	a.udfRoutes()
	a.asyncAPIRoute()
}

func get(path, tag, summary, description string, params ...[]*huma.Param) route {
	r := route{method: http.MethodGet, path: path, tag: tag, summary: summary, description: description}
	for _, group := range params {
		r.params = append(r.params, group...)
	}
	return r
}

func some(params ...*huma.Param) []*huma.Param { return params }
