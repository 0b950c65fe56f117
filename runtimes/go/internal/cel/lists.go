package cel

// CEL's macros over lists and maps. Maps are gone through in the order of keys, so that every language goes through them
// alike.
// This file knows no expressions: a body is a function of its variables.

import "sort"

// Pair is an index and an element, or a key and a value.
type Pair[K, V any] struct {
	Key   K
	Value V
}

// Keys are the keys of a map, in order.
func Keys[K ~string, T any](of map[K]T) []K {
	keys := make([]K, 0, len(of))
	for key := range of {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool { return keys[i] < keys[j] })
	return keys
}

// Entries are the keys of a map with their values, in order.
func Entries[K ~string, T any](of map[K]T) []Pair[string, T] {
	entries := make([]Pair[string, T], 0, len(of))
	for _, key := range Keys(of) {
		entries = append(entries, Pair[string, T]{string(key), of[key]})
	}
	return entries
}

// Indexed are the elements of a list with their indexes.
func Indexed[T any](of []T) []Pair[int64, T] {
	pairs := make([]Pair[int64, T], len(of))
	for i, element := range of {
		pairs[i] = Pair[int64, T]{int64(i), element}
	}
	return pairs
}

// Elements are the elements of a list or the keys of a map: which of them is known only now.
func Elements(of any) []any {
	of = plain(of)
	if elements, ok := elementsOf(of); ok {
		return elements
	}
	fields, ok := fieldsOf(of)
	if !ok {
		noOverload("comprehension", of)
	}
	elements := make([]any, 0, len(fields))
	for _, key := range sortedKeys(fields) {
		elements = append(elements, key)
	}
	return elements
}

// PairsOf are indexes and elements, or keys and values: which of them is known only now.
func PairsOf(of any) []Pair[any, any] {
	of = plain(of)
	fields, isMap := fieldsOf(of)
	var pairs []Pair[any, any]
	if isMap {
		for _, key := range sortedKeys(fields) {
			pairs = append(pairs, Pair[any, any]{key, fields[key]})
		}
		return pairs
	}
	for i, element := range Elements(of) {
		pairs = append(pairs, Pair[any, any]{int64(i), element})
	}
	return pairs
}

// All says whether the test holds for each; one that denies it hides errors of others.
func All[T any](of []T, test func(T) bool) bool { return decidedBy(false, of, test) }

// Exists says whether the test holds for one; one that does hides errors of others.
func Exists[T any](of []T, test func(T) bool) bool { return decidedBy(true, of, test) }

// AllPairs is All with two variables.
func AllPairs[K, V any](of []Pair[K, V], test func(K, V) bool) bool {
	return decidedBy(false, of, func(pair Pair[K, V]) bool { return test(pair.Key, pair.Value) })
}

// ExistsPair is Exists with two variables.
func ExistsPair[K, V any](of []Pair[K, V], test func(K, V) bool) bool {
	return decidedBy(true, of, func(pair Pair[K, V]) bool { return test(pair.Key, pair.Value) })
}

func decidedBy[T any](by bool, of []T, test func(T) bool) bool {
	var first *Error
	for _, each := range of {
		value, failure := attempt(func() bool { return test(each) })
		if failure == nil && value == by {
			return by
		}
		if first == nil {
			first = failure
		}
	}
	if first != nil {
		panic(first)
	}
	return !by
}

// ExistsOne says whether the test holds for exactly one.
func ExistsOne[T any](of []T, test func(T) bool) bool {
	return len(Filter(of, test)) == 1
}

// ExistsOnePair is ExistsOne with two variables.
func ExistsOnePair[K, V any](of []Pair[K, V], test func(K, V) bool) bool {
	return ExistsOne(of, func(pair Pair[K, V]) bool { return test(pair.Key, pair.Value) })
}

// Filter gives the elements for which the test holds.
func Filter[T any](of []T, test func(T) bool) []T {
	kept := make([]T, 0, len(of))
	for _, each := range of {
		if test(each) {
			kept = append(kept, each)
		}
	}
	return kept
}

// FilterPairs gives the pairs for which the test holds.
func FilterPairs[K, V any](of []Pair[K, V], test func(K, V) bool) []Pair[K, V] {
	return Filter(of, func(pair Pair[K, V]) bool { return test(pair.Key, pair.Value) })
}

// MapList gives a value for each element.
func MapList[T, R any](of []T, value func(T) R) []R {
	made := make([]R, len(of))
	for i, each := range of {
		made[i] = value(each)
	}
	return made
}

// MapPairs gives a value for each pair.
func MapPairs[K, V, R any](of []Pair[K, V], value func(K, V) R) []R {
	return MapList(of, func(pair Pair[K, V]) R { return value(pair.Key, pair.Value) })
}

// TransformMap gives a map of the same keys.
func TransformMap[K ~string, V, R any](of []Pair[K, V], value func(K, V) R) map[string]R {
	made := make(map[string]R, len(of))
	for _, pair := range of {
		made[string(pair.Key)] = value(pair.Key, pair.Value)
	}
	return made
}

// TransformAny gives a map of the same keys, whose type is known only now.
func TransformAny[V, R any](of []Pair[any, V], value func(any, V) R) map[string]R {
	made := make(map[string]R, len(of))
	for _, pair := range of {
		made[KeyOf(pair.Key)] = value(pair.Key, pair.Value)
	}
	return made
}

// Mapping is a map of entries, of which no key comes twice.
func Mapping[T any](pairs ...Pair[string, T]) map[string]T {
	made := make(map[string]T, len(pairs))
	for _, pair := range pairs {
		if _, ok := made[pair.Key]; ok {
			fail("the key %q stands twice", pair.Key)
		}
		made[pair.Key] = pair.Value
	}
	return made
}

// Entry is one entry of a map.
func Entry[T any](key string, value T) Pair[string, T] { return Pair[string, T]{key, value} }

// KeyOf is a key of a map whose type is known only now.
func KeyOf(of any) string {
	key, ok := plain(of).(string)
	if !ok {
		noOverload("key", of)
	}
	return key
}

// Merged is a map of the entries of all, of which no key comes twice.
func Merged[T any](maps []map[string]T) map[string]T {
	made := map[string]T{}
	for _, each := range maps {
		for _, key := range sortedKeys(each) {
			if _, ok := made[key]; ok {
				fail("the key %q stands twice", key)
			}
			made[key] = each[key]
		}
	}
	return made
}

// First is the first element, or null.
func First[T any](of []T) *T {
	if len(of) == 0 {
		return nil
	}
	return &of[0]
}

// Last is the last element, or null.
func Last[T any](of []T) *T {
	if len(of) == 0 {
		return nil
	}
	return &of[len(of)-1]
}

// FirstOf is the first element of a list whose type is known only now, or null.
func FirstOf(of any) any { return ofAny("first", of, First[any]) }

// LastOf is the last element of a list whose type is known only now, or null.
func LastOf(of any) any { return ofAny("last", of, Last[any]) }

func ofAny(function string, of any, pick func([]any) *any) any {
	elements, ok := elementsOf(plain(of))
	if !ok {
		noOverload(function, of)
	}
	if found := pick(elements); found != nil {
		return *found
	}
	return nil
}

// Bind is a body with a name for a value.
func Bind[T, R any](value T, body func(T) R) R { return body(value) }

// Choose is `?:`.
func Choose[T any](test bool, then, otherwise func() T) T {
	if test {
		return then()
	}
	return otherwise()
}

// Concat is `+` of lists.
func Concat[T any](left, right []T) []T {
	joined := make([]T, 0, len(left)+len(right))
	return append(append(joined, left...), right...)
}
