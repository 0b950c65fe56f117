package runtime

// Errors as the journal, the API and other languages know them: `{types, code, message, fields, stack}`.
// This file knows no policies: those match the same names.

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"conductor.invalid/internal/cel"
)

const (
	// maxText is how many bytes of a message or a stack are kept.
	maxText = 16_384
	// maxFields is how many bytes of the fields, as JSON, are kept: whole fields only.
	maxFields = 262_144
)

// RecordedError is an error that only the journal still knows: the attempt ran in another process or language.
type RecordedError struct {
	Types   []string
	Code    string
	Message string
	Fields  map[string]any
	Stack   string

	form map[string]any
}

func (e *RecordedError) Error() string {
	if len(e.Types) == 0 {
		return e.Message
	}
	return e.Types[0] + ": " + e.Message
}

// Is says whether the error was the sentinel, where that is known by name.
func (e *RecordedError) Is(target error) bool {
	name, ok := sentinelName(target)
	return ok && slices.Contains(e.Types, name)
}

// As makes the error anew where it was of the target's type and its fields say all of it.
func (e *RecordedError) As(target any) bool {
	place := reflect.ValueOf(target).Elem()
	kind := place.Type()
	isPointer := kind.Kind() == reflect.Pointer
	if isPointer {
		kind = kind.Elem()
	}
	if kind.Kind() != reflect.Struct || kind.Name() == "" || !slices.Contains(e.Types, kind.PkgPath()+"."+kind.Name()) {
		return false
	}
	made := reflect.New(kind)
	if json.Unmarshal(cel.JSON(e.fieldsOrNone()), made.Interface()) != nil {
		return false
	}
	if !isPointer {
		made = made.Elem()
	}
	place.Set(made)
	return true
}

func (e *RecordedError) fieldsOrNone() map[string]any {
	if e.Fields == nil {
		return map[string]any{}
	}
	return e.Fields
}

// recordedError reads an error form; what is missing in it is left out.
func recordedError(form map[string]any) *RecordedError {
	err := &RecordedError{form: form}
	types, _ := form["types"].([]any)
	for _, name := range types {
		err.Types = append(err.Types, cel.Text(name))
	}
	if code := form["code"]; code != nil {
		err.Code = cel.Text(code)
	}
	err.Message, _ = form["message"].(string)
	err.Fields, _ = form["fields"].(map[string]any)
	err.Stack, _ = form["stack"].(string)
	return err
}

// errorForm is the error as it is journaled.
func errorForm(err error) map[string]any {
	if known, ok := err.(*RecordedError); ok && known.form != nil {
		return known.form
	}
	form := map[string]any{"types": cel.BoxList(typeNames(err), func(name string) any { return name }), "message": clipped(messageOf(err))}
	if code, ok := errorCode(err); ok {
		form["code"] = clipped(code)
	}
	if fields := fieldsOf(err); len(fields) > 0 {
		form["fields"] = fields
	}
	var panicked *Panic
	if errors.As(err, &panicked) && panicked.stack != "" {
		form["stack"] = clipped(panicked.stack)
	}
	return form
}

func messageOf(err error) string {
	var remote *RemoteError
	if errors.As(err, &remote) {
		return remote.Message
	}
	return textOf(err)
}

func clipped(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// typeNames are the names of the errors in the chain, most specific first: `pkgpath.Type` of each, sentinels by
// their own.
func typeNames(err error) []string {
	var names []string
	walk(err, func(each error) bool {
		for _, name := range namesOf(each) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return true
	})
	// What only wraps says nothing of the error, unless there is nothing else.
	if said := slices.DeleteFunc(slices.Clone(names), isWrapper); len(said) > 0 {
		return said
	}
	return names
}

func isWrapper(name string) bool {
	return name == "fmt.wrapError" || name == "fmt.wrapErrors" || name == "errors.joinError"
}

// walk visits an error and all that it wraps, joined ones too, until it is told to stop.
func walk(err error, visit func(error) bool) bool {
	if err == nil {
		return true
	}
	if !visit(err) {
		return false
	}
	switch wrapping := err.(type) {
	case interface{ Unwrap() error }:
		return walk(wrapping.Unwrap(), visit)
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			if !walk(inner, visit) {
				return false
			}
		}
	}
	return true
}

func namesOf(err error) []string {
	switch known := err.(type) {
	case *RecordedError:
		return known.Types
	case interface{ ConductorTypes() []string }:
		return known.ConductorTypes()
	}
	if name, ok := sentinelName(err); ok {
		return []string{name}
	}
	said := saidToBe(err)
	kind := reflect.TypeOf(err)
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind.Name() == "" {
		return append([]string{kind.String()}, said...)
	}
	return append([]string{kind.PkgPath() + "." + kind.Name()}, said...)
}

// saidToBe are the names of the sentinels that an error says it is, by a method of its own as errors.Is asks for it.
func saidToBe(err error) (names []string) {
	comparing, ok := err.(interface{ Is(error) bool })
	if !ok {
		return nil
	}
	defer func() { _ = recover() }() // in a method of the user's
	sentinelLock.RLock()
	defer sentinelLock.RUnlock()
	for sentinel, name := range sentinels {
		if comparing.Is(sentinel) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var (
	sentinelLock sync.RWMutex
	sentinels    = map[error]string{}
)

// Sentinel makes an error value known by name: to the policies that name it, and to the journal.
func Sentinel(name string, err error) {
	if err == nil || !reflect.TypeOf(err).Comparable() {
		return
	}
	sentinelLock.Lock()
	defer sentinelLock.Unlock()
	sentinels[err] = name
}

func sentinelName(err error) (string, bool) {
	if err == nil || !reflect.TypeOf(err).Comparable() {
		return "", false
	}
	sentinelLock.RLock()
	defer sentinelLock.RUnlock()
	name, ok := sentinels[err]
	return name, ok
}

// errorCode is the status or code that an error in the chain carries, as text.
func errorCode(err error) (code string, found bool) {
	walk(err, func(each error) bool {
		code, found = codeOf(each)
		return !found
	})
	return code, found
}

func codeOf(err error) (code string, ok bool) {
	defer func() {
		if recover() != nil { // in a method of the user's
			code, ok = "", false
		}
	}()
	switch known := err.(type) {
	case *RecordedError:
		return known.Code, known.Code != ""
	case interface{ Code() string }:
		return known.Code(), known.Code() != ""
	case interface{ Code() int }:
		return fmt.Sprint(known.Code()), true
	case interface{ StatusCode() int }:
		return fmt.Sprint(known.StatusCode()), true
	}
	of := reflect.Indirect(reflect.ValueOf(err))
	if of.Kind() != reflect.Struct {
		return "", false
	}
	for _, name := range []string{"Code", "Status", "StatusCode"} {
		field := of.FieldByName(name)
		if !field.IsValid() {
			continue
		}
		switch field.Kind() {
		case reflect.String:
			return field.String(), field.Len() > 0
		case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
			return fmt.Sprint(field.Int()), true
		case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
			return fmt.Sprint(field.Uint()), true
		}
	}
	return "", false
}

// fieldsOf are the exported fields of the error that are plain JSON, as far as there is room for them.
func fieldsOf(err error) map[string]any {
	var remote *RemoteError
	given := map[string]any{}
	if errors.As(err, &remote) {
		given = remote.Fields
	} else if own, ok := err.(interface{ ConductorTypes() []string }); !ok || own == nil {
		given = structFields(err)
	}
	fields, room := map[string]any{}, maxFields
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, err := cel.Encode(given[name], (*cel.Encoder).Any)
		if err != nil || !utf8.ValidString(name) {
			continue
		}
		if size := len(cel.JSON(value)); size <= room {
			room -= size
			fields[name] = value
		}
	}
	return fields
}

func structFields(err error) map[string]any {
	of := reflect.Indirect(reflect.ValueOf(err))
	fields := map[string]any{}
	if of.Kind() != reflect.Struct {
		return fields
	}
	for i := range of.NumField() {
		field := of.Type().Field(i)
		tag, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || field.Anonymous || tag == "-" {
			continue
		}
		if tag == "" {
			tag = field.Name
		}
		fields[tag] = of.Field(i).Interface()
	}
	return fields
}
