package proxy

import "net/http"

// askedOnce keeps an upstream's "100 Continue" from the client. net/http sends
// one of its own as soon as the transport, which the upstream's has started,
// reads the client's body; forwarding would make it two.
type askedOnce struct{ http.ResponseWriter }

func (w askedOnce) WriteHeader(status int) {
	if status != http.StatusContinue {
		w.ResponseWriter.WriteHeader(status)
	}
}

// Unwrap lets http.ResponseController find the writer's other methods.
func (w askedOnce) Unwrap() http.ResponseWriter { return w.ResponseWriter }
