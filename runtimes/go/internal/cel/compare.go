package cel

// Equality, order and membership, and the parts of a value.
// This file knows values of any type; where types are known, generated code compares by Go's own operators.

import (
	"bytes"
	"cmp"
	"strings"
	"time"
	"unicode/utf8"
)

// Equal is `==`: numbers by value, everything else only within its own type.
func Equal(left, right any) bool {
	left, right = plain(left), plain(right)
	if left == nil || right == nil {
		return left == nil && right == nil
	}
	if order, _, ok := numbers(left, right); ok {
		return order == 0
	}
	switch one := left.(type) {
	case bool:
		other, ok := right.(bool)
		return ok && one == other
	case time.Duration:
		other, ok := right.(time.Duration)
		return ok && one == other
	case time.Time:
		other, ok := right.(time.Time)
		return ok && (one.Location() == Unzoned) == (other.Location() == Unzoned) && one.Equal(other)
	case Decimal, string, []byte, Date:
		order, ok := ordered(left, right)
		return ok && order == 0
	}
	if list, ok := elementsOf(left); ok {
		other, ok := elementsOf(right)
		return ok && equalLists(list, other)
	}
	fields, ok := fieldsOf(left)
	others, both := fieldsOf(right)
	return ok && both && equalMaps(fields, others)
}

func equalLists(left, right []any) bool {
	if len(left) != len(right) {
		return false
	}
	for i, element := range left {
		if !Equal(element, right[i]) {
			return false
		}
	}
	return true
}

func equalMaps(left, right map[string]any) bool {
	if len(left) != len(right) {
		return false
	}
	for key, value := range left {
		other, ok := right[key]
		if !ok || !Equal(value, other) {
			return false
		}
	}
	return true
}

// numbers compares an int or float with another; an int and a float are compared as floats. Without an order, one is
// not a number (NaN).
func numbers(left, right any) (order int, isOrdered, ok bool) {
	if one, isInt := left.(int64); isInt {
		if other, isInt := right.(int64); isInt {
			return cmp.Compare(one, other), true, true
		}
	}
	one, isNumber := float(left)
	other, both := float(right)
	if !isNumber || !both {
		return 0, false, false
	}
	switch {
	case one < other:
		return -1, true, true
	case one > other:
		return 1, true, true
	case one == other:
		return 0, true, true
	}
	return 2, false, true
}

func float(of any) (float64, bool) {
	switch number := of.(type) {
	case int64:
		return float64(number), true
	case float64:
		return number, true
	}
	return 0, false
}

// ordered compares two values of one type that has an order and is no number.
func ordered(left, right any) (int, bool) {
	switch one := left.(type) {
	case bool:
		if other, ok := right.(bool); ok {
			return cmp.Compare(bit(one), bit(other)), true
		}
	case string:
		if other, ok := right.(string); ok {
			return strings.Compare(one, other), true
		}
	case []byte:
		if other, ok := right.([]byte); ok {
			return bytes.Compare(one, other), true
		}
	case Decimal:
		if other, ok := right.(Decimal); ok {
			return CompareDecimal(one, other), true
		}
	case Date:
		if other, ok := right.(Date); ok {
			return one.Compare(other), true
		}
	case time.Duration:
		if other, ok := right.(time.Duration); ok {
			return cmp.Compare(one, other), true
		}
	case time.Time:
		other, ok := right.(time.Time)
		if ok && (one.Location() == Unzoned) == (other.Location() == Unzoned) {
			return one.Compare(other), true
		}
	}
	return 0, false
}

func bit(of bool) int {
	if of {
		return 1
	}
	return 0
}

// compared gives the order of two values; none with NaN.
func compared(left, right any) (int, bool) {
	left, right = plain(left), plain(right)
	if order, isOrdered, ok := numbers(left, right); ok {
		return order, isOrdered
	}
	order, ok := ordered(left, right)
	if !ok {
		noOverload("comparison", left, right)
	}
	return order, true
}

// Less is `<`.
func Less(left, right any) bool {
	order, ok := compared(left, right)
	return ok && order < 0
}

// LessOrEqual is `<=`.
func LessOrEqual(left, right any) bool {
	order, ok := compared(left, right)
	return ok && order <= 0
}

// Greater is `>`.
func Greater(left, right any) bool {
	order, ok := compared(left, right)
	return ok && order > 0
}

// GreaterOrEqual is `>=`.
func GreaterOrEqual(left, right any) bool {
	order, ok := compared(left, right)
	return ok && order >= 0
}

// In is `in`: an element of a list, a key of a map.
func In(item, of any) bool {
	of = plain(of)
	if elements, ok := elementsOf(of); ok {
		for _, element := range elements {
			if Equal(item, element) {
				return true
			}
		}
		return false
	}
	fields, ok := fieldsOf(of)
	if !ok {
		noOverload("in", of)
	}
	key, isText := plain(item).(string)
	if !isText {
		return false
	}
	_, found := fields[key]
	return found
}

// Item is an element of a list.
func Item[T any](of []T, index int64) T {
	if index < 0 || index >= int64(len(of)) {
		fail("index %d is out of a list of %d", index, len(of))
	}
	return of[index]
}

// OptionalItem is an element of a list, or null.
func OptionalItem[T any](of []T, index int64) *T {
	if index < 0 || index >= int64(len(of)) {
		return nil
	}
	return &of[index]
}

// Value is a value of a map.
func Value[T any, K ~string](of map[K]T, key K) T {
	value, ok := of[key]
	if !ok {
		fail("no such key: %q", string(key))
	}
	return value
}

// OptionalValue is a value of a map, or null.
func OptionalValue[T any, K ~string](of map[K]T, key K) *T {
	value, ok := of[key]
	if !ok {
		return nil
	}
	return &value
}

// Index is an element of something whose type the code does not say.
func Index(of, at any) any {
	of, at = plain(of), plain(at)
	if elements, ok := elementsOf(of); ok {
		if index, ok := at.(int64); ok {
			return Item(elements, index)
		}
	} else if fields, ok := fieldsOf(of); ok {
		if key, ok := at.(string); ok {
			return Value(fields, key)
		}
		fail("no such key: %v", at)
	}
	noOverload("[]", of, at)
	return nil
}

// Field is a field of something whose type the code does not say.
func Field(of any, name string) any {
	of = plain(of)
	fields, ok := fieldsOf(of)
	if !ok {
		noOverload("."+name, of)
	}
	value, ok := fields[name]
	if !ok {
		fail("no such field: %q", name)
	}
	return value
}

// OptionalField is a field of something whose type the code does not say; null where there is none.
func OptionalField(of any, name string) any {
	of = plain(of)
	if of == nil {
		return nil
	}
	fields, ok := fieldsOf(of)
	if !ok {
		noOverload("."+name, of)
	}
	return fields[name]
}

// OptionalIndex is an element of something whose type the code does not say; null where there is none.
func OptionalIndex(of, at any) any {
	value, failure := attempt(func() any { return Index(of, at) })
	if failure != nil {
		return nil
	}
	return value
}

// Has says whether a field is there and not null.
func Has(of any, name string) bool {
	of = plain(of)
	if of == nil {
		return false
	}
	fields, ok := fieldsOf(of)
	if !ok {
		noOverload("."+name, of)
	}
	return plain(fields[name]) != nil
}

// SizeText counts the characters of a text.
func SizeText[T ~string](of T) int64 { return int64(utf8.RuneCountInString(string(of))) }

// Size counts characters of a string, bytes, elements of a list, entries of a map.
func Size(of any) int64 {
	of = plain(of)
	switch known := of.(type) {
	case string:
		return SizeText(known)
	case []byte:
		return int64(len(known))
	}
	if elements, ok := elementsOf(of); ok {
		return int64(len(elements))
	}
	fields, ok := fieldsOf(of)
	if !ok {
		noOverload("size", of)
	}
	return int64(len(fields))
}
