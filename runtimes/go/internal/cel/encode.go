package cel

// How single values are journaled, each checked to be what JSON can hold.
// This file knows no composite types of the user's; their encoders are generated, and call these.

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep plain JSON may be nested; parsers of other languages stop at 128.
const maxDepth = 100

// ResultError says that a value is not of the type that the code declares for it. It is never retried.
type ResultError struct{ message string }

func (e *ResultError) Error() string { return e.message }

// ConductorTypes are the names of the error in policies and in the journal.
func (e *ResultError) ConductorTypes() []string { return []string{"conductor.ResultError"} }

// NewResultError makes one.
func NewResultError(format string, args ...any) *ResultError {
	return &ResultError{message: fmt.Sprintf(format, args...)}
}

// Encoder makes JSON values of Go's. The first thing that cannot be written is kept; what follows does not matter.
type Encoder struct{ err error }

// Encode makes a JSON value by an encoder.
func Encode[T any](value T, encode func(*Encoder, T) any) (any, error) {
	return Encoded(func(encoder *Encoder) any { return encode(encoder, value) })
}

// Encoded makes a JSON value of whatever is encoded inside.
func Encoded(encode func(*Encoder) any) (any, error) {
	var encoder Encoder
	encoded, err := Eval(func() any { return encode(&encoder) })
	if encoder.err != nil {
		return nil, encoder.err
	}
	if err != nil {
		return nil, NewResultError("%s", err)
	}
	return encoded, nil
}

// Fail says why a value cannot be written.
func (e *Encoder) Fail(format string, args ...any) any {
	if e.err == nil {
		e.err = NewResultError(format, args...)
	}
	return nil
}

// Bool writes a bool.
func (e *Encoder) Bool(of bool) any { return of }

// Int writes an int.
func (e *Encoder) Int(of int64) any { return of }

// EncodeInt writes an integer that must fit 64 bits.
func EncodeInt[N Integer](e *Encoder, of N) any {
	if of > 0 && uint64(of) > math.MaxInt64 {
		return e.Fail("expected an int of at most 64 bits, got %d", of)
	}
	return int64(of)
}

// Float writes a float; what is no number has a name.
func (e *Encoder) Float(of float64) any {
	if math.IsNaN(of) || math.IsInf(of, 0) {
		return FloatText(of)
	}
	return of
}

// String writes a text, which must be UTF-8.
func (e *Encoder) String(of string) any {
	if !utf8.ValidString(of) {
		return e.Fail("expected text in UTF-8, got %.80q", of)
	}
	return of
}

// Decimal writes an exact decimal, in the one spelling that all languages have for it.
func (e *Encoder) Decimal(of string) any {
	decimal, ok := ParseDecimal(of)
	if !ok {
		return e.Fail("expected a decimal such as 0.10, got %.80q", of)
	}
	return string(decimal)
}

// UUID writes a UUID.
func (e *Encoder) UUID(of string) any {
	if !isUUID(of) {
		return e.Fail("expected a UUID, got %.80q", of)
	}
	return of
}

// Bytes writes base64.
func (e *Encoder) Bytes(of []byte) any { return base64.StdEncoding.EncodeToString(of) }

// Timestamp writes ISO 8601 with the offset that the value has: six decimals, or nine where it has them.
func (e *Encoder) Timestamp(of time.Time) any {
	if year := of.Year(); year < 1 || year > 9999 {
		return e.Fail("expected a timestamp of the years 1 to 9999, got %s", of)
	}
	layout := "2006-01-02T15:04:05"
	switch {
	case of.Nanosecond()%1000 != 0:
		layout += ".000000000"
	case of.Nanosecond() != 0:
		layout += ".000000"
	}
	if of.Location() == Unzoned {
		return of.Format(layout)
	}
	layout += "-07:00"
	if _, offset := of.Zone(); offset%60 != 0 {
		layout += ":00"
	}
	return of.Format(layout)
}

// Date writes `2026-01-31`.
func (e *Encoder) Date(of Date) any {
	if DateOf(of.Time()) != of || of.Year < 1 || of.Year > 9999 {
		return e.Fail("expected a date of the years 1 to 9999, got %s", of)
	}
	return of.String()
}

// Duration writes seconds, `1.5s`.
func (e *Encoder) Duration(of time.Duration) any { return DurationText(of) }

// Any writes a copy of a value without a declared type, which must be plain JSON.
func (e *Encoder) Any(of any) any { return e.any(of, maxDepth) }

func (e *Encoder) any(of any, room int) any {
	if room == 0 {
		return e.Fail("lists and maps are nested more than %d deep", maxDepth)
	}
	switch known := of.(type) {
	case nil, bool, int64:
		return known
	case string:
		return e.String(known)
	case float64:
		if math.IsNaN(known) || math.IsInf(known, 0) {
			return e.Fail("expected plain JSON, got the number %s", FloatText(known))
		}
		return known
	case json.Number:
		return e.any(numberOfJSON(known), room)
	case json.RawMessage:
		value, err := ParseJSON(known)
		if err != nil {
			return e.Fail("expected plain JSON: %s", err)
		}
		return e.any(value, room)
	}
	return e.reflected(reflect.ValueOf(of), room)
}

// reflected writes lists and maps of any element type, and named kinds of the basic types.
func (e *Encoder) reflected(of reflect.Value, room int) any {
	switch of.Kind() {
	case reflect.Slice, reflect.Array:
		if of.Kind() == reflect.Slice && of.IsNil() {
			return nil
		}
		items := make([]any, of.Len())
		for i := range items {
			items[i] = e.any(of.Index(i).Interface(), room-1)
		}
		return items
	case reflect.Map:
		if of.Type().Key().Kind() != reflect.String {
			break
		}
		if of.IsNil() {
			return nil
		}
		fields := make(map[string]any, of.Len())
		for entry := of.MapRange(); entry.Next(); {
			name := entry.Key().String()
			e.String(name)
			fields[name] = e.any(entry.Value().Interface(), room-1)
		}
		return fields
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64, reflect.String:
		if of.Type() != reflect.TypeFor[time.Duration]() {
			return e.any(basic(of), room)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return EncodeInt(e, of.Uint())
	}
	return e.Fail("expected plain JSON (nil, bool, ints, floats, string, lists and maps of these), got %s", of.Type())
}

// EncodeUnannotated writes the result of a function that does not say what it returns.
func EncodeUnannotated(e *Encoder, of any, function string) any {
	var inner Encoder
	value := inner.Any(of)
	if inner.err != nil {
		return e.Fail("the result of %s cannot be journaled: %s. Declare what %s returns, or return plain JSON", function, inner.err, function)
	}
	return value
}

// EncodeText writes what a type writes of itself as text.
func EncodeText(e *Encoder, of encoding.TextMarshaler) any {
	text, err := of.MarshalText()
	if err != nil {
		return e.Fail("%T cannot be written: %s", of, err)
	}
	return e.String(string(text))
}

// EncodeJSON writes what encoding/json writes of a value.
func EncodeJSON(e *Encoder, of any) any {
	text, err := json.Marshal(of)
	if err != nil {
		return e.Fail("%T cannot be written: %s", of, err)
	}
	value, err := ParseJSON(text)
	if err != nil {
		return e.Fail("%T cannot be written: %s", of, err)
	}
	return value
}

// EncodeList writes a list; nil is an empty one.
func EncodeList[T any](e *Encoder, of []T, encode func(*Encoder, T) any) any {
	items := make([]any, len(of))
	for i, item := range of {
		items[i] = encode(e, item)
	}
	return items
}

// EncodeMap writes a map; nil is an empty one.
func EncodeMap[K ~string, T any](e *Encoder, of map[K]T, encode func(*Encoder, T) any) any {
	fields := make(map[string]any, len(of))
	for name, value := range of {
		e.String(string(name))
		fields[string(name)] = encode(e, value)
	}
	return fields
}

// EncodeNilableList writes a list, or null.
func EncodeNilableList[T any](e *Encoder, of []T, encode func(*Encoder, T) any) any {
	if of == nil {
		return nil
	}
	return EncodeList(e, of, encode)
}

// EncodeNilableMap writes a map, or null.
func EncodeNilableMap[K ~string, T any](e *Encoder, of map[K]T, encode func(*Encoder, T) any) any {
	if of == nil {
		return nil
	}
	return EncodeMap(e, of, encode)
}

// EncodeNilableBytes writes base64, or null.
func EncodeNilableBytes(e *Encoder, of []byte) any {
	if of == nil {
		return nil
	}
	return e.Bytes(of)
}

// EncodeNilable writes a value of any type, or null.
func EncodeNilable(e *Encoder, of any, encode func(*Encoder, any) any) any {
	if of == nil {
		return nil
	}
	return encode(e, of)
}

// EncodeOptional writes a value, or null.
func EncodeOptional[T any](e *Encoder, of *T, encode func(*Encoder, T) any) any {
	if of == nil {
		return nil
	}
	return encode(e, *of)
}
