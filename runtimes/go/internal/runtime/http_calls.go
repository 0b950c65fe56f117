package runtime

// Calls of HTTP APIs: a request from JSON values, the reply as JSON, a status that is no success as a RemoteError.
// This file opens no connections and decides on no retry.

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"conductor.invalid/internal/cel"
)

const (
	// maxBody is how many bytes of a reply are read.
	maxBody = 16 << 20
	// maxErrorBody is how many bytes of a reply to a failed request are kept.
	maxErrorBody = 64 << 10
)

// HTTPClient sends the requests of one resource.
type HTTPClient struct {
	// Base is the resource's address.
	Base    *url.URL
	Headers http.Header
	Client  *http.Client
}

// HTTPRequest is a call of an operation.
type HTTPRequest struct {
	Method string
	// Template is a path with `{name}` for each of Path.
	Template string
	// Key is the idempotency key.
	Key                          string
	Path, Query, Header, Cookies []Param
	// Body is sent as JSON; nil is none. Form is sent as a form.
	Body any
	Form []Param
	// Errors are the names of documented errors by status or class of statuses.
	Errors map[string]string
}

// Fields is the body that has fields, some of which are left out where they are null.
func Fields(always, unlessNull map[string]any) any {
	body := make(map[string]any, len(always)+len(unlessNull))
	for name, value := range always {
		body[name] = value
	}
	for name, value := range unlessNull {
		if value != nil {
			body[name] = value
		}
	}
	return body
}

// CallHTTP calls an operation, and gives its reply as JSON.
func CallHTTP(ctx context.Context, client *HTTPClient, call HTTPRequest) (any, error) {
	request, err := call.request(ctx, client)
	if err != nil {
		return nil, err
	}
	response, err := client.Client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, unanswered(err)
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, call.failure(response)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, unanswered(err)
	}
	if len(body) > maxBody {
		return nil, cel.NewResultError("the reply has more than %d bytes", maxBody)
	}
	return contentOf(response, body)
}

func (call HTTPRequest) request(ctx context.Context, client *HTTPClient) (*http.Request, error) {
	path, err := pathOfTemplate(call.Template, call.Path)
	if err != nil {
		return nil, err
	}
	address := strings.TrimSuffix(client.Base.String(), "/") + "/" + strings.TrimPrefix(path, "/")
	if query := queryOf(call.Query); query != "" {
		address += "?" + query
	}
	var content io.Reader
	kind := ""
	if call.Form != nil {
		content, kind = strings.NewReader(queryOf(call.Form)), "application/x-www-form-urlencoded"
	} else if call.Body != nil {
		content, kind = strings.NewReader(string(cel.JSON(call.Body))), "application/json"
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, address, content)
	if err != nil {
		return nil, cel.NewResultError("%s", err)
	}
	for name, values := range client.Headers {
		request.Header[name] = values
	}
	for _, each := range call.Header {
		text, ok, err := headerOf(each)
		if err != nil {
			return nil, err
		}
		if ok {
			request.Header.Set(each.Name, text)
		}
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	if cookies := cookiesOf(call.Cookies); cookies != "" {
		request.Header.Set("Cookie", cookies)
	}
	request.Header.Set("Idempotency-Key", HeaderKey(call.Key))
	if trace := TraceParent(ctx); trace != "" {
		request.Header.Set("Traceparent", trace)
	}
	return request, nil
}

// HeaderKey is an idempotency key as a header can carry it: a run's id may have other characters.
func HeaderKey(key string) string {
	var text strings.Builder
	for _, letter := range []byte(key) {
		if letter > ' ' && letter < 0x7f && letter != '%' {
			text.WriteByte(letter)
		} else {
			fmt.Fprintf(&text, "%%%02X", letter)
		}
	}
	return text.String()
}

// unanswered: there is no status, because the service was not reached, or hung up.
func unanswered(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		err = of.Err // the address may have secrets
	}
	return &RemoteError{Types: []string{"net/http.TransportError", "HttpError"}, Message: textOf(err), cause: err}
}

func (call HTTPRequest) failure(response *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBody))
	code := strconv.Itoa(response.StatusCode)
	value, _ := cel.ParseJSON(body)
	fields, _ := value.(map[string]any)
	types := []string{"HttpError"}
	name, ok := call.Errors[code]
	if !ok {
		name, ok = call.Errors[code[:1]+"xx"]
	}
	if ok {
		types = []string{name, "HttpError"}
	}
	return &RemoteError{Types: types, Status: code, Message: messageOfReply(response, fields, body), Fields: fields}
}

// messageOfReply is what the service says of the error, where usual fields say it.
func messageOfReply(response *http.Response, fields map[string]any, body []byte) string {
	for _, name := range []string{"message", "detail", "title", "error_description", "error"} {
		if text, ok := fields[name].(string); ok {
			return text
		}
	}
	if len(fields) == 0 && len(body) > 0 && strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
		return strings.ToValidUTF8(string(body[:min(len(body), 1000)]), "\uFFFD")
	}
	if text := http.StatusText(response.StatusCode); text != "" {
		return text
	}
	return "status " + strconv.Itoa(response.StatusCode)
}

// contentOf is JSON; text as a string; anything else as bytes in base64.
func contentOf(response *http.Response, body []byte) (any, error) {
	if len(body) == 0 {
		return nil, nil
	}
	kind := "application/json"
	if given := response.Header.Get("Content-Type"); given != "" {
		parsed, parameters, err := mime.ParseMediaType(given)
		if err == nil {
			kind = parsed
		}
		if strings.HasPrefix(kind, "text/") {
			return textOfReply(body, parameters["charset"]), nil
		}
	}
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return base64.StdEncoding.EncodeToString(body), nil
	}
	value, err := cel.ParseJSON(body)
	if err != nil {
		return nil, cel.NewResultError("the reply says it is %s and is not: %s", kind, err)
	}
	return value, nil
}

func textOfReply(body []byte, charset string) string {
	if strings.EqualFold(charset, "iso-8859-1") || strings.EqualFold(charset, "latin1") {
		letters := make([]rune, len(body))
		for i, letter := range body {
			letters[i] = rune(letter)
		}
		return string(letters)
	}
	if utf8.Valid(body) {
		return string(body)
	}
	return strings.ToValidUTF8(string(body), "\uFFFD")
}
