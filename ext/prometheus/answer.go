package prometheus

import (
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bare-go/bare"
)

// An answer is what the durations of requests are told apart by.
type answer struct {
	method, route string
	status        int
}

// answered notes how long a client has waited for its answer.
func (m *Metrics) answered(request *bare.HttpRequest, status int, took time.Duration) {
	a := answer{labelOf(request.Scope.Method), request.Matches.Route(), status}
	histogram := (*m.known.Load())[a]
	if histogram == nil {
		histogram = m.add(a)
	}
	histogram.Observe(took.Seconds())
}

// add is called once for each answer, or a few times when several are the first at
// once. There are not many: see the package's comment about labels.
func (m *Metrics) add(a answer) prometheus.Observer {
	histogram := m.requests.WithLabelValues(a.method, a.route, strconv.Itoa(a.status))
	m.adding.Lock()
	defer m.adding.Unlock()
	all := maps.Clone(*m.known.Load())
	all[a] = histogram
	m.known.Store(&all)
	return histogram
}

// labelOf returns a method, or one word for all that a client has made up, as the
// semantic conventions of OpenTelemetry have it.
func labelOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return method
	}
	return "_OTHER"
}
