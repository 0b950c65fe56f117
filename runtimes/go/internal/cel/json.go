package cel

// Values as JSON text: nil, bool, int64, float64, string, []any and map[string]any, each way.
// This file knows no types of the manifest.

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// ParseJSON reads a text that is one value. Whole numbers are int64 (beyond 64 bits a json.Number), others float64.
func ParseJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind the value")
	}
	return numbered(value), nil
}

// numbered makes numbers of what the parser kept as text.
func numbered(value any) any {
	switch known := value.(type) {
	case json.Number:
		return numberOfJSON(known)
	case []any:
		for i, item := range known {
			known[i] = numbered(item)
		}
	case map[string]any:
		for name, item := range known {
			known[name] = numbered(item)
		}
	}
	return value
}

func numberOfJSON(text json.Number) any {
	for _, letter := range []byte(text) {
		if letter == '.' || letter == 'e' || letter == 'E' {
			number, err := strconv.ParseFloat(string(text), 64)
			if err != nil {
				return text
			}
			return number
		}
	}
	number, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return text
	}
	return number
}

// JSON writes a value on one line, keys in order.
func JSON(value any) []byte { return AppendJSON(nil, value) }

// AppendJSON writes a value behind what is there. A float that is whole keeps its point, so that it is read back as one.
func AppendJSON(out []byte, value any) []byte {
	switch known := value.(type) {
	case nil:
		return append(out, "null"...)
	case bool:
		return strconv.AppendBool(out, known)
	case int64:
		return strconv.AppendInt(out, known, 10)
	case int:
		return strconv.AppendInt(out, int64(known), 10)
	case float64:
		return appendFloat(out, known)
	case string:
		return AppendJSONString(out, known)
	case json.Number:
		return append(out, known...)
	case []any:
		out = append(out, '[')
		for i, item := range known {
			if i > 0 {
				out = append(out, ',')
			}
			out = AppendJSON(out, item)
		}
		return append(out, ']')
	case map[string]any:
		out = append(out, '{')
		for i, name := range sortedKeys(known) {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(AppendJSONString(out, name), ':')
			out = AppendJSON(out, known[name])
		}
		return append(out, '}')
	}
	return AppendJSONString(out, Text(value))
}

func appendFloat(out []byte, of float64) []byte {
	if math.IsNaN(of) || math.IsInf(of, 0) {
		return AppendJSONString(out, FloatText(of))
	}
	format := byte('f')
	if size := math.Abs(of); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	start := len(out)
	out = strconv.AppendFloat(out, of, format, -1, 64)
	if bytes.ContainsAny(out[start:], ".e") {
		return out
	}
	return append(out, ".0"...)
}

const hexDigits = "0123456789abcdef"

// AppendJSONString writes a text in quotes. What is not UTF-8 becomes the replacement character.
func AppendJSONString(out []byte, text string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); {
		letter := text[i]
		if letter >= ' ' && letter != '"' && letter != '\\' && letter < utf8.RuneSelf {
			i++
			continue
		}
		if letter >= utf8.RuneSelf {
			char, size := utf8.DecodeRuneInString(text[i:])
			if char == utf8.RuneError && size == 1 {
				out = append(out, text[start:i]...)
				out = append(out, "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		out = append(out, text[start:i]...)
		if letter == '"' || letter == '\\' {
			out = append(out, '\\', letter)
		} else {
			out = append(out, '\\', 'u', '0', '0', hexDigits[letter>>4], hexDigits[letter&15])
		}
		i++
		start = i
	}
	out = append(out, text[start:]...)
	return append(out, '"')
}
