package rest

import (
	"context"

	"spinscope/backend/wire"
)

func (a *API) endpointRoutes() {
	add(a, get("/api/endpoints", "status", "How each access point of the cluster does", "The preferred one first. Names and errors hold no keys."), a.endpoints)
}

func (a *API) endpoints(context.Context, *query) (wire.Endpoints, error) {
	list := []wire.Endpoint{}
	if a.deps.Endpoints != nil {
		list = append(list, a.deps.Endpoints()...)
	}
	return wire.Endpoints{Endpoints: list, Total: len(list)}, nil
}
