package runtime

// Values as the parts of an HTTP request: path, query, headers, cookies, fields of a form.
// This file sends nothing. Values are JSON; null is left out everywhere but in a path. No part is built from a value
// unescaped.

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"conductor.invalid/internal/cel"
)

// Param is a named value of a request.
type Param struct {
	Name  string
	Value any
	// Explode: a list is a pair for each item, an object one for each of its fields.
	Explode bool
}

const pathLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/%:@!$&'()*+,;="

// pathOfTemplate is the template with each `{name}` replaced by its value, percent-encoded.
func pathOfTemplate(template string, values []Param) (string, error) {
	var path strings.Builder
	for {
		before, rest, ok := strings.Cut(template, "{")
		for _, letter := range []byte(before) {
			if strings.IndexByte(pathLetters, letter) >= 0 {
				path.WriteByte(letter)
			} else {
				fmt.Fprintf(&path, "%%%02X", letter)
			}
		}
		if !ok {
			return path.String(), nil
		}
		name, after, _ := strings.Cut(rest, "}")
		segment, err := segmentOf(name, values)
		if err != nil {
			return "", err
		}
		path.WriteString(segment)
		template = after
	}
}

func segmentOf(name string, values []Param) (string, error) {
	at := slices.IndexFunc(values, func(each Param) bool { return each.Name == name })
	if at < 0 {
		return "", cel.NewResultError("the path parameter %s is missing", name)
	}
	segment := joined(itemsOf(values[at].Value), quoted)
	// An empty segment, or one that means a folder above, would lead to another operation.
	if segment == "" || segment == "." || segment == ".." {
		return "", cel.NewResultError("the path parameter %s cannot be %q", name, segment)
	}
	return segment, nil
}

// queryOf is a query without its question mark, or a form.
func queryOf(values []Param) string {
	var pairs []string
	add := func(name, value string) { pairs = append(pairs, quoted(name)+"="+value) }
	for _, each := range values {
		items := itemsOf(each.Value)
		switch each.Value.(type) {
		case nil:
		case map[string]any:
			if !each.Explode {
				add(each.Name, joined(items, quoted))
				continue
			}
			for _, item := range items {
				add(item.key, quoted(item.text))
			}
		case []any:
			if !each.Explode {
				add(each.Name, joined(items, quoted))
				continue
			}
			for _, item := range items {
				add(each.Name, quoted(item.text))
			}
		default:
			add(each.Name, joined(items, quoted))
		}
	}
	return strings.Join(pairs, "&")
}

// headerOf is the value of a header; none where it is null.
func headerOf(each Param) (text string, ok bool, err error) {
	if each.Value == nil {
		return "", false, nil
	}
	text = joined(itemsOf(each.Value), func(part string) string { return part })
	if strings.ContainsFunc(text, func(letter rune) bool { return letter < ' ' || letter == 0x7f }) {
		return "", false, cel.NewResultError("the header %s has control characters: %q", each.Name, text)
	}
	return text, true, nil
}

// cookiesOf is the value of the header `Cookie`.
func cookiesOf(values []Param) string {
	var pairs []string
	for _, each := range values {
		if each.Value != nil {
			pairs = append(pairs, each.Name+"="+joined(itemsOf(each.Value), quoted))
		}
	}
	return strings.Join(pairs, "; ")
}

func quoted(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

type httpItem struct {
	key    string
	hasKey bool
	text   string
}

// joined is the items, with their keys where they have any, with commas between them.
func joined(items []httpItem, escaped func(string) string) string {
	var parts []string
	for _, item := range items {
		if item.hasKey {
			parts = append(parts, escaped(item.key))
		}
		parts = append(parts, escaped(item.text))
	}
	return strings.Join(parts, ",")
}

// itemsOf are the texts of a value: one, unless it is a list or an object, whose texts have keys.
func itemsOf(value any) []httpItem {
	var items []httpItem
	switch known := value.(type) {
	case []any:
		for _, each := range known {
			if each != nil {
				items = append(items, httpItem{text: httpText(each)})
			}
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(known)) {
			if known[key] != nil {
				items = append(items, httpItem{key, true, httpText(known[key])})
			}
		}
	default:
		items = append(items, httpItem{text: httpText(value)})
	}
	return items
}

func httpText(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	return string(cel.JSON(value))
}
