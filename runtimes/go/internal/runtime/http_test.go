package runtime

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"conductor.invalid/internal/cel"
)

func httpClient(t *testing.T, handler http.HandlerFunc) *HTTPClient {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Setenv("API_URL", server.URL+"/base/")
	client := NewHTTP("api", nil, HTTPOptions{
		Address: func(env Env) (string, error) { return env.Get("API_URL") },
		Headers: func(Env) (map[string]string, error) { return map[string]string{"X-Team": "shop"}, nil },
	})
	opened, err := client.Get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.closeNow() })
	return opened
}

func TestARequestIsBuiltFromEscapedValues(t *testing.T) {
	client := httpClient(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		text := strings.Join([]string{r.Method, r.RequestURI, string(body), r.Header.Get("Idempotency-Key"), r.Header.Get("X-Team"), r.Header.Get("X-Ids"), r.Header.Get("Cookie"), r.Header.Get("Content-Type")}, "|")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(cel.JSON(map[string]any{"got": text}))
	})
	reply, err := CallHTTP(context.Background(), client, HTTPRequest{
		Method: "POST", Template: "/users/{id}/a b", Key: "r é/k", Path: []Param{{Name: "id", Value: "a/b?c"}},
		Query:   []Param{{Name: "q", Value: "x y&z"}, {Name: "none"}, {Name: "tags", Value: []any{"a", int64(2)}, Explode: true}, {Name: "list", Value: []any{"a", "b,c"}}, {Name: "o", Value: map[string]any{"k": true}, Explode: true}},
		Header:  []Param{{Name: "X-Ids", Value: []any{int64(1), int64(2)}}},
		Cookies: []Param{{Name: "c", Value: "v;w"}},
		Body:    Fields(map[string]any{"n": nil}, map[string]any{"gone": nil, "x": 1.0}),
	})
	want := `POST|/base/users/a%2Fb%3Fc/a%20b?q=x%20y%26z&tags=a&tags=2&list=a,b%2Cc&k=true|{"n":null,"x":1.0}|r%20%C3%A9/k|shop|1,2|c=v%3Bw|application/json`
	if err != nil || reply.(map[string]any)["got"] != want {
		t.Errorf("%v\n%v\n%v", reply, want, err)
	}
	for _, value := range []any{"", "..", nil} {
		if _, err := CallHTTP(context.Background(), client, HTTPRequest{Method: "GET", Template: "/{id}", Path: []Param{{Name: "id", Value: value}}}); value != nil && err == nil {
			t.Errorf("%q is a segment", value)
		}
	}
	if _, err := CallHTTP(context.Background(), client, HTTPRequest{Method: "GET", Template: "/", Header: []Param{{Name: "X", Value: "a\r\nb"}}}); err == nil {
		t.Error("a header has a line break")
	}
}

func TestRepliesAndTheirErrors(t *testing.T) {
	client := httpClient(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/base/text":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = io.WriteString(w, "hé")
		case "/base/bytes":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte{1, 2, 3})
		case "/base/empty":
			w.WriteHeader(204)
		case "/base/wrong":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{")
		case "/base/limit":
			w.WriteHeader(429)
			_, _ = io.WriteString(w, `{"message": "slow down", "retry": 5}`)
		default:
			w.WriteHeader(404)
		}
	})
	get := func(path string) (any, error) {
		return CallHTTP(context.Background(), client, HTTPRequest{Method: "GET", Template: path, Errors: map[string]string{"429": "RateLimited", "4xx": "ClientError"}})
	}
	for path, want := range map[string]any{"/text": "hé", "/bytes": "AQID", "/empty": nil} {
		if got, err := get(path); err != nil || got != want {
			t.Error(path, got, err)
		}
	}
	var result *cel.ResultError
	if _, err := get("/wrong"); !errors.As(err, &result) {
		t.Error(err)
	}
	_, err := get("/limit")
	form := string(cel.JSON(errorForm(err)))
	if form != `{"code":"429","fields":{"message":"slow down","retry":5},"message":"slow down","types":["RateLimited","HttpError"]}` || !IsRetryable(err, On{}) {
		t.Error(form)
	}
	if _, err := get("/nowhere"); IsRetryable(err, On{}) || err.Error() != "404: Not Found" {
		t.Error(err)
	}
	client.Base.Host = "127.0.0.1:1"
	if _, err := get("/text"); !IsRetryable(err, On{Retry: []string{"HttpError"}}) || strings.Contains(err.Error(), "/base") {
		t.Error(err)
	}
}

func TestSecretsOfAddressesAreNotShown(t *testing.T) {
	t.Setenv("API_URL", "http://user:s3cret@/x?token=t0ken")
	client := NewHTTP("api", nil, HTTPOptions{Address: func(env Env) (string, error) { return env.Get("API_URL") }})
	_, err := client.Get(context.Background())
	if err == nil || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "t0ken") || !strings.Contains(err.Error(), "the resource api cannot be opened") {
		t.Error(err)
	}
	missing := NewHTTP("api", nil, HTTPOptions{Address: func(env Env) (string, error) { return env.Get("NOT_SET_ANYWHERE") }})
	if _, err := missing.Get(context.Background()); IsRetryable(err, On{}) || !strings.Contains(err.Error(), "NOT_SET_ANYWHERE, which is not set") {
		t.Error(err)
	}
}

func TestThePlainClientAsksBelowTheAddressAndTellsNobodyElseTheHeaders(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RequestURI+r.Header.Get("X-Team"))
	}))
	t.Cleanup(elsewhere.Close)
	client := httpClient(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.RequestURI+"|"+r.Header.Get("X-Team"))
	})
	for url, want := range map[string]string{
		"/users/a%2Fb?x=1": "/base/users/a%2Fb?x=1|shop",
		"users":            "/base/users|shop",
		client.Base.Scheme + "://" + client.Base.Host + "/": "/|shop",
		elsewhere.URL + "/there":                            "/there",
	} {
		reply, err := client.Plain().Get(url)
		if err != nil {
			t.Errorf("%s: %s", url, err)
			continue
		}
		got, _ := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		if string(got) != want {
			t.Errorf("%s: %s", url, got)
		}
	}
}
