package runtime

// Clients of HTTP APIs: one with its kept connections, for all of the process.
// This file knows no operations; time limits are the attempts'.

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"

	"conductor.invalid/internal/cel"
)

// Env reads the environment, as the address of one resource does.
type Env struct{ resource string }

// Get is the variable's value; an error that says what wants it where it is not set.
func (e Env) Get(name string) (string, error) {
	value, ok := os.LookupEnv(name)
	if !ok {
		message := fmt.Sprintf("the address of the resource %s is read from the environment variable %s, which is not set", e.resource, name)
		return "", &MissingVariable{own{[]string{"conductor.MissingVariable"}, message}}
	}
	return value, nil
}

// EnvOf is the environment as the address of the resource reads it.
func EnvOf(resource string) Env { return Env{resource} }

// Need is Get inside of FromEnvironment, which gives the error.
func (e Env) Need(name string) string {
	value, err := e.Get(name)
	if err != nil {
		panic(err)
	}
	return value
}

// FromEnvironment computes what may need variables of the environment, and may fail otherwise.
func FromEnvironment[T any](expression func() T) (value T, err error) {
	defer func() {
		cause := recover()
		if missing, ok := cause.(*MissingVariable); ok {
			err = missing
		} else if cause != nil {
			panic(cause)
		}
	}()
	return cel.Eval(expression)
}

// HTTPOptions say where an HTTP API is.
type HTTPOptions struct {
	Address func(env Env) (string, error)
	// Headers are sent with each request.
	Headers func(env Env) (map[string]string, error)
	// MaxConnections 0 is no bound.
	MaxConnections int
	Ready          Ready
}

// NewHTTP makes a client of an HTTP API, opened on first use.
func NewHTTP(id string, pool *Pool, options HTTPOptions) *Client[*HTTPClient] {
	open := func(ctx context.Context) (*HTTPClient, error) {
		address, err := options.Address(EnvOf(id))
		if err != nil {
			return nil, err
		}
		client, err := openHTTP(ctx, id, address, options)
		if err != nil {
			return nil, fmt.Errorf("%s: %s", shownAddress(address), scrubbed(textOf(err), address))
		}
		return client, nil
	}
	return NewClient(id, pool, open, func(client *HTTPClient) error {
		client.Client.CloseIdleConnections()
		return nil
	})
}

func openHTTP(ctx context.Context, id, address string, options HTTPOptions) (*HTTPClient, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("it is no URL with a host")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxConnsPerHost = options.MaxConnections
	transport.MaxIdleConnsPerHost = max(options.MaxConnections, 64)
	// A redirect is the service's answer: following it could hand headers and bodies to others.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	client := &HTTPClient{Base: base, Headers: http.Header{}, Client: &http.Client{Transport: transport, CheckRedirect: stay}}
	if options.Headers != nil {
		headers, err := options.Headers(EnvOf(id))
		if err != nil {
			return nil, err
		}
		for name, value := range headers {
			client.Headers.Set(name, value)
		}
	}
	return client, options.Ready.Wait(ctx, address)
}

// below is a transport that takes a URL without a host for one below the service's, where it sends the headers.
type below struct{ service *HTTPClient }

// Plain is the client for the user's own requests: `client.Get("/users/1")` asks the service, with the resource's headers.
func (c *HTTPClient) Plain() *http.Client {
	return &http.Client{Transport: below{c}, CheckRedirect: c.Client.CheckRedirect}
}

// RoundTrip sends the request.
func (b below) RoundTrip(request *http.Request) (*http.Response, error) {
	base := b.service.Base
	isService := request.URL.Host == "" || (request.URL.Host == base.Host && request.URL.Scheme == base.Scheme)
	if !isService {
		return b.service.Client.Transport.RoundTrip(request)
	}
	sent := request.Clone(request.Context())
	if sent.URL.Host == "" {
		query := sent.URL.RawQuery
		sent.URL = base.JoinPath(sent.URL.EscapedPath())
		sent.URL.RawQuery = query
		sent.Host = ""
	}
	for name, values := range b.service.Headers {
		if _, isSet := sent.Header[name]; !isSet {
			sent.Header[name] = values
		}
	}
	return b.service.Client.Transport.RoundTrip(sent)
}

// CloseIdleConnections closes the kept connections that nobody uses.
func (b below) CloseIdleConnections() { b.service.Client.CloseIdleConnections() }

var secretParameter = regexp.MustCompile(`(?i)\b(password|passwd|pwd|secret|token|api_?key)=[^\s&]*`)

// shownAddress is the address without what is secret in it.
func shownAddress(address string) string {
	if parsed, err := url.Parse(address); err == nil {
		address = parsed.Redacted()
	}
	return secretParameter.ReplaceAllString(address, "$1=***")
}

// scrubbed is the text without the secrets of the address, in case somebody repeats them.
func scrubbed(text, address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return strings.ReplaceAll(text, address, "***")
	}
	if password, ok := parsed.User.Password(); ok && password != "" {
		text = strings.ReplaceAll(text, password, "***")
	}
	for _, secret := range secretParameter.FindAllString(address, -1) {
		_, value, _ := strings.Cut(secret, "=")
		if value != "" {
			text = strings.ReplaceAll(text, value, "***")
		}
	}
	return text
}
