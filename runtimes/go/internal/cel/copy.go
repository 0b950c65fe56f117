package cel

// Copies, so that what one reader does to a value no other sees; and typed values as those of any type.
// This file knows no composite types of the user's.

import (
	"encoding"
	"encoding/json"
)

// Ptr is a value that may be null and is not.
func Ptr[T any](of T) *T { return &of }

// CopyList copies a list; nil stays nil.
func CopyList[T any](of []T, each func(T) T) []T {
	if of == nil {
		return nil
	}
	return MapList(of, each)
}

// CopyMap copies a map; nil stays nil.
func CopyMap[K comparable, T any](of map[K]T, each func(T) T) map[K]T {
	if of == nil {
		return nil
	}
	made := make(map[K]T, len(of))
	for key, value := range of {
		made[key] = each(value)
	}
	return made
}

// CopyOptional copies what may be null.
func CopyOptional[T any](of *T, inner func(T) T) *T {
	if of == nil {
		return nil
	}
	return Ptr(inner(*of))
}

// MapOptional makes a value of what may be null; null stays null.
func MapOptional[T, R any](of *T, value func(T) R) *R {
	if of == nil {
		return nil
	}
	return Ptr(value(*of))
}

// Deref gives what a pointer leads to that was returned beside an error.
func Deref[T any](of *T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return Eval(func() T { return Returned(of) })
}

// Returned is what a pointer beside an error leads to; it must lead somewhere.
func Returned[T any](of *T) T {
	if of == nil {
		fail("it is nil, and so is the error beside it: say what is missing with an error")
	}
	return *of
}

// MapValues makes a map of the same keys; nil stays nil.
func MapValues[K ~string, T, R any](of map[K]T, value func(T) R) map[string]R {
	if of == nil {
		return nil
	}
	made := make(map[string]R, len(of))
	for key, each := range of {
		made[string(key)] = value(each)
	}
	return made
}

// BoxNilableBytes is bytes that may be null as a value of any type.
func BoxNilableBytes(of []byte) any {
	if of == nil {
		return nil
	}
	return of
}

// CopyBytes copies bytes; nil stays nil.
func CopyBytes(of []byte) []byte {
	if of == nil {
		return nil
	}
	return append([]byte{}, of...)
}

// NonNil is a list that is not nil: an empty one, where it was.
func NonNil[T any](of []T) []T {
	if of == nil {
		return []T{}
	}
	return of
}

// NonNilMap is a map that is not nil: an empty one, where it was.
func NonNilMap[T any](of map[string]T) map[string]T {
	if of == nil {
		return map[string]T{}
	}
	return of
}

// CopyAny copies plain JSON.
func CopyAny(of any) any {
	switch known := of.(type) {
	case []any:
		return MapList(known, CopyAny)
	case map[string]any:
		return CopyMap(known, CopyAny)
	case []byte:
		return CopyBytes(known)
	}
	return of
}

// BoxList is a list as one of any type.
func BoxList[T any](of []T, each func(T) any) any { return MapList(of, each) }

// BoxMap is a map as one of any type.
func BoxMap[K ~string, T any](of map[K]T, each func(T) any) any {
	made := make(map[string]any, len(of))
	for key, value := range of {
		made[string(key)] = each(value)
	}
	return made
}

// BoxOptional is a value that may be null as one of any type.
func BoxOptional[T any](of *T, inner func(T) any) any {
	if of == nil {
		return nil
	}
	return inner(*of)
}

// BoxNilableList is a list that may be null as a value of any type.
func BoxNilableList[T any](of []T, each func(T) any) any {
	if of == nil {
		return nil
	}
	return BoxList(of, each)
}

// BoxNilableMap is a map that may be null as a value of any type.
func BoxNilableMap[K ~string, T any](of map[K]T, each func(T) any) any {
	if of == nil {
		return nil
	}
	return BoxMap(of, each)
}

// PresentNilable gives a list or map that is known not to be null here.
func PresentNilable[T ~[]E, E any](of T) T {
	if of == nil {
		fail("no value where one is needed: it is null")
	}
	return of
}

// PresentMap gives a map that is known not to be null here.
func PresentMap[T any](of map[string]T) map[string]T {
	if of == nil {
		fail("no value where one is needed: it is null")
	}
	return of
}

// PresentAny gives a value of any type that is known not to be null here.
func PresentAny(of any) any {
	if plain(of) == nil {
		fail("no value where one is needed: it is null")
	}
	return of
}

// TextOf is what a type writes of itself as text.
func TextOf(of encoding.TextMarshaler) string {
	text, err := of.MarshalText()
	if err != nil {
		fail("%T has no text: %s", of, err)
	}
	return string(text)
}

// FromText makes a value of a type that reads itself from text.
func FromText[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) T {
	var value T
	if err := P(&value).UnmarshalText([]byte(text)); err != nil {
		fail("%.80q is no %T: %s", text, value, err)
	}
	return value
}

// ToJSON is what encoding/json makes of a value.
func ToJSON(of any) any {
	var encoder Encoder
	value := EncodeJSON(&encoder, of)
	if encoder.err != nil {
		fail("%s", encoder.err)
	}
	return value
}

// FromJSON is what encoding/json reads of a value.
func FromJSON[T any](of any) T {
	var value T
	if err := json.Unmarshal(JSON(of), &value); err != nil {
		fail("%T cannot be read: %s", value, err)
	}
	return value
}
