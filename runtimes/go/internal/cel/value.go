package cel

// What a value is to CEL, whatever type the user's code has for it.
// This file knows kinds of values, not what is done with them.

import (
	"reflect"
	"sort"
	"strings"
	"time"
)

// Decimal is an exact decimal as text, such as "0.10", where a value's type is known only when it runs.
type Decimal string

// UUID is a UUID as text, where a value's type is known only when it runs.
type UUID string

// kinds of named types become their basic ones: a user's `type ID string` is a string to CEL.
func plain(value any) any {
	switch value.(type) {
	case nil, bool, int64, float64, string, []byte, Decimal, time.Time, time.Duration, Date, []any, map[string]any:
		return value
	}
	of := reflect.ValueOf(value)
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Interface {
		if of.IsNil() {
			return nil
		}
		of = of.Elem()
	}
	switch known := of.Interface().(type) {
	case time.Time, time.Duration, Date, Decimal:
		return known
	}
	return basic(of)
}

func basic(of reflect.Value) any {
	switch of.Kind() {
	case reflect.Bool:
		return of.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return of.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if of.Uint() > 1<<63-1 {
			fail("integer overflow")
		}
		return int64(of.Uint())
	case reflect.Float32, reflect.Float64:
		return of.Float()
	case reflect.String:
		return of.String()
	case reflect.Slice:
		if of.Type().Elem().Kind() == reflect.Uint8 {
			return of.Bytes()
		}
	}
	return of.Interface()
}

// elementsOf gives the elements of a list, and whether it is one.
func elementsOf(value any) ([]any, bool) {
	switch known := value.(type) {
	case []any:
		return known, true
	case nil, []byte, bool, int64, float64, string, Decimal, time.Time, time.Duration, Date, map[string]any:
		return nil, false
	}
	of := reflect.ValueOf(value)
	if of.Kind() != reflect.Slice && of.Kind() != reflect.Array {
		return nil, false
	}
	elements := make([]any, of.Len())
	for i := range elements {
		elements[i] = of.Index(i).Interface()
	}
	return elements, true
}

// fieldsOf gives the entries of a map or the fields of a struct by their names in JSON, and whether it is either.
func fieldsOf(value any) (map[string]any, bool) {
	if known, ok := value.(map[string]any); ok {
		return known, true
	}
	switch value.(type) {
	case nil, time.Time, Date:
		return nil, false
	}
	of := reflect.ValueOf(value)
	switch {
	case of.Kind() == reflect.Map && of.Type().Key().Kind() == reflect.String:
		fields := make(map[string]any, of.Len())
		for entry := of.MapRange(); entry.Next(); {
			fields[entry.Key().String()] = entry.Value().Interface()
		}
		return fields, true
	case of.Kind() == reflect.Struct:
		fields := map[string]any{}
		collect(of, fields)
		return fields, true
	}
	return nil, false
}

func collect(of reflect.Value, fields map[string]any) {
	for i := range of.NumField() {
		field := of.Type().Field(i)
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		inner := reflect.Indirect(of.Field(i))
		if field.Anonymous && tag == "" && inner.Kind() == reflect.Struct {
			collect(inner, fields)
			continue
		}
		if tag == "-" || !field.IsExported() {
			continue
		}
		if tag == "" {
			tag = field.Name
		}
		fields[tag] = of.Field(i).Interface()
	}
}

func sortedKeys[T any](of map[string]T) []string {
	keys := make([]string, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

// name is what a value's type is called in messages.
func name(value any) string {
	value = plain(value)
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "string"
	case []byte:
		return "bytes"
	case Decimal:
		return "decimal"
	case time.Time:
		return "timestamp"
	case time.Duration:
		return "duration"
	case Date:
		return "date"
	}
	if _, ok := elementsOf(value); ok {
		return "list"
	}
	if _, ok := fieldsOf(value); ok {
		return "map"
	}
	return reflect.TypeOf(value).String()
}
