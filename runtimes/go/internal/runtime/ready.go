package runtime

// Waiting until a service says that it is ready, for a time at most.
// This file knows no client's library; what asks by gRPC stands beside its connections.

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// askWithin is how long one answer may take.
	askWithin = 2 * time.Second
	// firstAsk and maxAsk are the pauses between two questions: the first, which doubles, and the longest.
	firstAsk, maxAsk = 50 * time.Millisecond, time.Second
)

// Ready says how long a service is waited for before its client is opened, and how it is asked. Zero is no waiting.
type Ready struct {
	Within time.Duration
	Check  func(ctx context.Context, address string) error
}

// Wait returns when the service is ready, and an error when it is not in time.
func (r Ready) Wait(ctx context.Context, address string) error {
	if r.Within == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.Within)
	defer cancel()
	for pause := firstAsk; ; pause = min(2*pause, maxAsk) {
		asking, done := context.WithTimeout(ctx, askWithin)
		err := r.Check(asking, address)
		done()
		if err == nil {
			return nil
		}
		if sleep(ctx, pause) != nil {
			return fmt.Errorf("it was not ready within %s: %s", r.Within, textOf(err))
		}
	}
}

// placeOf is the host and the port of an address, and whether it is spoken to by TLS.
func placeOf(address string) (place string, isSecure bool) {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		parsed, err = url.Parse("//" + address)
	}
	if err != nil {
		return address, false
	}
	isSecure = parsed.Scheme == "https" || parsed.Scheme == "grpcs"
	host, port := parsed.Hostname(), parsed.Port()
	if host == "" {
		host = "localhost"
	}
	switch {
	case port == "" && isSecure:
		port = "443"
	case port == "":
		port = "80"
	}
	return net.JoinHostPort(host, port), isSecure
}

// Accepts asks whether a connection is accepted.
func Accepts(ctx context.Context, address string) error {
	place, _ := placeOf(address)
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", place)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Answers asks whether a request for a path is answered with success. Whether the service is there is asked, not who it
// is: the client itself checks the certificate.
func Answers(path string) func(context.Context, string) error {
	return func(ctx context.Context, address string) error {
		place, isSecure := placeOf(address)
		scheme := "http"
		if isSecure {
			scheme = "https"
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+place+path, nil)
		if err != nil {
			return err
		}
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}
		response, err := transport.RoundTrip(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode < 200 || response.StatusCode > 299 {
			return fmt.Errorf("GET %s is answered with %s", path, response.Status)
		}
		return nil
	}
}
